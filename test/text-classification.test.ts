import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ClassPrediction } from "@nacre/tasks";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { predictorOf, runIn } from "./run-in.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nacre-texts-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const text = `name: texts
title: { en: Texts, zh: 文本 }
task: text-classification
seed: 3
data: { source: { from: generator, generator: reviews, count: 800 } }
model: { family: bag, buckets: 1024, features: 16, length: 96, characters: [3, 4], weighting: tf-idf }
train: { epochs: 6, batch: 16, optimizer: { name: adam, learningRate: 0.02 } }
evaluate: { resamples: 100 }
`;

describe("text classification", () => {
  it("learns sentences, is compared with simple algorithms, and predicts from its bundle", async () => {
    const files = await runIn(join(folder, "run"), text);
    const { baselines, evaluation } = JSON.parse(await readFile(join(files.path, "evaluation.json"), "utf8"));
    expect(baselines.map(({ name }: { name: string }) => name)).toEqual(["majority", "naive Bayes", "TF-IDF + SVM"]);
    expect(evaluation.scores[0].value).toBeGreaterThan(0.85);
    const predictor = await predictorOf(files);
    const ask = async (...texts: string[]) =>
      (await predictor.predict(texts.map((each) => predictor.inputSchema.parse({ text: each })))) as ClassPrediction[];
    const both = await ask("the soup was very delicious", "this phone seemed really awful");
    expect(both.map(({ label }) => label)).toEqual(["positive", "negative"]);
    const [alone] = await ask("this phone seemed really awful");
    expect(alone!.probabilities.negative).toBeCloseTo(both[1]!.probabilities.negative!, 5);
    expect(alone!.attributions).toBeUndefined();
    const input = predictor.inputSchema.parse({ text: "this phone seemed really awful", attributions: true });
    const [explained] = (await predictor.predict([input])) as ClassPrediction[];
    const tokens = [...explained!.attributions!].sort((left, right) => right.value - left.value);
    expect(tokens[0]).toMatchObject({ text: "awful", start: 25, end: 30 });
    expect(() => predictor.inputSchema.parse({ text: "" })).toThrow();
    predictor.dispose();
  });

  it("scores every text once by cross-validation, beside simple algorithms on the same folds", async () => {
    const folds = text
      .replace("count: 800", "count: 300")
      .replace("batch: 16", "batch: 8")
      .replace("resamples: 100", "resamples: 100, folds: 3");
    const { path } = await runIn(join(folder, "folds"), folds);
    const { baselines, evaluation, comparison } = JSON.parse(await readFile(join(path, "evaluation.json"), "utf8"));
    expect(evaluation.examples).toBe(300);
    expect(baselines.map(({ predictions }: { predictions: number[] }) => predictions.length)).toEqual([300, 300, 300]);
    expect(comparison).toMatchObject({ examples: 300, comparison: { test: "mcnemar" } });
    expect(evaluation.scores[0].value).toBeGreaterThan(0.7);
  });
});
