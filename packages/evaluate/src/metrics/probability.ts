import type { Metric } from "../metric.ts";
import type { Value } from "./confusion.ts";

/** A prediction with a probability for each class. */
export interface ClassifiedExample {
  /** [K], from 0 to 1. */
  readonly probabilities: ArrayLike<number>;
  /** The true class, from 0. */
  readonly label: number;
}

export interface Mean {
  readonly sum: number;
  readonly count: number;
}

/** A mean over examples. */
export function meanOf<Example>(signature: string, of: (example: Example) => number): Metric<Example, Mean, Value> {
  return {
    signature,
    empty: { sum: 0, count: 0 },
    observe: (example) => ({ sum: of(example), count: 1 }),
    merge: (left, right) => ({ sum: left.sum + right.sum, count: left.count + right.count }),
    score: ({ sum, count }) => ({ value: sum / count }),
  };
}

/** -log p of the true class; p is kept from 0 and 1 by 2^-52, as scikit-learn does. */
export function surprise({ probabilities, label }: ClassifiedExample): number {
  return -Math.log(Math.min(1 - epsilon, Math.max(epsilon, probabilities[label]!)));
}
const epsilon = 2 ** -52;

export function logLoss(): Metric<ClassifiedExample, Mean, Value> {
  return meanOf("log-loss|unit:nats", surprise);
}

/** Σ (p - y)² over classes, halved for two classes: Brier 1950. */
export function squaredDistance({ probabilities, label }: ClassifiedExample): number {
  let sum = 0;
  for (let index = 0; index < probabilities.length; index++) {
    sum += (probabilities[index]! - (index === label ? 1 : 0)) ** 2;
  }
  return probabilities.length === 2 ? sum / 2 : sum;
}

export function brier(): Metric<ClassifiedExample, Mean, Value> {
  return meanOf("brier|binary:halved", squaredDistance);
}

/** Whether the true class is among the k most probable; of equals the later class counts as more probable, as scikit-learn. */
export function amongTop({ probabilities, label }: ClassifiedExample, k: number): boolean {
  const mine = probabilities[label]!;
  let before = 0;
  for (let index = 0; index < probabilities.length; index++) {
    if (probabilities[index]! > mine || (probabilities[index] === mine && index > label)) before++;
  }
  return before < k;
}

export function topK(k: number): Metric<ClassifiedExample, Mean, Value> {
  return meanOf(`top-${k}-accuracy`, (example) => (amongTop(example, k) ? 1 : 0));
}

/** The most probable class; of equals the first. */
export function mostProbable(probabilities: ArrayLike<number>): number {
  let best = 0;
  for (let index = 1; index < probabilities.length; index++)
    if (probabilities[index]! > probabilities[best]!) best = index;
  return best;
}

/** Examples by confidence: per bin their number, sum of confidences and number of hits. */
export interface Bins {
  readonly counts: Float64Array;
  readonly confidence: Float64Array;
  readonly hits: Float64Array;
}

export function emptyBins(bins: number): Bins {
  return { counts: new Float64Array(bins), confidence: new Float64Array(bins), hits: new Float64Array(bins) };
}

/**
 * What calibration looks at. Two classes: the probability of the second, and whether it is true. More: the probability of the
 * predicted class, and whether that is right.
 */
export function confidenceOf({ probabilities, label }: ClassifiedExample): {
  readonly confidence: number;
  readonly hit: boolean;
} {
  if (probabilities.length === 2) return { confidence: probabilities[1]!, hit: label === 1 };
  const predicted = mostProbable(probabilities);
  return { confidence: probabilities[predicted]!, hit: predicted === label };
}

/** Bin of equal width, closed on the left; 1 belongs to the last. */
export function binOf(confidence: number, bins: number): number {
  return Math.min(bins - 1, Math.floor(confidence * bins));
}

/** Σ n_b / N · |hits_b - confidence_b|: Guo et al. 2017, equation 3. */
export function expectedCalibrationError(bins = 10): Metric<ClassifiedExample, Bins, Value> {
  return {
    signature: `ece|bins:${bins}|width:equal|closed:left`,
    empty: emptyBins(bins),
    observe(example) {
      const one = emptyBins(bins);
      const { confidence, hit } = confidenceOf(example);
      const bin = binOf(confidence, bins);
      one.counts[bin] = 1;
      one.confidence[bin] = confidence;
      one.hits[bin] = hit ? 1 : 0;
      return one;
    },
    merge: (left, right) => ({
      counts: left.counts.map((value, index) => value + right.counts[index]!),
      confidence: left.confidence.map((value, index) => value + right.confidence[index]!),
      hits: left.hits.map((value, index) => value + right.hits[index]!),
    }),
    score({ counts, confidence, hits }) {
      let total = 0;
      let error = 0;
      for (let bin = 0; bin < counts.length; bin++) {
        total += counts[bin]!;
        error += Math.abs(hits[bin]! - confidence[bin]!);
      }
      return { value: error / total };
    },
  };
}
