import { classCounts, softmax } from "./baseline.ts";
import type { SparseMatrix } from "./tf-idf.ts";

/**
 * Multinomial naive Bayes on counts with Laplace's smoothing, equal to scikit-learn's `MultinomialNB` (alpha 1).
 *
 * @returns class probabilities [N, K] of other rows
 */
export function fitMultinomialNaiveBayes(
  features: SparseMatrix,
  labels: ArrayLike<number>,
  { classes, smoothing = 1 }: { readonly classes: number; readonly smoothing?: number },
): (rows: SparseMatrix) => Float64Array[] {
  const { width } = features;
  const logarithms = new Float64Array(classes * width).fill(smoothing);
  const totals = new Float64Array(classes).fill(smoothing * width);
  for (let row = 0; row < features.rows; row++) {
    const label = labels[row]!;
    for (let at = features.starts[row]!; at < features.starts[row + 1]!; at++) {
      logarithms[label * width + features.columns[at]!]! += features.values[at]!;
      totals[label]! += features.values[at]!;
    }
  }
  for (let each = 0; each < classes; each++) {
    for (let column = 0; column < width; column++) {
      logarithms[each * width + column] = Math.log(logarithms[each * width + column]! / totals[each]!);
    }
  }
  const priors = classCounts(labels, classes).map((count) => Math.log(count / labels.length));
  return (rows) =>
    Array.from({ length: rows.rows }, (_, row) => {
      const logits = priors.slice();
      for (let each = 0; each < classes; each++) {
        if (logits[each] === Number.NEGATIVE_INFINITY) continue;
        for (let at = rows.starts[row]!; at < rows.starts[row + 1]!; at++) {
          logits[each]! += rows.values[at]! * logarithms[each * width + rows.columns[at]!]!;
        }
      }
      return softmax(logits);
    });
}
