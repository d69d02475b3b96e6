import { quantile } from "./moments.ts";

export type ImputationStrategy = "mean" | "median" | "mode" | { readonly constant: number };

/**
 * The number that stands in for missing ones, from the values that are there. The mode is the smallest of the most frequent.
 *
 * @throws RangeError if there are no values to learn from.
 */
export function imputation(values: Iterable<number>, strategy: ImputationStrategy): number {
  if (typeof strategy === "object") return strategy.constant;
  const sorted = Float64Array.from(values).sort();
  if (sorted.length === 0) {
    throw new RangeError(`Expected at least one number to take the ${strategy} of. Received none.`);
  }
  if (strategy === "median") return quantile(sorted, 0.5);
  if (strategy === "mean") {
    let mean = 0;
    for (const [index, value] of sorted.entries()) mean += (value - mean) / (index + 1);
    return mean;
  }
  return mode(sorted);
}

function mode(sorted: Float64Array): number {
  let best = sorted[0]!;
  let most = 0;
  for (let start = 0; start < sorted.length; ) {
    let end = start + 1;
    while (end < sorted.length && sorted[end] === sorted[start]) end++;
    if (end - start > most) {
      most = end - start;
      best = sorted[start]!;
    }
    start = end;
  }
  return best;
}
