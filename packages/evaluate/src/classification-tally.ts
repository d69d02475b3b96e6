import type { CalibrationBin } from "./classification.ts";
import {
  accuracy,
  balancedAccuracy,
  type Confusion,
  emptyConfusion,
  fScore,
  kappa,
  matthews,
  precision,
  recall,
} from "./metrics/confusion.ts";
import {
  amongTop,
  type Bins,
  binOf,
  brier,
  type ClassifiedExample,
  confidenceOf,
  emptyBins,
  expectedCalibrationError,
  logLoss,
  mostProbable,
  squaredDistance,
  surprise,
  topK,
} from "./metrics/probability.ts";
import { averagePrecision, averagePrecisionOf, type Ranking, rocAuc, rocAucOf } from "./metrics/ranking.ts";

const bins = 10;

/**
 * The statistics of all classification metrics over examples that count several times or not at all. Gives the same as
 * observing and merging them one by one; what can be known of an example beforehand is computed once, so that a bootstrap
 * resample costs a few additions per example.
 */
export class ClassificationTally {
  readonly #classes: number;
  readonly #cells: Uint32Array;
  readonly #losses: Float64Array;
  readonly #distances: Float64Array;
  readonly #top: Uint8Array | undefined;
  readonly #topSize: number;
  readonly #bins: Uint8Array;
  readonly #confidences: Float64Array;
  readonly #hits: Uint8Array;
  readonly #orders: readonly ScoreOrder[];

