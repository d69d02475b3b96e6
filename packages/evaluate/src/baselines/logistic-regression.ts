import { type Baseline, type BaselineContext, type LabelledRows, softmax } from "./baseline.ts";
import { minimise } from "./lbfgs.ts";
import { type SparseRows, sparse } from "./rows.ts";

/**
 * Multinomial logistic regression with an L2 penalty, ½‖W‖² + C Σ -log p, as scikit-learn's with C = 1; intercepts are not
 * penalised. Fitted by L-BFGS.
 */
export const logisticRegression: Baseline = {
  name: "logistic regression",
  limits: { train: 16_000, test: Number.POSITIVE_INFINITY },
  async fit(train, context) {
    const weights = await fitLogisticRegression(train, context);
    return async (features) => {
      const { classes } = context;
      const rows = sparse(features);
      return features.map((_, row) => softmax(logitsOf(weights, rows, { row, classes })));
    };
  },
};

/** Weights [K, F + 1], row-major; the last column is the intercept. */
export async function fitLogisticRegression(
  { features, labels }: LabelledRows,
  { classes, pause }: BaselineContext,
  { penalty = 1, iterations = 60 }: { readonly penalty?: number; readonly iterations?: number } = {},
): Promise<Float64Array> {
  const rows = sparse(features);
  const stride = rows.width + 1;
  const objective = async (weights: Float64Array, gradient: Float64Array): Promise<number> => {
    let loss = 0;
    for (let index = 0; index < weights.length; index++) {
      const penalised = index % stride === stride - 1 ? 0 : weights[index]! / penalty;
      gradient[index] = penalised;
      loss += (penalised * weights[index]!) / 2;
    }
    for (let row = 0; row < rows.rows; row++) {
      if (row % 1000 === 0) await pause(Number.NaN);
      const probabilities = softmax(logitsOf(weights, rows, { row, classes }));
      const label = labels[row]!;
      loss -= Math.log(Math.max(probabilities[label]!, 1e-300));
      for (let each = 0; each < classes; each++) {
        const error = probabilities[each]! - (each === label ? 1 : 0);
        if (Math.abs(error) < 1e-12) continue;
        const base = each * stride;
        const end = rows.starts[row + 1]!;
        for (let at = rows.starts[row]!; at < end; at++)
          gradient[base + rows.columns[at]!]! += error * rows.values[at]!;
        gradient[base + stride - 1]! += error;
      }
    }
    // Per example, so that the stopping rule does not depend on their number.
    for (let index = 0; index < gradient.length; index++) gradient[index] = gradient[index]! / rows.rows;
    return loss / rows.rows;
  };
  return minimise(objective, new Float64Array(classes * stride), {
    iterations,
    onIteration: (done) => pause(done / iterations),
  });
}

function logitsOf(
  weights: Float64Array,
  rows: SparseRows,
  { row, classes }: { row: number; classes: number },
): Float64Array {
  const stride = rows.width + 1;
  const logits = new Float64Array(classes);
  const end = rows.starts[row + 1]!;
  for (let each = 0; each < classes; each++) {
    const base = each * stride;
    let sum = weights[base + stride - 1]!;
    for (let at = rows.starts[row]!; at < end; at++) sum += weights[base + rows.columns[at]!]! * rows.values[at]!;
    logits[each] = sum;
  }
  return logits;
}
