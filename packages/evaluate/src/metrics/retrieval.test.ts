import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { observeAll } from "../additive.ts";
import fixtures from "../fixtures/retrieval.json" with { type: "json" };
import { evaluateRetrieval } from "../retrieval.ts";
import { coverageError, hammingLoss, labelNdcg, labelRankingAveragePrecision, sampleJaccard } from "./multilabel.ts";
import { meanAveragePrecision, mrrAt, ndcgAt, precisionAt, type RetrievedQuery, recallAt } from "./retrieval.ts";

const shared = new URL("../../../../../shared/golden/metrics/sklearn_metrics_models.json", import.meta.url);
const sharedIsHere = existsSync(shared);
if (!sharedIsHere) console.log(`Skipped: no reference values at ${shared.pathname}`);

const queries = fixtures.queries as unknown as RetrievedQuery[];

describe("retrieval", () => {
  it.each([
    ["ndcg_cut_1", ndcgAt(1)],
    ["ndcg_cut_5", ndcgAt(5)],
    ["ndcg_cut_10", ndcgAt(10)],
    ["recall_1", recallAt(1)],
    ["recall_5", recallAt(5)],
    ["recall_10", recallAt(10)],
    ["P_1", precisionAt(1)],
    ["P_5", precisionAt(5)],
    ["P_10", precisionAt(10)],
    ["map", meanAveragePrecision()],
    ["map_cut_5", meanAveragePrecision(5)],
    ["recip_rank", mrrAt(1000)],
  ] as const)("trec_eval's %s", (name, metric) => {
    expect(observeAll(metric, queries).score().value).toBeCloseTo(fixtures.expected[name], 12);
  });

  it("is evaluated with intervals and the worst queries first", () => {
    const evaluation = evaluateRetrieval({ queries, at: [5], seed: 1, resamples: 50 });
    expect(evaluation.scores.map(({ name }) => name)).toEqual(["nDCG@5", "MRR@5", "recall@5", "precision@5", "MAP"]);
    expect(evaluation.worst[0]!.ndcg).toBe(0);
    expect(JSON.parse(JSON.stringify(evaluation))).toEqual(evaluation);
    expect(() => evaluateRetrieval({ queries: [], seed: 1 })).toThrow("Received none");
    expect(() => ndcgAt(0)).toThrow("Received 0");
  });
});

const multilabel = {
  ndcg: labelNdcg(),
  ndcg_at_3: labelNdcg(3),
  lrap: labelRankingAveragePrecision(),
  coverage: coverageError(),
  hamming: hammingLoss(),
  jaccard_samples: sampleJaccard(),
};

describe("labels", () => {
  const cases = [
    ["here", fixtures.labels, fixtures.scores, fixtures.multilabel],
    ...(sharedIsHere
      ? (({ y, score, expected }) => [["in ../shared/golden", y, score, expected] as const])(
          JSON.parse(readFileSync(shared, "utf8")).ranking,
        )
      : []),
  ] as const;

  it.each(cases)("scikit-learn's values, %s", (_, labels, scores, expected) => {
    const examples = labels.map((row: number[], index: number) => ({ labels: row, scores: scores[index]! }));
    for (const [name, metric] of Object.entries(multilabel)) {
      expect(observeAll(metric, examples).score().value, name).toBeCloseTo(expected[name as "ndcg"], 12);
    }
  });
});
