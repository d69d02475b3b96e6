import type { Row } from "../table.ts";

/** A column that tells the target in this share of the records by itself is suspicious. */
const SUSPICIOUS = 0.99;
const BINS = 32;

/**
 * Columns that by themselves nearly give the target away: each value (numbers: each of 32 equally full ranges) votes for
 * its most frequent class. Columns with hardly any repeated value say nothing and are left out.
 */
export function leakageWarnings(rows: readonly Row[], columns: readonly string[], target: string): string[] {
  const labelled = rows.filter((row) => row[target] !== null);
  if (labelled.length < 50) return [];
  const majority = votes(
    labelled.map(() => ""),
    labelled,
    target,
  );
  if (majority >= 0.95) return [];
  const warnings: string[] = [];
  for (const column of columns) {
    const groups = groupsOf(labelled, column);
    if (groups === undefined) continue;
    const share = votes(groups, labelled, target);
    if (share < SUSPICIOUS) continue;
    warnings.push(
      `Column "${column}" alone tells "${target}" in ${(100 * share).toFixed(1)} % of the records. ` +
        "Check that it is known before the target is.",
    );
  }
  return warnings;
}

function groupsOf(rows: readonly Row[], column: string): string[] | undefined {
  const values = rows.map((row) => row[column] ?? null);
  const distinct = new Set(values).size;
  if (values.every((value) => value === null || typeof value === "number") && distinct > BINS) {
    const sorted = Float64Array.from(values.filter((value): value is number => value !== null)).sort();
    const edges = Array.from({ length: BINS - 1 }, (_, bin) => sorted[Math.floor(((bin + 1) * sorted.length) / BINS)]!);
    return values.map((value) => (value === null ? "" : String(edges.findIndex((edge) => (value as number) < edge))));
  }
  return distinct > rows.length / 5 ? undefined : values.map((value) => JSON.stringify(value));
}

/** The share of records whose class is the most frequent one of their group. */
function votes(groups: readonly string[], rows: readonly Row[], target: string): number {
  const counts = new Map<string, Map<string, number>>();
  for (const [index, group] of groups.entries()) {
    const classes = counts.get(group) ?? new Map<string, number>();
    const label = String(rows[index]![target]);
    classes.set(label, (classes.get(label) ?? 0) + 1);
    counts.set(group, classes);
  }
  let right = 0;
  for (const classes of counts.values()) right += Math.max(...classes.values());
  return right / rows.length;
}