  constructor(classes: number, examples: readonly ClassifiedExample[]) {
    this.#classes = classes;
    this.#cells = Uint32Array.from(
      examples,
      ({ probabilities, label }) => label * classes + mostProbable(probabilities),
    );
    this.#losses = Float64Array.from(examples, surprise);
    this.#distances = Float64Array.from(examples, squaredDistance);
    this.#topSize = classes > 5 ? 3 : 2;
    this.#top =
      classes > 2 ? Uint8Array.from(examples, (example) => Number(amongTop(example, this.#topSize))) : undefined;
    const confidences = examples.map(confidenceOf);
    this.#confidences = Float64Array.from(confidences, ({ confidence }) => confidence);
    this.#hits = Uint8Array.from(confidences, ({ hit }) => Number(hit));
    this.#bins = Uint8Array.from(confidences, ({ confidence }) => binOf(confidence, bins));
    this.#orders = this.rankedClasses.map((index) => scoreOrder(examples, index));
  }

  /** The classes that are ranked against all others: each, or of two the second. */
  get rankedClasses(): number[] {
    return this.#classes === 2 ? [1] : Array.from({ length: this.#classes }, (_, index) => index);
  }

  confusion(weights: Uint16Array): Confusion {
    const total = emptyConfusion(this.#classes);
    for (let index = 0; index < weights.length; index++) total.counts[this.#cells[index]!]! += weights[index]!;
    return total;
  }

  calibration(weights: Uint16Array): CalibrationBin[] {
    const { counts, confidence, hits } = this.#binned(weights);
    return Array.from({ length: bins }, (_, bin) => ({
      low: bin / bins,
      high: (bin + 1) / bins,
      count: counts[bin]!,
      confidence: counts[bin]! > 0 ? confidence[bin]! / counts[bin]! : null,
      accuracy: counts[bin]! > 0 ? hits[bin]! / counts[bin]! : null,
    }));
  }

  rankings(weights: Uint16Array): Ranking[] {
    return this.#orders.map((order) => rankingOf(order, weights));
  }

  /** Every score, in the order that people read them in. */
  scores(weights: Uint16Array): { name: string; value: number; signature: string }[] {
    const classes = this.#classes;
    const confusion = this.confusion(weights);
    const average = classes === 2 ? { positive: 1 } : ("macro" as const);
    const prefix = classes === 2 ? "" : "macro ";
    const rankings = this.rankings(weights);
    const mean = (of: (ranking: Ranking) => number) => {
      const values = rankings.map(of).filter((value) => !Number.isNaN(value));
      return values.reduce((sum, value) => sum + value, 0) / values.length;
    };
    const from = (name: string, metric: { signature: string; score(total: Confusion): { value: number } }) => ({
      name,
      value: metric.score(confusion).value,
      signature: metric.signature,
    });
    const over = (name: string, values: ArrayLike<number>, signature: string) => ({
      name,
      value: weightedMean(values, weights),
      signature,
    });
    const ranked = (name: string, signature: string, of: (ranking: Ranking) => number) => ({
      name,
      value: mean(of),
      signature: classes === 2 ? `${signature}|positive:1` : `${signature}|classes:one-vs-rest|average:macro`,
    });
    const calibration = expectedCalibrationError(bins);
    return [
      from("accuracy", accuracy(classes)),
      ...(this.#top === undefined
        ? []
        : [over(`top-${this.#topSize} accuracy`, this.#top, topK(this.#topSize).signature)]),
      from("balanced accuracy", balancedAccuracy(classes)),
      from(`${prefix}precision`, precision(classes, { average })),
      from(`${prefix}recall`, recall(classes, { average })),
      from(`${prefix}F1`, fScore(classes, { average })),
      ...(classes === 2 ? [] : [from("weighted F1", fScore(classes, { average: "weighted" }))]),
      from("Matthews correlation", matthews(classes)),
      from("kappa", kappa(classes)),
      ranked("ROC-AUC", rocAuc().signature, rocAucOf),
      ranked("average precision", averagePrecision().signature, averagePrecisionOf),
      over("log loss", this.#losses, logLoss().signature),
      over("Brier", this.#distances, brier().signature),
      { name: "ECE", value: calibration.score(this.#binned(weights)).value, signature: calibration.signature },
    ];
  }

  #binned(weights: Uint16Array): Bins {
    const total = emptyBins(bins);
    for (let index = 0; index < weights.length; index++) {
      const weight = weights[index]!;
      if (weight === 0) continue;
      const bin = this.#bins[index]!;
      total.counts[bin]! += weight;
      total.confidence[bin]! += weight * this.#confidences[index]!;
      total.hits[bin]! += weight * this.#hits[index]!;
    }
    return total;
  }
}

/** Examples by falling score of one class, and which of the different scores each has. */
interface ScoreOrder {
  readonly examples: Uint32Array;
  readonly ranks: Uint32Array;
  readonly positive: Uint8Array;
  readonly scores: readonly number[];
}

function scoreOrder(examples: readonly ClassifiedExample[], index: number): ScoreOrder {
  const scoreOf = (at: number): number => examples[at]!.probabilities[index]!;
  const order = Uint32Array.from({ length: examples.length }, (_, at) => at).sort(
    (left, right) => scoreOf(right) - scoreOf(left),
  );
  const scores: number[] = [];
  const ranks = order.map((at) => (scoreOf(at) === scores.at(-1) ? scores.length - 1 : scores.push(scoreOf(at)) - 1));
  return {
    examples: order,
    ranks,
    positive: Uint8Array.from(order, (at) => Number(examples[at]!.label === index)),
    scores,
  };
}

function rankingOf({ examples, ranks, positive, scores }: ScoreOrder, weights: Uint16Array): Ranking {
  const positives = new Array<number>(scores.length).fill(0);
  const negatives = new Array<number>(scores.length).fill(0);
  for (let place = 0; place < examples.length; place++) {
    const weight = weights[examples[place]!]!;
    if (positive[place]) positives[ranks[place]!]! += weight;
    else negatives[ranks[place]!]! += weight;
  }
  return { scores, positives, negatives };
}

function weightedMean(values: ArrayLike<number>, weights: Uint16Array): number {
  let sum = 0;
  let total = 0;
  for (let index = 0; index < weights.length; index++) {
    sum += weights[index]! * values[index]!;
    total += weights[index]!;
  }
  return sum / total;
}
