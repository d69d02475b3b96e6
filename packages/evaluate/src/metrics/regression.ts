import type { Metric } from "../metric.ts";
import type { Value } from "./confusion.ts";
import { type Mean, meanOf } from "./probability.ts";

/** A predicted number. */
export interface PredictedNumber {
  readonly target: number;
  readonly prediction: number;
}

export function meanAbsoluteError(): Metric<PredictedNumber, Mean, Value> {
  return meanOf("mae", ({ target, prediction }) => Math.abs(target - prediction));
}

export function meanSquaredError(): Metric<PredictedNumber, Mean, Value> {
  return meanOf("mse", ({ target, prediction }) => (target - prediction) ** 2);
}

export function rootMeanSquaredError(): Metric<PredictedNumber, Mean, Value> {
  const base = meanSquaredError();
  return { ...base, signature: "rmse", score: (total) => ({ value: Math.sqrt(base.score(total).value) }) };
}

/** Mean of |y - p| / |y|, with |y| at least 2^-52 as in scikit-learn. */
export function meanAbsolutePercentageError(): Metric<PredictedNumber, Mean, Value> {
  return meanOf(
    "mape",
    ({ target, prediction }) => Math.abs(target - prediction) / Math.max(Math.abs(target), 2 ** -52),
  );
}

/** Moments of targets and residuals, by the parallel update of Chan et al. 1983. */
export interface Spread {
  readonly count: number;
  readonly mean: number;
  /** Σ (y - ȳ)² */
  readonly squares: number;
  readonly residualMean: number;
  /** Σ (r - r̄)² */
  readonly residualSquares: number;
}

function ofSpread(signature: string, value: (spread: Spread) => number): Metric<PredictedNumber, Spread, Value> {
  return {
    signature,
    empty: { count: 0, mean: 0, squares: 0, residualMean: 0, residualSquares: 0 },
    observe: ({ target, prediction }) => ({
      count: 1,
      mean: target,
      squares: 0,
      residualMean: target - prediction,
      residualSquares: 0,
    }),
    merge(left, right) {
      const count = left.count + right.count;
      if (left.count === 0 || right.count === 0) return left.count === 0 ? right : left;
      const shift = right.mean - left.mean;
      const residualShift = right.residualMean - left.residualMean;
      const share = right.count / count;
      return {
        count,
        mean: left.mean + shift * share,
        squares: left.squares + right.squares + shift ** 2 * left.count * share,
        residualMean: left.residualMean + residualShift * share,
        residualSquares: left.residualSquares + right.residualSquares + residualShift ** 2 * left.count * share,
      };
    },
    score: (total) => ({ value: value(total) }),
  };
}

/** 1 - Σ r² / Σ (y - ȳ)². NaN with fewer than two examples. */
export function rSquared(): Metric<PredictedNumber, Spread, Value> {
  return ofSpread("r2", ({ count, squares, residualMean, residualSquares }) =>
    count < 2 ? Number.NaN : 1 - (residualSquares + count * residualMean ** 2) / squares,
  );
}

/** 1 - Var(r) / Var(y) */
export function explainedVariance(): Metric<PredictedNumber, Spread, Value> {
  return ofSpread("explained-variance", ({ squares, residualSquares }) => 1 - residualSquares / squares);
}

/** Median of |y - p|; its statistic is every absolute error, sorted. */
export function medianAbsoluteError(): Metric<PredictedNumber, readonly number[], Value> {
  return {
    signature: "median-ae",
    empty: [],
    observe: ({ target, prediction }) => [Math.abs(target - prediction)],
    merge: (left, right) => [...left, ...right].sort((a, b) => a - b),
    score(errors) {
      const middle = errors.length >> 1;
      return { value: errors.length % 2 === 1 ? errors[middle]! : (errors[middle - 1]! + errors[middle]!) / 2 };
    },
  };
}
