import { setImmediate } from "node:timers/promises";
import { fitLinearSvm, type SparseMatrix } from "@nacre/evaluate/baselines";
import { spreadOf, type WeightedText } from "./naive-bayes.ts";

export interface MarginOptions {
  readonly buckets: number;
  readonly classes: number;
  /** Weight of the errors against the margin. */
  readonly penalty: number;
  /** Standard deviation of the texts' logits over classes and texts, the intercepts included. */
  readonly spread: number;
}

/** What n-grams add to the logits, [buckets, classes] row by row, and what every text starts from, [classes]. */
export interface Votes {
  readonly table: Float32Array;
  readonly bias: Float32Array;
}

/**
 * Votes of a linear support vector machine with squared hinge loss, one class against the rest, as scikit-learn's `LinearSVC`.
 * They are moved to the mean 0 over the classes, which changes no prediction, and scaled to `spread`.
 */
export async function marginVotes(
  texts: readonly WeightedText[],
  { buckets, classes, penalty, spread }: MarginOptions,
): Promise<Votes> {
  const labels = texts.map(({ label }) => label);
  const options = { classes, penalty, seed: 0, pause: () => setImmediate() };
  const { weights } = await fitLinearSvm(sparse(texts, buckets), labels, options);
  const stride = buckets + 1;
  const rows = weights.length / stride;
  // Of two classes there is one row, for the second.
  const weightOf = (each: number, bucket: number) =>
    rows === 1 ? (each === 0 ? -1 : 1) * weights[bucket]! : weights[each * stride + bucket]!;
  const centred = (bucket: number): number[] => {
    const row = Array.from({ length: classes }, (_, each) => weightOf(each, bucket));
    const mean = row.reduce((sum, weight) => sum + weight, 0) / classes;
    return row.map((weight) => weight - mean);
  };
  const table = new Float64Array(buckets * classes);
  for (let bucket = 0; bucket < buckets; bucket++) table.set(centred(bucket), bucket * classes);
  const bias = Float64Array.from(centred(buckets));
  const factor = spread / (spreadOf({ table, bias }, texts) || 1);
  const scaled = (values: Float64Array) => Float32Array.from(values, (value) => value * factor);
  return { table: scaled(table), bias: scaled(bias) };
}

/** A row for each text; a bucket that comes twice is one column. */
function sparse(texts: readonly WeightedText[], width: number): SparseMatrix {
  const starts = new Uint32Array(texts.length + 1);
  const columns: number[] = [];
  const values: number[] = [];
  texts.forEach(({ buckets, weights }, index) => {
    const sums = new Map<number, number>();
    for (const [at, bucket] of buckets.entries()) sums.set(bucket, (sums.get(bucket) ?? 0) + weights[at]!);
    for (const [bucket, sum] of [...sums].sort(([one], [other]) => one - other)) {
      columns.push(bucket);
      values.push(sum);
    }
    starts[index + 1] = columns.length;
  });
  return { rows: texts.length, width, starts, columns: Uint32Array.from(columns), values: Float64Array.from(values) };
}
