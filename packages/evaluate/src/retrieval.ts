import { type AdditiveMetric, observeAll } from "./additive.ts";
import { bootstrap } from "./bootstrap.ts";
import type { Score } from "./classification.ts";
import {
  meanAveragePrecision,
  mrrAt,
  ndcgAt,
  precisionAt,
  type RetrievedQuery,
  recallAt,
} from "./metrics/retrieval.ts";

/** Everything about a search: JSON. */
export interface RetrievalEvaluation {
  readonly kind: "retrieval";
  /** Queries. */
  readonly examples: number;
  /** nDCG, MRR, recall and precision at each cut-off, and MAP; from 0 to 1. */
  readonly scores: readonly Score[];
  /** Lowest nDCG at the first cut-off first. */
  readonly worst: readonly {
    readonly index: number;
    readonly query: string | null;
    readonly ndcg: number;
    readonly found: readonly string[];
    readonly relevant: readonly string[];
  }[];
  readonly resamples: number;
  readonly seed: number;
}

export interface RetrievalOptions {
  readonly queries: readonly (RetrievedQuery & { readonly query?: string })[];
  /** Cut-offs. Default [10, 1, 100]; the first is the one that counts. */
  readonly at?: readonly number[];
  readonly seed: number;
  /** Bootstrap resamples. Default 1000. */
  readonly resamples?: number;
  /** Default 24. */
  readonly shown?: number;
}

/** Rankings against what is relevant, in the manner of MTEB and trec_eval. @throws RangeError without queries. */
export function evaluateRetrieval(options: RetrievalOptions): RetrievalEvaluation {
  const { queries, at = [10, 1, 100], seed, resamples = 1000, shown = 24 } = options;
  if (queries.length === 0) throw new RangeError("Expected queries to evaluate. Received none.");
  if (at.length === 0) throw new RangeError("Expected one or more cut-offs. Received none.");
  const metrics: readonly (readonly [string, AdditiveMetric<RetrievedQuery, { readonly value: number }>])[] = [
    ...at.flatMap(
      (k) =>
        [
          [`nDCG@${k}`, ndcgAt(k)],
          [`MRR@${k}`, mrrAt(k)],
          [`recall@${k}`, recallAt(k)],
          [`precision@${k}`, precisionAt(k)],
        ] as const,
    ),
    ["MAP", meanAveragePrecision()],
  ];
  const tables = metrics.map(([, metric]) => observeAll(metric, queries));
  const intervals = bootstrap(queries.length, (weights) => tables.map((table) => table.score(weights).value), {
    seed,
    resamples,
  });
  return {
    kind: "retrieval",
    examples: queries.length,
    scores: metrics.map(([name, { signature }], which) => ({
      name,
      value: tables[which]!.score().value,
      ...intervals[which]!,
      signature: `${signature}|bs:${resamples}|seed:${seed}`,
    })),
    worst: queries
      .map(({ query = null, ranking, relevance }, index) => ({
        index,
        query,
        ndcg: tables[0]!.row(index)[0]!,
        found: ranking.slice(0, at[0]).map(String),
        relevant: Object.keys(relevance).filter((document) => relevance[document]! > 0),
      }))
      .sort((one, other) => one.ndcg - other.ndcg || one.index - other.index)
      .slice(0, shown),
    resamples,
    seed,
  };
}
