import { mostProbable } from "@nacre/evaluate";

/** Accuracy and cross-entropy of probabilities: what training watches on the validation part. */
export function classifierScores(
  probabilities: readonly ArrayLike<number>[],
  labels: ArrayLike<number>,
): { accuracy: number; loss: number } {
  let hits = 0;
  let loss = 0;
  probabilities.forEach((row, index) => {
    const label = labels[index]!;
    if (mostProbable(row) === label) hits++;
    loss -= Math.log(Math.max(row[label]!, 1e-12));
  });
  return { accuracy: hits / probabilities.length, loss: loss / probabilities.length };
}
