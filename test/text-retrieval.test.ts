import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openTokenizer } from "@nacre/data";
import { sentenceEncoderFromPretrained } from "@nacre/models";
import type { Predictor, RunFolder, SearchResult } from "@nacre/tasks";
import { disposeModel } from "@nacre/tensor";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { predictorOf, runIn } from "./run-in.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nacre-search-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const recipe = (parts: string): string => `name: phrases
title: { en: Search, zh: 检索 }
task: text-retrieval
seed: 3
${parts}
evaluate: { resamples: 100 }
`;

describe("text retrieval", () => {
  let first: RunFolder;
  let predictor: Predictor;
  beforeAll(async () => {
    first = await runIn(
      join(folder, "phrases"),
      recipe(`data:
  source: { from: generator, generator: phrases, count: 1000, test: 0.15 }
  tokenizer: { vocabularySize: 500 }
  context: 48
model: { family: bert, layers: 0, width: 32, dropout: 0 }
train: { epochs: 3, batch: 64, optimizer: { name: adam, learningRate: 0.01 } }`),
    );
    predictor = await predictorOf(first);
  });
  afterAll(() => predictor?.dispose());

  it("finds sentences of the other language, better than BM25 on translated words", async () => {
    const { evaluation, baselines, comparison } = JSON.parse(
      await readFile(join(first.path, "evaluation.json"), "utf8"),
    );
    expect(evaluation.scores.map(({ name }: { name: string }) => name)).toEqual([
      ...["nDCG@10", "MRR@10", "recall@10", "recall@1", "recall@100", "nDCG@10, zh → en", "nDCG@10, en → zh"],
    ]);
    expect(evaluation.scores[0].value).toBeGreaterThan(0.9);
    const [direct, translated] = baselines.map(({ scores }: { scores: { value: number }[] }) => scores[0]!.value);
    expect(direct).toBeLessThan(0.1);
    expect(translated).toBeGreaterThan(0.8);
    expect(comparison.best).toBe("BM25 on translated words");
    expect(await readFile(join(first.path, "report.zh.html"), "utf8")).toContain("zh → en");
  });

  it("searches its own texts, and those that a query brings", async () => {
    const ask = async (input: object): Promise<SearchResult> =>
      (await predictor.predict([predictor.inputSchema.parse(input)]))[0] as SearchResult;
    expect(predictor.input).toMatchObject({ kind: "search", sides: ["zh", "en"] });
    const texts = ["The teacher sells the lamp today.", "The old cat loves the boat.", "The doctor draws the river."];
    const { hits } = await ask({ query: "老猫爱船。", texts, count: 2 });
    expect(hits.map(({ index }) => index)[0]).toBe(1);
    expect(hits).toHaveLength(2);
    expect(hits[0]!.text).toBe(texts[1]);
    expect((await ask({ query: "老猫爱船。" })).hits).toHaveLength(10);
    expect(() => predictor.inputSchema.parse({ query: "" })).toThrow();
    expect(() => predictor.inputSchema.parse({ query: "a", texts: [] })).toThrow();
  });

  it("is a folder of sentence-transformers, from which another recipe goes on, with pairs of one's own", async () => {
    const { bundle } = first;
    const tokenizer = await openTokenizer(bundle);
    const model = await sentenceEncoderFromPretrained(bundle);
    expect([model.pooling, model.normalize, model.longest]).toEqual(["mean", true, 48]);
    const [one, other] = await model.embed(["老猫爱船。", "老猫爱船。"].map((text) => tokenizer.encodeIds(text)));
    expect(one).toEqual(other);
    disposeModel(model);
    const rows = Array.from({ length: 60 }, (_, index) => `狐狸看着第${index}本书。\tThe fox watches book ${index}.`);
    await writeFile(join(folder, "pairs.tsv"), `query\tdocument\n${rows.join("\n")}\n`);
    const files = await runIn(
      join(folder, "further"),
      recipe(`data: { source: { from: file, path: pairs.tsv, test: 0.2 } }
model: { pretrained: ${bundle} }
train: { epochs: 2, batch: 16 }`),
    );
    const further = await predictorOf(files);
    expect(further.input).toMatchObject({ kind: "search", sides: ["query", "document"] });
    further.dispose();
  });
});
