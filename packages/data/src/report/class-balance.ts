import type { ClassReport } from "./data-report.ts";

/** Counts classes by split. */
export class ClassBalance {
  readonly #counts = new Map<string, Record<string, number>>();

  /** @param labels classes to list even when empty, in this order. */
  constructor(labels: readonly string[] = []) {
    for (const label of labels) this.#counts.set(label, {});
  }

  add(split: string, label: string): void {
    const counts = this.#counts.get(label) ?? {};
    counts[split] = (counts[split] ?? 0) + 1;
    this.#counts.set(label, counts);
  }

  report(splits: readonly string[]): ClassReport[] {
    return [...this.#counts].map(([label, counts]) => ({
      label,
      counts: Object.fromEntries(splits.map((split) => [split, counts[split] ?? 0])),
    }));
  }

  warnings(splits: readonly string[]): string[] {
    const classes = this.report(splits);
    const totals = classes.map(({ counts }) => Object.values(counts).reduce((sum, count) => sum + count, 0));
    const most = Math.max(...totals);
    const least = Math.min(...totals);
    const warnings: string[] = [];
    if (least > 0 && most / least >= 10) {
      const [rare, common] = [classes[totals.indexOf(least)]!, classes[totals.indexOf(most)]!];
      warnings.push(
        `Classes are unequal: ${most} records of "${common.label}" and ${least} of "${rare.label}". ` +
          "Accuracy alone misleads here; look at the scores of each class.",
      );
    }
    for (const { label, counts } of classes) {
      const empty = splits.filter((split) => counts[split] === 0);
      if (empty.length > 0) warnings.push(`Class "${label}" has no records in: ${empty.join(", ")}.`);
    }
    return warnings;
  }
}
