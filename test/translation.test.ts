import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromPretrained, isSequenceToSequenceModel } from "@nacre/models";
import type { TextTranslation } from "@nacre/tasks";
import { ready, tf } from "@nacre/tensor";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { predictorOf, runIn } from "./run-in.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nacre-translation-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const recipe = (data: string) => `name: phrases
title: { en: Phrases, zh: 短语 }
task: translation
seed: 3
data: ${data}
model: { family: transformer, layers: 1, heads: 2, width: 32, hidden: 64, dropout: 0.1, normalize: before }
train: { epochs: 2, batchTokens: 600, checkpointEvery: 7, optimizer: { name: adam, learningRate: 0.01, beta2: 0.98 } }
evaluate: { resamples: 100 }
`;
const generated = recipe(
  "{ source: { from: generator, generator: phrases, count: 800 }, tokenizer: { kind: bpe, vocabularySize: 700 }, context: 64 }",
);

describe("translation", () => {
  it("learns, is compared with word-by-word translation, and translates from its bundle", async () => {
    await ready();
    const before = tf.memory().numTensors;
    const files = await runIn(join(folder, "first"), generated);
    expect(tf.memory().numTensors).toBe(before);
    const { evaluation, baselines, comparison, attention } = JSON.parse(
      await readFile(join(files.path, "evaluation.json"), "utf8"),
    );
    expect(evaluation.scores.map(({ name }: { name: string }) => name)).toEqual(["BLEU", "chrF2", "chrF2++", "TER"]);
    expect(evaluation.scores[0].signature).toMatch(/^nrefs:1\|bs:100\|seed:3\|case:mixed\|.*tok:13a/);
    expect(baselines.map(({ name }: { name: string }) => name)).toEqual(["word by word", "copy of the source"]);
    expect(comparison.rows[0].name).toBe("BLEU");
    expect(attention).toHaveLength(3);
    for (const language of ["en", "zh"] as const) {
      expect(await readFile(files.reportIn(language), "utf8")).toContain('<table class="attention">');
    }

    const predictor = await predictorOf(files);
    expect(predictor.input).toMatchObject({ kind: "translation", source: "zh", target: "en" });
    const ask = async (input: object) =>
      ((await predictor.predict([predictor.inputSchema.parse(input)])) as TextTranslation[])[0]!;
    const first = await ask({ text: "这只猫看着那条河。" });
    expect(await ask({ text: " 这只猫看着那条河。" })).toEqual(first);
    expect(first.text).not.toBe("");
    expect(first.sourceTokens.join("").trim()).toBe("这只猫看着那条河。</s>");
    expect(first.targetTokens.join("").trim()).toBe(`${first.text}</s>`);
    expect(first.attention).toHaveLength(first.targetTokens.length);
    for (const row of first.attention) {
      expect(row).toHaveLength(first.sourceTokens.length);
      expect(row.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 4);
    }
    expect(() => predictor.inputSchema.parse({ text: " " })).toThrow("expected a text that is not empty");
    predictor.dispose();
    expect(isSequenceToSequenceModel(await fromPretrained(files.bundle))).toBe(true);
  });

  it("resumes a stopped run to the same bits", async () => {
    await runIn(join(folder, "stopped"), generated, { pauseAfterEpochs: 1 });
    const files = await runIn(join(folder, "stopped"), generated, { recipe: undefined, resume: true });
    const weights = (path: string) => readFile(join(path, "bundle", "model.safetensors"));
    expect((await weights(files.path)).equals(await weights(join(folder, "first")))).toBe(true);
  });

  it("learns the pairs of a file", async () => {
    const pairs = Array.from({ length: 120 }, (_, at) => [`rot ${at} haus`, `red ${at} house`] as const);
    await writeFile(join(folder, "pairs.tsv"), pairs.map((pair) => pair.join("\t")).join("\n"));
    const records = pairs.map(([source, target]) => JSON.stringify({ source, target, id: 1 }));
    await writeFile(join(folder, "pairs.jsonl"), records.join("\n"));
    const bits: Buffer[] = [];
    for (const name of ["pairs.tsv", "pairs.jsonl"]) {
      const data = `{ source: { from: files, path: ${name}, source: de, target: en }, tokenizer: { kind: characters } }`;
      const files = await runIn(join(folder, name.replace(".", "-")), recipe(data));
      bits.push(await readFile(join(files.bundle, "model.safetensors")));
    }
    expect(bits[0]!.equals(bits[1]!)).toBe(true);
    await writeFile(join(folder, "faulty.tsv"), "only one side");
    const data = "{ source: { from: files, path: faulty.tsv, source: de, target: en } }";
    await expect(runIn(join(folder, "faulty"), recipe(data))).rejects.toThrow(
      "expected source, tab and target on a line",
    );
  });
});
