import { Random } from "@nacre/random";
import { type AdditiveMetric, observeAll, type StatisticsTable } from "./additive.ts";
import { drawWeights, percentiles } from "./bootstrap.ts";
import type { Comparison } from "./significance.ts";

/** Two systems' scores on a corpus and whether they differ. */
export interface CorpusComparison extends Comparison {
  readonly first: number;
  readonly second: number;
  readonly resamples: number;
  readonly seed: number;
}

export interface CorpusTestOptions<Example> {
  /** Both systems' output on the same segments, in the same order. */
  readonly first: readonly Example[];
  readonly second: readonly Example[];
  readonly seed: number;
  readonly resamples?: number;
}

type Value = { readonly value: number };

/**
 * Paired bootstrap over segments (Koehn 2004), computed as sacreBLEU's `--paired-bs`: corpus scores of both systems on the same
 * resamples; the p-value is how often their absolute difference, centred, exceeds the one observed. 1000 resamples unless said.
 */
export function pairedBootstrapTest<Example>(
  metric: AdditiveMetric<Example, Value>,
  { first, second, seed, resamples = 1000 }: CorpusTestOptions<Example>,
): CorpusComparison {
  const [left, right] = observeBoth(metric, first, second);
  const random = new Random(seed).fork("paired-bootstrap");
  const weights = new Uint16Array(left.examples);
  const differences: number[] = [];
  for (let resample = 0; resample < resamples; resample++) {
    drawWeights(weights, random);
    differences.push(left.score(weights).value - right.score(weights).value);
  }
  const [one, two] = [left.score().value, right.score().value];
  const sizes = differences.map(Math.abs);
  const mean = sizes.reduce((sum, size) => sum + size, 0) / resamples;
  return {
    test: "paired-bootstrap",
    first: one,
    second: two,
    difference: one - two,
    pValue: share(
      sizes.map((size) => size - mean),
      Math.abs(one - two),
    ),
    ...percentiles(differences),
    resamples,
    seed,
  };
}

/**
 * Approximate randomisation over segments (Noreen 1989; Riezler and Maxwell 2005), computed as sacreBLEU's `--paired-ar`: how
 * often corpus scores differ more when each segment's two outputs are exchanged at random. 10,000 trials unless said.
 */
export function approximateRandomisationTest<Example>(
  metric: AdditiveMetric<Example, Value>,
  { first, second, seed, resamples = 10_000 }: CorpusTestOptions<Example>,
): CorpusComparison {
  const [left, right] = observeBoth(metric, first, second);
  const random = new Random(seed).fork("approximate-randomisation");
  // Exchanging segments moves the differences of their statistics from one side to the other.
  const size = left.row(0).length;
  const gaps = new Float64Array(left.examples * size);
  const [mine, theirs] = [new Float64Array(size), new Float64Array(size)];
  for (let example = 0; example < left.examples; example++) {
    const [one, two] = [left.row(example), right.row(example)];
    for (let part = 0; part < size; part++) {
      mine[part]! += one[part]!;
      theirs[part]! += two[part]!;
      gaps[example * size + part] = two[part]! - one[part]!;
    }
  }
  const exchanged = new Float64Array(size);
  const differences: number[] = [];
  for (let trial = 0; trial < resamples; trial++) {
    exchanged.fill(0);
    let bits = 0;
    for (let example = 0; example < left.examples; example++) {
      if (example % 32 === 0) bits = random.uint32();
      if (bits & 1) {
        const at = example * size;
        for (let part = 0; part < size; part++) exchanged[part]! += gaps[at + part]!;
      }
      bits >>>= 1;
    }
    const first = Array.from(mine, (sum, part) => sum + exchanged[part]!);
    const second = Array.from(theirs, (sum, part) => sum - exchanged[part]!);
    differences.push(left.scoreOf(first).value - left.scoreOf(second).value);
  }
  const [one, two] = [left.score().value, right.score().value];
  const { low, high } = percentiles(differences);
  return {
    test: "approximate-randomisation",
    first: one,
    second: two,
    difference: one - two,
    pValue: share(differences.map(Math.abs), Math.abs(one - two)),
    low: one - two + low,
    high: one - two + high,
    resamples,
    seed,
  };
}

/**
 * The share of values above what was observed, counting the observation itself. Without any difference it is 1, where sacreBLEU
 * says 1 / (resamples + 1): nothing is above nothing.
 */
function share(values: readonly number[], limit: number): number {
  if (limit === 0) return 1;
  return (values.filter((value) => value > limit).length + 1) / (values.length + 1);
}

function observeBoth<Example>(
  metric: AdditiveMetric<Example, Value>,
  first: readonly Example[],
  second: readonly Example[],
): [StatisticsTable<Value>, StatisticsTable<Value>] {
  if (first.length !== second.length || first.length === 0) {
    throw new RangeError(
      `Expected output of both systems on the same segments. Received ${first.length} and ${second.length}.`,
    );
  }
  return [observeAll(metric, first), observeAll(metric, second)];
}
