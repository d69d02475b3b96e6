import { bootstrap } from "./bootstrap.ts";
import type { Score } from "./classification.ts";
import type { Metric } from "./metric.ts";
import {
  explainedVariance,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanSquaredError,
  medianAbsoluteError,
  type PredictedNumber,
  rootMeanSquaredError,
  rSquared,
} from "./metrics/regression.ts";

/** Everything about predicted numbers: JSON. */
export interface RegressionEvaluation {
  readonly kind: "regression";
  readonly examples: number;
  readonly scores: readonly Score[];
  /** Largest absolute error first. */
  readonly worst: readonly {
    readonly index: number;
    readonly target: number;
    readonly prediction: number;
    readonly error: number;
  }[];
  readonly resamples: number;
  readonly seed: number;
}

export interface RegressionOptions {
  readonly examples: readonly PredictedNumber[];
  readonly seed: number;
  /** Bootstrap resamples. Default 1000. */
  readonly resamples?: number;
  /** Default 24. */
  readonly worst?: number;
}

type AnyMetric = Metric<PredictedNumber, never, { readonly value: number }>;

/** Scores with bootstrap intervals and the worst examples. @throws RangeError without examples, or for one that is no number. */
export function evaluateRegression({
  examples,
  seed,
  resamples = 1000,
  worst = 24,
}: RegressionOptions): RegressionEvaluation {
  if (examples.length === 0) throw new RangeError("Expected examples to evaluate. Received none.");
  for (const [index, { target, prediction }] of examples.entries()) {
    if (Number.isFinite(target) && Number.isFinite(prediction)) continue;
    throw new RangeError(`Example ${index}: expected two finite numbers. Received ${target} and ${prediction}.`);
  }
  const metrics: readonly (readonly [string, AnyMetric])[] = [
    ["MAE", meanAbsoluteError()],
    ["RMSE", rootMeanSquaredError()],
    ["MSE", meanSquaredError()],
    ["R²", rSquared()],
    ["explained variance", explainedVariance()],
    ["MAPE", meanAbsolutePercentageError()],
  ] as unknown as readonly (readonly [string, AnyMetric])[];
  const observed = metrics.map(([, metric]) => examples.map((example) => metric.observe(example)));
  const statistics = (weights: Uint16Array): number[] =>
    metrics.map(([, metric], which) => {
      let total = metric.empty;
      for (let index = 0; index < weights.length; index++) {
        for (let times = 0; times < weights[index]!; times++) total = metric.merge(total, observed[which]![index]!);
      }
      return metric.score(total).value;
    });
  const values = statistics(new Uint16Array(examples.length).fill(1));
  const intervals = bootstrap(examples.length, statistics, { seed, resamples });
  const errors = examples
    .map(({ target, prediction }) => Math.abs(target - prediction))
    .sort((left, right) => left - right);
  const median = medianAbsoluteError();
  return {
    kind: "regression",
    examples: examples.length,
    scores: [
      ...metrics.map(([name, { signature }], index) => ({
        name,
        value: values[index]!,
        ...intervals[index]!,
        signature,
      })),
      // Its statistic is every error: the interval is that of the order statistics (David and Nagaraja 2003, section 7.1).
      { name: "median AE", value: median.score(errors).value, ...orderInterval(errors), signature: median.signature },
    ],
    worst: examples
      .map(({ target, prediction }, index) => ({ index, target, prediction, error: Math.abs(target - prediction) }))
      .sort((left, right) => right.error - left.error || left.index - right.index)
      .slice(0, worst),
    resamples,
    seed,
  };
}

function orderInterval(sorted: readonly number[]): { low: number; high: number } {
  const half = (1.959964 * Math.sqrt(sorted.length)) / 2;
  const at = (place: number): number => sorted[Math.min(sorted.length - 1, Math.max(0, Math.round(place)))]!;
  return { low: at(sorted.length / 2 - half), high: at(sorted.length / 2 + half) };
}
