/**
 * A metric is a mergeable statistic: the same code serves a batch, a worker and a bootstrap resample.
 *
 * `merge` is associative and commutative, and `empty` is its neutral element.
 */
export interface Metric<Example, Statistics, Score extends { readonly value: number }> {
  /** What exactly is computed, in the manner of sacreBLEU: `accuracy|examples:classes`, `f1|average:macro|zero-division:0`. */
  readonly signature: string;
  readonly empty: Statistics;
  observe(example: Example): Statistics;
  merge(left: Statistics, right: Statistics): Statistics;
  score(total: Statistics): Score;
}
