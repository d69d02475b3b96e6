import { Random } from "@nacre/random";
import { type BootstrapOptions, drawWeights, type Interval, percentiles } from "./bootstrap.ts";

/** Whether two systems, judged on the same examples, differ. */
export interface Comparison extends Interval {
  readonly test: "paired-bootstrap" | "approximate-randomisation" | "mcnemar";
  /** First minus second. */
  readonly difference: number;
  /** Two-sided. */
  readonly pValue: number;
}

/**
 * Paired bootstrap over examples (Koehn 2004; two-sided, as in Efron and Tibshirani 1993, section 15): how often the difference
 * changes its sign when examples are resampled.
 *
 * @param first one value per example, for example 1 for a hit; the score is their mean
 * @param second the other system's, on the same examples in the same order
 */
export function pairedBootstrap(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
  { seed, resamples = 1000, confidence = 0.95 }: BootstrapOptions,
): Comparison {
  const differences = pairedDifferences(first, second);
  const random = new Random(seed).fork("paired-bootstrap");
  const weights = new Uint16Array(differences.length);
  const values: number[] = [];
  for (let resample = 0; resample < resamples; resample++) {
    drawWeights(weights, random);
    let sum = 0;
    for (let index = 0; index < weights.length; index++) sum += weights[index]! * differences[index]!;
    values.push(sum / weights.length);
  }
  const [below, above] = [values.filter((value) => value <= 0).length, values.filter((value) => value >= 0).length];
  const pValue = Math.min(1, (2 * (Math.min(below, above) + 1)) / (resamples + 1));
  return { test: "paired-bootstrap", difference: mean(differences), pValue, ...percentiles(values, confidence) };
}

/**
 * Approximate randomisation (Noreen 1989): how often a difference as large comes about when each example's two results are
 * exchanged at random.
 */
export function approximateRandomisation(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
  { seed, resamples = 10_000 }: Omit<BootstrapOptions, "confidence">,
): Comparison {
  const differences = pairedDifferences(first, second);
  const random = new Random(seed).fork("approximate-randomisation");
  const observed = Math.abs(mean(differences));
  let asLarge = 0;
  const values: number[] = [];
  for (let trial = 0; trial < resamples; trial++) {
    let sum = 0;
    let bits = 0;
    for (let index = 0; index < differences.length; index++) {
      if (index % 32 === 0) bits = random.uint32();
      sum += bits & 1 ? differences[index]! : -differences[index]!;
      bits >>>= 1;
    }
    const value = sum / differences.length;
    values.push(value);
    if (Math.abs(value) >= observed - 1e-12) asLarge++;
  }
  const { low, high } = percentiles(values);
  const difference = mean(differences);
  return {
    test: "approximate-randomisation",
    difference,
    pValue: (asLarge + 1) / (resamples + 1),
    low: difference + low,
    high: difference + high,
  };
}

/**
 * McNemar's test on hits and misses (1947): exact, from the binomial of the examples on which the two disagree.
 *
 * @param first whether the first system was right, per example
 */
export function mcnemar(first: ArrayLike<boolean | number>, second: ArrayLike<boolean | number>): Comparison {
  samePairs(first, second);
  let [onlyFirst, onlySecond] = [0, 0];
  for (let index = 0; index < first.length; index++) {
    if (first[index] && !second[index]) onlyFirst++;
    if (!first[index] && second[index]) onlySecond++;
  }
  const disagreements = onlyFirst + onlySecond;
  const difference = (onlyFirst - onlySecond) / first.length;
  // Wald interval of a difference of paired proportions (Agresti 2013, section 11.1).
  const half = (1.959964 * Math.sqrt(disagreements - (onlyFirst - onlySecond) ** 2 / first.length)) / first.length;
  return {
    test: "mcnemar",
    difference,
    pValue: Math.min(1, 2 * binomialTail(Math.min(onlyFirst, onlySecond), disagreements)),
    low: difference - half,
    high: difference + half,
  };
}

/** P(X ≤ k) for n fair coins. */
function binomialTail(k: number, n: number): number {
  let logCoefficient = 0;
  let sum = 0;
  for (let hits = 0; hits <= k; hits++) {
    sum += Math.exp(logCoefficient - n * Math.LN2);
    logCoefficient += Math.log((n - hits) / (hits + 1));
  }
  return sum;
}

function pairedDifferences(first: ArrayLike<number>, second: ArrayLike<number>): Float64Array {
  samePairs(first, second);
  return Float64Array.from({ length: first.length }, (_, index) => first[index]! - second[index]!);
}

function samePairs(first: ArrayLike<unknown>, second: ArrayLike<unknown>): void {
  if (first.length === second.length && first.length > 0) return;
  throw new RangeError(
    `Expected results of both systems on the same examples. Received ${first.length} and ${second.length}.`,
  );
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
