import { Random } from "@nacre/random";
import type { SparseMatrix } from "./tf-idf.ts";

export interface LinearSvmOptions {
  /** Weight of the errors against the margin. Default 1. */
  readonly penalty?: number;
  /** Passes end when no gradient is farther from another. Default 1e-4. */
  readonly tolerance?: number;
  /** Most passes over the rows. Default 1000. */
  readonly iterations?: number;
  readonly seed: number;
  readonly pause?: (share: number) => Promise<void>;
}

/** A linear classifier: scores are features times weights plus an intercept. */
export interface LinearModel {
  readonly classes: number;
  readonly width: number;
  /** [K, F + 1], row-major; the last column is the intercept. Of two classes one row, for the second. */
  readonly weights: Float64Array;
}

/**
 * Linear support vector machine with squared hinge loss, one class against the rest, as scikit-learn's `LinearSVC`:
 * ½‖w‖² + C Σ max(0, 1 - y w·x)², the intercept being the weight of one more feature that is 1 everywhere.
 *
 * Solved by dual coordinate descent with shrinking (Hsieh et al. 2008, algorithm 3, as in liblinear).
 *
 * @param labels from 0 to `classes` - 1
 */
export async function fitLinearSvm(
  features: SparseMatrix,
  labels: ArrayLike<number>,
  options: LinearSvmOptions & { readonly classes: number },
): Promise<LinearModel> {
  const { classes, pause } = options;
  if (classes < 2) throw new RangeError(`Expected two or more classes. Received ${classes}.`);
  if (labels.length !== features.rows) {
    throw new RangeError(`Expected a label for each of ${features.rows} rows. Received ${labels.length}.`);
  }
  const problems = classes === 2 ? [1] : Array.from({ length: classes }, (_, each) => each);
  const stride = features.width + 1;
  const weights = new Float64Array(problems.length * stride);
  const norms = squaredNorms(features);
  for (const [at, positive] of problems.entries()) {
    await pause?.(at / problems.length);
    const signs = Int8Array.from({ length: features.rows }, (_, row) => (labels[row] === positive ? 1 : -1));
    const own = weights.subarray(at * stride, (at + 1) * stride);
    descend(features, { signs, norms, weights: own }, { ...options, stream: positive });
  }
  return { classes, width: features.width, weights };
}

/** Distances from the borders [N, K]; of two classes both signs of one. */
export function linearScores(model: LinearModel, features: SparseMatrix): Float64Array[] {
  const stride = model.width + 1;
  const count = model.weights.length / stride;
  return Array.from({ length: features.rows }, (_, row) => {
    const scores = new Float64Array(model.classes);
    for (let each = 0; each < count; each++) {
      const weights = model.weights.subarray(each * stride, (each + 1) * stride);
      scores[each] = dot(weights, features, row);
    }
    if (count === 1) {
      scores[1] = scores[0]!;
      scores[0] = -scores[0]!;
    }
    return scores;
  });
}

interface Problem {
  readonly signs: Int8Array;
  readonly norms: Float64Array;
  readonly weights: Float64Array;
}

function descend(
  features: SparseMatrix,
  { signs, norms, weights }: Problem,
  options: LinearSvmOptions & { readonly stream: number },
): void {
  const { penalty = 1, tolerance = 1e-4, iterations = 1000, seed, stream } = options;
  const random = new Random(seed).fork("linear-svm", stream);
  const { starts, columns, values, width } = features;
  // The squared hinge bounds no multiplier from above and adds to the diagonal instead.
  const diagonal = 0.5 / penalty;
  const multipliers = new Float64Array(features.rows);
  const order = Uint32Array.from({ length: features.rows }, (_, row) => row);
  let active = features.rows;
  let largestBefore = Number.POSITIVE_INFINITY;
  for (let pass = 0; pass < iterations; pass++) {
    let largest = Number.NEGATIVE_INFINITY;
    let smallest = Number.POSITIVE_INFINITY;
    for (let at = 0; at < active; at++) swap(order, at, at + random.integer(active - at));
    for (let at = 0; at < active; at++) {
      const row = order[at]!;
      const sign = signs[row]!;
      const gradient = sign * dot(weights, features, row) - 1 + diagonal * multipliers[row]!;
      let projected = gradient;
      if (multipliers[row] === 0) {
        if (gradient > largestBefore) {
          // Far on the right side: set aside until the rest has converged.
          active--;
          swap(order, at, active);
          at--;
          continue;
        }
        projected = Math.min(0, gradient);
      }
      largest = Math.max(largest, projected);
      smallest = Math.min(smallest, projected);
      if (Math.abs(projected) <= 1e-12) continue;
      const before = multipliers[row]!;
      multipliers[row] = Math.max(before - gradient / (norms[row]! + diagonal), 0);
      const step = (multipliers[row]! - before) * sign;
      const end = starts[row + 1]!;
      for (let each = starts[row]!; each < end; each++) weights[columns[each]!]! += step * values[each]!;
      weights[width]! += step;
    }
    if (largest - smallest <= tolerance) {
      if (active === features.rows) return;
      active = features.rows;
      largestBefore = Number.POSITIVE_INFINITY;
      continue;
    }
    largestBefore = largest <= 0 ? Number.POSITIVE_INFINITY : largest;
  }
}

function swap(order: Uint32Array, one: number, other: number): void {
  const value = order[one]!;
  order[one] = order[other]!;
  order[other] = value;
}

function dot(weights: Float64Array, { starts, columns, values, width }: SparseMatrix, row: number): number {
  let sum = weights[width]!;
  const end = starts[row + 1]!;
  for (let at = starts[row]!; at < end; at++) sum += weights[columns[at]!]! * values[at]!;
  return sum;
}

/** Of each row with the feature that is 1. */
function squaredNorms({ rows, starts, values }: SparseMatrix): Float64Array {
  return Float64Array.from({ length: rows }, (_, row) => {
    let sum = 1;
    for (let at = starts[row]!; at < starts[row + 1]!; at++) sum += values[at]! ** 2;
    return sum;
  });
}
