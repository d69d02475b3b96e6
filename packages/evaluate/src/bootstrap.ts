import { Random } from "@nacre/random";

/** A value with its 95 % interval. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

export interface BootstrapOptions {
  readonly seed: number;
  /** Default 1000. */
  readonly resamples?: number;
  /** Default 0.95. */
  readonly confidence?: number;
}

/**
 * Percentile intervals (Efron 1979; Efron and Tibshirani 1993, section 13.3) of several statistics over the same resamples.
 *
 * @param count examples
 * @param statistics from how often each example was drawn to one value per statistic
 * @throws RangeError without examples
 */
export function bootstrap(
  count: number,
  statistics: (weights: Uint16Array) => readonly number[],
  { seed, resamples = 1000, confidence = 0.95 }: BootstrapOptions,
): Interval[] {
  if (count < 1) throw new RangeError("Expected at least one example to resample. Received none.");
  const random = new Random(seed).fork("bootstrap");
  const weights = new Uint16Array(count);
  const values: number[][] = [];
  for (let resample = 0; resample < resamples; resample++) {
    drawWeights(weights, random);
    statistics(weights).forEach((value, index) => {
      (values[index] ??= []).push(value);
    });
  }
  return values.map((all) => percentiles(all, confidence));
}

/** How often each example is drawn when as many are drawn with replacement. */
export function drawWeights(weights: Uint16Array, random: Random): void {
  weights.fill(0);
  const { length } = weights;
  for (let draw = 0; draw < length; draw++) {
    // Upper part of a 53-bit product: no division, and a bias below 2^-32 · length.
    const index = Math.floor(random.uniform() * length);
    weights[index] = weights[index]! + 1;
  }
}

/** The values that leave (1 - confidence) / 2 on either side, by linear interpolation. Resamples without a value do not count. */
export function percentiles(values: readonly number[], confidence = 0.95): Interval {
  const sorted = Float64Array.from(values.filter((value) => !Number.isNaN(value))).sort();
  const at = (share: number): number => {
    if (sorted.length === 0) return Number.NaN;
    const place = share * (sorted.length - 1);
    const below = Math.floor(place);
    const rest = place - below;
    return rest === 0 ? sorted[below]! : sorted[below]! * (1 - rest) + sorted[below + 1]! * rest;
  };
  return { low: at((1 - confidence) / 2), high: at((1 + confidence) / 2) };
}

/** Wilson's interval of a proportion (1927): good for few examples and for shares near 0 and 1. */
export function wilson(hits: number, count: number, confidence = 0.95): Interval {
  const z = normalQuantile((1 + confidence) / 2);
  const share = hits / count;
  const middle = (share + z ** 2 / (2 * count)) / (1 + z ** 2 / count);
  const half = (z / (1 + z ** 2 / count)) * Math.sqrt((share * (1 - share)) / count + z ** 2 / (4 * count ** 2));
  return { low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}

/** The inverse of the standard normal distribution, by bisection on its cumulative form. */
function normalQuantile(probability: number): number {
  let [low, high] = [-10, 10];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (normalCumulative(middle) < probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Φ(x) by Hart's continued fraction for the tail and a series near 0; accurate to 1e-12. */
export function normalCumulative(x: number): number {
  const size = Math.abs(x);
  let tail: number;
  if (size > 3) {
    let fraction = size + 40 / (size + 41);
    for (let n = 40; n >= 1; n--) fraction = size + n / fraction;
    tail = Math.exp((-size * size) / 2) / (fraction * Math.sqrt(2 * Math.PI));
  } else {
    let term = size;
    let sum = size;
    for (let n = 1; n < 60; n++) {
      term *= (size * size) / (2 * n + 1);
      sum += term;
    }
    tail = 0.5 - (sum * Math.exp((-size * size) / 2)) / Math.sqrt(2 * Math.PI);
  }
  return x > 0 ? 1 - tail : tail;
}
