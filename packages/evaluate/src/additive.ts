import type { Metric } from "./metric.ts";

/** A metric whose statistics are sums: vectors of one length that merge by addition. Corpus metrics of text are of this kind. */
export type AdditiveMetric<Example, Score extends { readonly value: number }> = Metric<
  Example,
  readonly number[],
  Score
>;

export interface AdditiveOptions<Example, Score> {
  readonly signature: string;
  /** Length of the statistics. */
  readonly size: number;
  readonly observe: (example: Example) => readonly number[];
  readonly score: (sums: readonly number[]) => Score;
}

export function additive<Example, Score extends { readonly value: number }>(
  options: AdditiveOptions<Example, Score>,
): AdditiveMetric<Example, Score> {
  return {
    signature: options.signature,
    empty: new Array<number>(options.size).fill(0),
    observe: options.observe,
    merge: (left, right) => left.map((value, index) => value + right[index]!),
    score: options.score,
  };
}

/** A mean over examples of `value`, for metrics that are no more than that. */
export function meanMetric<Example>(
  signature: string,
  value: (example: Example) => number,
): AdditiveMetric<Example, { readonly value: number }> {
  return additive({
    signature,
    size: 2,
    observe: (example) => [value(example), 1],
    // Nothing observed has no mean.
    score: ([sum, count]) => ({ value: sum! / count! }),
  });
}

/** The statistics of every example, side by side, so that resamples cost a weighted sum. */
export class StatisticsTable<Score extends { readonly value: number }> {
  readonly examples: number;
  readonly #size: number;
  readonly #values: Float64Array;
  readonly #score: (sums: readonly number[]) => Score;

  constructor(rows: readonly (readonly number[])[], score: (sums: readonly number[]) => Score) {
    this.examples = rows.length;
    this.#size = rows[0]?.length ?? 0;
    this.#values = new Float64Array(rows.length * this.#size);
    rows.forEach((row, index) => this.#values.set(row, index * this.#size));
    this.#score = score;
  }

  /** Statistics of one example. */
  row(index: number): Float64Array {
    return this.#values.subarray(index * this.#size, (index + 1) * this.#size);
  }

  /** Score of examples taken as often as `weights` say; all once without. */
  score(weights?: ArrayLike<number>): Score {
    const sums = new Array<number>(this.#size).fill(0);
    for (let example = 0; example < this.examples; example++) {
      const weight = weights === undefined ? 1 : weights[example]!;
      if (weight === 0) continue;
      const at = example * this.#size;
      for (let part = 0; part < this.#size; part++) sums[part]! += weight * this.#values[at + part]!;
    }
    return this.#score(sums);
  }

  /** Score of sums of rows that were added up elsewhere. */
  scoreOf(sums: readonly number[]): Score {
    return this.#score(sums);
  }
}

/** Observes every example once. */
export function observeAll<Example, Score extends { readonly value: number }>(
  metric: AdditiveMetric<Example, Score>,
  examples: readonly Example[],
): StatisticsTable<Score> {
  return new StatisticsTable(
    examples.map((example) => metric.observe(example)),
    (sums) => metric.score(sums),
  );
}
