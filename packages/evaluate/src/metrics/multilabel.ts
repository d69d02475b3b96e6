import { type AdditiveMetric, meanMetric } from "../additive.ts";

/** Labels that fit an example (1) and those that do not (0), with a score each. */
export interface ScoredLabels {
  readonly labels: ArrayLike<number>;
  readonly scores: ArrayLike<number>;
}

type LabelMetric = AdditiveMetric<ScoredLabels, { readonly value: number }>;

/** Normalised discounted cumulative gain of scored labels; labels of one score share their places (scikit-learn's `ndcg_score`). */
export function labelNdcg(k = Number.POSITIVE_INFINITY): LabelMetric {
  return meanMetric(`label-ndcg|k:${Number.isFinite(k) ? k : "all"}|ties:averaged`, ({ labels, scores }) => {
    const best = discountedGain(labels, labels, k);
    return best === 0 ? 0 : discountedGain(labels, scores, k) / best;
  });
}

/** For each fitting label the share of fitting ones among those ranked as high; 1 where all or none fit. */
export function labelRankingAveragePrecision(): LabelMetric {
  return meanMetric("label-ranking-average-precision|ties:pessimistic", ({ labels, scores }) => {
    const fitting = indices(labels).filter((index) => labels[index]! > 0);
    if (fitting.length === 0 || fitting.length === labels.length) return 1;
    const shares = fitting.map((index) => {
      const above = (among: readonly number[]): number =>
        among.filter((other) => scores[other]! >= scores[index]!).length;
      return above(fitting) / above(indices(labels));
    });
    return shares.reduce((sum, share) => sum + share, 0) / fitting.length;
  });
}

/** How far down the ranking one has to go for all fitting labels. */
export function coverageError(): LabelMetric {
  return meanMetric("coverage-error|ties:pessimistic", ({ labels, scores }) => {
    const fitting = indices(labels).filter((index) => labels[index]! > 0);
    const lowest = fitting.reduce((least, index) => Math.min(least, scores[index]!), Number.POSITIVE_INFINITY);
    return indices(labels).filter((index) => scores[index]! >= lowest).length;
  });
}

/** Share of labels that are wrong when those with a score above `threshold` are given. */
export function hammingLoss(threshold = 0.5): LabelMetric {
  return meanMetric(`hamming-loss|threshold:${threshold}`, ({ labels, scores }) => {
    const wrong = indices(labels).filter((index) => labels[index]! > 0 !== scores[index]! > threshold);
    return wrong.length / labels.length;
  });
}

/** Labels that fit and are given, over those that do either; 0 where there are none, as in scikit-learn. */
export function sampleJaccard(threshold = 0.5): LabelMetric {
  return meanMetric(`jaccard|average:samples|threshold:${threshold}`, ({ labels, scores }) => {
    const both = indices(labels).filter((index) => labels[index]! > 0 && scores[index]! > threshold).length;
    const either = indices(labels).filter((index) => labels[index]! > 0 || scores[index]! > threshold).length;
    return either === 0 ? 0 : both / either;
  });
}

function indices(values: ArrayLike<number>): number[] {
  return Array.from({ length: values.length }, (_, index) => index);
}

/** McSherry and Najork (2008): examples of one score get the mean of their gains at the places they share. */
function discountedGain(gains: ArrayLike<number>, scores: ArrayLike<number>, k: number): number {
  const order = indices(scores).sort((one, other) => scores[other]! - scores[one]!);
  let sum = 0;
  for (let start = 0; start < order.length; ) {
    let end = start;
    let [gain, discount] = [0, 0];
    while (end < order.length && scores[order[end]!] === scores[order[start]!]) {
      gain += gains[order[end]!]!;
      if (end < k) discount += 1 / Math.log2(end + 2);
      end++;
    }
    sum += (gain / (end - start)) * discount;
    start = end;
  }
  return sum;
}
