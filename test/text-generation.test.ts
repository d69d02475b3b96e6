import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { languageModelFromPretrained } from "@nacre/models";
import type { TextContinuation } from "@nacre/tasks";
import { ready, tf } from "@nacre/tensor";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { predictorOf, runIn } from "./run-in.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nacre-generation-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const recipe = (data: string) => `name: words
title: { en: Words, zh: 词句 }
task: text-generation
seed: 3
data: ${data}
model: { family: llama, layers: 1, heads: 2, width: 32 }
train: { epochs: 2, batch: 16, checkpointEvery: 7, optimizer: { name: adamw, learningRate: 0.01 } }
evaluate: { resamples: 100 }
generate: { prompts: ["the "], samples: 2, maxNewTokens: 20 }
`;
const generated = recipe("{ source: { from: generator, generator: sentences, count: 400 }, context: 32 }");

describe("text generation", () => {
  it("learns, is compared with n-grams, and continues prompts from its bundle", async () => {
    await ready();
    const before = tf.memory().numTensors;
    const files = await runIn(join(folder, "first"), generated);
    expect(tf.memory().numTensors).toBe(before);
    const { baselines, evaluation } = JSON.parse(await readFile(join(files.path, "evaluation.json"), "utf8"));
    expect(baselines.length).toBeGreaterThanOrEqual(2);
    const bits = evaluation.scores.find(({ name }: { name: string }) => name === "bits per character");
    expect(bits.value).toBeGreaterThan(0.3);
    expect(bits.value).toBeLessThan(4);
    expect(bits.low).toBeLessThan(bits.value);
    for (const page of [files.reportIn("zh"), files.dataReportIn("zh")]) {
      expect(await readFile(page, "utf8")).toContain('<html lang="zh');
    }

    const predictor = await predictorOf(files);
    const ask = async (input: object) =>
      ((await predictor.predict([predictor.inputSchema.parse(input)])) as TextContinuation[])[0]!;
    const first = await ask({ prompt: "the ", seed: 5, maxNewTokens: 30 });
    expect(await ask({ prompt: "the ", seed: 5, maxNewTokens: 30 })).toEqual(first);
    expect(first.text).toBe(first.tokens.map(({ text }) => text).join(""));
    for (const { probability, alternatives } of first.tokens) {
      expect(probability).toBeGreaterThan(0);
      expect(alternatives[0]!.probability).toBeGreaterThanOrEqual(alternatives[1]!.probability);
    }
    expect(() => predictor.inputSchema.parse({ prompt: "the ", temperature: -1 })).toThrow();
    predictor.dispose();
  });

  it("resumes a stopped run to the same bits", async () => {
    await runIn(join(folder, "stopped"), generated, { pauseAfterEpochs: 1 });
    const files = await runIn(join(folder, "stopped"), generated, { recipe: undefined, resume: true });
    const weights = (path: string) => readFile(join(path, "bundle", "model.safetensors"));
    expect((await weights(files.path)).equals(await weights(join(folder, "first")))).toBe(true);
  });

  it("learns the texts of a file by pieces of words, into a folder like any pretrained one", async () => {
    const lines = Array.from(
      { length: 300 },
      (_, at) => `the ${["old", "new", "red"][at % 3]} fox number ${at} sees 狐狸`,
    );
    await writeFile(join(folder, "lines.jsonl"), lines.map((text) => JSON.stringify({ text })).join("\n"));
    const data =
      "{ source: { from: files, path: lines.jsonl }, tokenizer: { kind: bpe, vocabularySize: 320 }, rows: documents }";
    const files = await runIn(join(folder, "pieces"), recipe(data));
    const predictor = await predictorOf(files);
    const [written] = (await predictor.predict([
      predictor.inputSchema.parse({ prompt: "the red" }),
    ])) as TextContinuation[];
    expect(written!.tokens.length).toBeGreaterThan(0);
    predictor.dispose();
    const opened = await languageModelFromPretrained(files.bundle);
    expect(opened.vocabulary).toBeGreaterThanOrEqual(258);
  });
});
