import { deviation, noMoments, observe, quantile } from "../preparation/moments.ts";
import type { Value } from "../table.ts";
import type { ColumnReport } from "./data-report.ts";

const STEPS = 24;
const MOST_CATEGORIES = 20;
const shares = [0.05, 0.25, 0.5, 0.75, 0.95];

/** Gathers one column, then tells what is in it. */
export class ColumnStatistics {
  readonly name: string;
  readonly #counts = new Map<Value, number>();
  #missing = 0;
  #numeric = true;

  constructor(name: string) {
    this.name = name;
  }

  add(value: Value): void {
    if (value === null) {
      this.#missing++;
      return;
    }
    if (typeof value !== "number") this.#numeric = false;
    this.#counts.set(value, (this.#counts.get(value) ?? 0) + 1);
  }

  get isNumeric(): boolean {
    return this.#numeric && this.#counts.size > 0;
  }

  get missing(): number {
    return this.#missing;
  }

  get distinct(): number {
    return this.#counts.size;
  }

  /** @param asCategory for classes and codes that are written as numbers. */
  report(asCategory = false): ColumnReport {
    const { name, missing, distinct } = this;
    if (!this.isNumeric || asCategory) {
      const ordered = [...this.#counts].sort((left, right) => right[1] - left[1] || (left[0]! < right[0]! ? -1 : 1));
      const rest = ordered.slice(MOST_CATEGORIES);
      return {
        name,
        type: "category",
        missing,
        distinct,
        categories: ordered.slice(0, MOST_CATEGORIES).map(([value, count]) => ({ value: String(value), count })),
        others: rest.reduce((sum, [, count]) => sum + count, 0),
      };
    }
    const sorted = this.#sorted();
    const moments = sorted.reduce((sum, value) => observe(sum, value), noMoments);
    const minimum = sorted[0]!;
    const maximum = sorted.at(-1)!;
    const histogram = new Array<number>(STEPS).fill(0);
    const width = maximum - minimum || 1;
    for (const value of sorted) {
      histogram[Math.min(STEPS - 1, Math.floor(((value - minimum) / width) * STEPS))]!++;
    }
    const quantiles = Object.fromEntries(shares.map((share) => [String(share), quantile(sorted, share)]));
    const number = { minimum, maximum, mean: moments.mean, deviation: deviation(moments), quantiles, histogram };
    return { name, type: "number", missing, distinct, number };
  }

  #sorted(): Float64Array {
    const values = [...this.#counts] as [number, number][];
    const sorted = new Float64Array(values.reduce((sum, [, count]) => sum + count, 0));
    let at = 0;
    for (const [value, count] of values) sorted.fill(value, at, (at += count));
    return sorted.sort();
  }
}
