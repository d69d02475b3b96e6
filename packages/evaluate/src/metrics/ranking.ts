import type { Metric } from "../metric.ts";
import type { Value } from "./confusion.ts";

/** A score, and whether the example is of the class that high scores stand for. */
export interface Ranked {
  readonly score: number;
  readonly positive: boolean;
}

/** Every different score, highest first, with the examples that have it. */
export interface Ranking {
  readonly scores: readonly number[];
  readonly positives: readonly number[];
  readonly negatives: readonly number[];
}

const empty: Ranking = { scores: [], positives: [], negatives: [] };

function ofRanking(signature: string, value: (ranking: Ranking) => number): Metric<Ranked, Ranking, Value> {
  return {
    signature,
    empty,
    observe({ score, positive }) {
      if (Number.isNaN(score)) throw new RangeError("Expected a score that is a number. Received NaN.");
      return { scores: [score], positives: [positive ? 1 : 0], negatives: [positive ? 0 : 1] };
    },
    merge: mergeRankings,
    score: (total) => ({ value: value(total) }),
  };
}

/** Area under the ROC curve: the probability that a positive outranks a negative, ties half. NaN without one of both. */
export function rocAuc(): Metric<Ranked, Ranking, Value> {
  return ofRanking("roc-auc|ties:half", rocAucOf);
}

/** Σ (R_n - R_{n-1}) P_n, the area under the precision-recall curve without interpolation. 0 without positives, as scikit-learn. */
export function averagePrecision(): Metric<Ranked, Ranking, Value> {
  return ofRanking("average-precision|interpolation:none", averagePrecisionOf);
}

export function rocAucOf({ positives, negatives }: Ranking): number {
  let above = 0;
  let area = 0;
  let positive = 0;
  for (let index = 0; index < positives.length; index++) {
    area += negatives[index]! * (above + positives[index]! / 2);
    above += positives[index]!;
    positive += positives[index]!;
  }
  const negative = negatives.reduce((sum, count) => sum + count, 0);
  return area / (positive * negative);
}

export function averagePrecisionOf({ positives, negatives }: Ranking): number {
  const all = positives.reduce((sum, count) => sum + count, 0);
  if (all === 0) return 0;
  let found = 0;
  let seen = 0;
  let area = 0;
  for (let index = 0; index < positives.length; index++) {
    found += positives[index]!;
    seen += positives[index]! + negatives[index]!;
    if (seen > 0) area += (positives[index]! / all) * (found / seen);
  }
  return area;
}

export interface CurvePoint {
  readonly x: number;
  readonly y: number;
  readonly threshold: number;
}

/** x: false-positive rate, y: true-positive rate, from (0, 0) to (1, 1). */
export function rocCurve({ scores, positives, negatives }: Ranking): CurvePoint[] {
  const positive = positives.reduce((sum, count) => sum + count, 0);
  const negative = negatives.reduce((sum, count) => sum + count, 0);
  const points = [{ x: 0, y: 0, threshold: Number.POSITIVE_INFINITY }];
  let [hits, alarms] = [0, 0];
  scores.forEach((threshold, index) => {
    hits += positives[index]!;
    alarms += negatives[index]!;
    points.push({ x: alarms / negative, y: hits / positive, threshold });
  });
  return points;
}

/** x: recall, y: precision, from high thresholds to low ones. */
export function precisionRecallCurve({ scores, positives, negatives }: Ranking): CurvePoint[] {
  const all = positives.reduce((sum, count) => sum + count, 0);
  let [hits, alarms] = [0, 0];
  const points = scores.map((threshold, index) => {
    hits += positives[index]!;
    alarms += negatives[index]!;
    return { x: hits / all, y: hits / (hits + alarms), threshold };
  });
  return [{ x: 0, y: 1, threshold: Number.POSITIVE_INFINITY }, ...points];
}

function mergeRankings(left: Ranking, right: Ranking): Ranking {
  const merged = { scores: [] as number[], positives: [] as number[], negatives: [] as number[] };
  let [i, j] = [0, 0];
  while (i < left.scores.length || j < right.scores.length) {
    const mine = left.scores[i] ?? Number.NEGATIVE_INFINITY;
    const other = right.scores[j] ?? Number.NEGATIVE_INFINITY;
    const takeLeft = j >= right.scores.length || (i < left.scores.length && mine >= other);
    const takeRight = i >= left.scores.length || (j < right.scores.length && other >= mine);
    merged.scores.push(takeLeft ? mine : other);
    merged.positives.push((takeLeft ? left.positives[i]! : 0) + (takeRight ? right.positives[j]! : 0));
    merged.negatives.push((takeLeft ? left.negatives[i]! : 0) + (takeRight ? right.negatives[j]! : 0));
    if (takeLeft) i++;
    if (takeRight) j++;
  }
  return merged;
}
