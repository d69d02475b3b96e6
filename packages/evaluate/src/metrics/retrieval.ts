import { type AdditiveMetric, meanMetric } from "../additive.ts";

/** What was found for a query. */
export interface RetrievedQuery {
  /** Documents, best first; each once. */
  readonly ranking: readonly (string | number)[];
  /** Documents that answer the query and how well: 1 or more; others are 0. */
  readonly relevance: Readonly<Record<string, number>>;
}

type RetrievalMetric = AdditiveMetric<RetrievedQuery, { readonly value: number }>;

/** Normalised discounted cumulative gain of the first k, gains being the relevance itself (trec_eval's `ndcg_cut`). */
export function ndcgAt(k: number): RetrievalMetric {
  return ofRelevances(`ndcg|k:${k}|gain:linear`, k, (relevances, query) => {
    const ideal = Object.values(query.relevance)
      .filter((value) => value > 0)
      .sort((one, other) => other - one)
      .slice(0, k);
    const best = gain(ideal);
    return best === 0 ? 0 : gain(relevances) / best;
  });
}

/** Mean over queries of 1 / place of the first relevant document, 0 when it is not among the first k. */
export function mrrAt(k: number): RetrievalMetric {
  return ofRelevances(`mrr|k:${k}`, k, (relevances) => {
    const place = relevances.findIndex((value) => value > 0);
    return place < 0 ? 0 : 1 / (place + 1);
  });
}

/** Share of the relevant documents that are among the first k. */
export function recallAt(k: number): RetrievalMetric {
  return ofRelevances(`recall|k:${k}`, k, (relevances, query) => {
    const all = relevantCount(query);
    return all === 0 ? 0 : relevances.filter((value) => value > 0).length / all;
  });
}

/** Share of the first k that are relevant; places that nothing was found for count as misses. */
export function precisionAt(k: number): RetrievalMetric {
  return ofRelevances(`precision|k:${k}`, k, (relevances) => relevances.filter((value) => value > 0).length / k);
}

/** Mean average precision: over the relevant documents, the precision at each one's place; with k, of the first k alone. */
export function meanAveragePrecision(k = Number.POSITIVE_INFINITY): RetrievalMetric {
  const signature = `map|k:${Number.isFinite(k) ? k : "all"}`;
  return ofRelevances(signature, k, (relevances, query) => {
    const all = relevantCount(query);
    let [found, sum] = [0, 0];
    relevances.forEach((value, place) => {
      if (value <= 0) return;
      found++;
      sum += found / (place + 1);
    });
    return all === 0 ? 0 : sum / all;
  });
}

function ofRelevances(
  signature: string,
  k: number,
  value: (relevances: readonly number[], query: RetrievedQuery) => number,
): RetrievalMetric {
  if (!(k >= 1)) throw new RangeError(`Expected a cut-off from 1 on. Received ${k}.`);
  return meanMetric(signature, (query) => {
    const first = query.ranking.slice(0, k);
    return value(
      first.map((document) => (Object.hasOwn(query.relevance, document) ? query.relevance[document]! : 0)),
      query,
    );
  });
}

function gain(relevances: readonly number[]): number {
  return relevances.reduce((sum, value, place) => sum + Math.max(0, value) / Math.log2(place + 2), 0);
}

function relevantCount({ relevance }: RetrievedQuery): number {
  return Object.values(relevance).filter((value) => value > 0).length;
}
