import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { Random } from "@nacre/random";
import { disposeModel, parameters, parseSafetensors, ready, tf, toFloat32 } from "@nacre/tensor";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  Bert,
  bertBase,
  inference,
  SentenceEncoder,
  SentencePooling,
  saveSentenceEncoder,
  sentenceEncoderFromPretrained,
} from "./index.ts";

const sizes = { vocabulary: 20, context: 9, layers: 1, heads: 2, width: 8, hidden: 12 };

let scratch = "";
beforeAll(async () => void (scratch = await mkdtemp(join(tmpdir(), "nacre-sentences-"))));
afterAll(() => rm(scratch, { recursive: true, force: true }));

describe("SentenceEncoder", () => {
  beforeAll(async () => void (await ready({ backend: "cpu" })));
  const sentences = [[5, 6], [1], [7, 8, 9, 10, 11, 12], [5, 6], [2, 3, 4]];

  it("gives each sentence the vector it has alone, in its order", async () => {
    const model = new SentenceEncoder(new Bert(bertBase(sizes), new Random(1)));
    const before = tf.memory().numTensors;
    const done: number[] = [];
    const vectors = await model.embed(sentences, { batch: 2, onProgress: (count) => done.push(count) });
    expect(done).toEqual([2, 4, 5]); // 6 and 3 tokens, 2 and 2, 1
    for (const [index, sentence] of sentences.entries()) {
      const alone = tf.tidy(() => model.forward(tf.tensor2d([sentence], undefined, "int32"), inference).dataSync());
      alone.forEach((value, feature) => void expect(vectors[index]![feature]).toBeCloseTo(value, 5));
      expect(Math.hypot(...vectors[index]!)).toBeCloseTo(1, 5);
    }
    expect(tf.memory().numTensors).toBe(before);
    expect(await model.embed([])).toEqual([]);
    disposeModel(model);
  });

  it("refuses sentences that are empty or too long", async () => {
    const model = new SentenceEncoder(new Bert(bertBase(sizes), new Random(1)), { longest: 4 });
    await expect(model.embed([[1], []])).rejects.toThrow(
      "expected 1 to 4 ids of each sentence. Received 0 of sentence 1",
    );
    await expect(model.embed([[1, 2, 3, 4, 5]])).rejects.toThrow("Received 5 of sentence 0");
    disposeModel(model);
  });

  it.each(SentencePooling.options)("writes a folder with %s as it reads it", async (pooling) => {
    const normalize = pooling === "mean";
    const model = new SentenceEncoder(new Bert(bertBase(sizes), new Random(1)), { pooling, normalize, longest: 7 });
    const folder = join(scratch, pooling);
    await saveSentenceEncoder(model, folder);
    const again = await sentenceEncoderFromPretrained(folder);
    expect(again).toMatchObject({ pooling, normalize, longest: 7 });
    expect(await again.embed(sentences)).toEqual(await model.embed(sentences));
    disposeModel(model);
    disposeModel(again);
  });

  it("reads the newer way to say how to pool, and refuses what it cannot do", async () => {
    const model = new SentenceEncoder(new Bert(bertBase(sizes), new Random(1)));
    const folder = join(scratch, "newer");
    await saveSentenceEncoder(model, folder);
    disposeModel(model);
    const write = (mode: unknown) =>
      writeFile(join(folder, "1_Pooling", "config.json"), JSON.stringify({ pooling_mode: mode, include_prompt: true }));
    await write("lasttoken");
    const again = await sentenceEncoderFromPretrained(folder);
    expect(again.pooling).toBe("last");
    disposeModel(again);
    await write(["cls", "mean"]);
    await expect(sentenceEncoderFromPretrained(folder)).rejects.toThrow("Expected one way to pool of mean, cls,");
    const modules = ["Transformer", "Pooling", "Dense"].map((type, idx) => ({ idx, path: "", type: `models.${type}` }));
    await writeFile(join(folder, "modules.json"), JSON.stringify(modules));
    await expect(sentenceEncoderFromPretrained(folder)).rejects.toThrow("Received Transformer, Pooling, Dense");
  });
});

const { NACRE_MINILM, XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
const cache = join(XDG_CACHE_HOME || LOCALAPPDATA || join(homedir(), ".cache"), "nacre", "pretrained");
const minilm = NACRE_MINILM || join(cache, "all-minilm-l6-v2");
const there = existsSync(join(minilm, "model.safetensors"));
if (!there)
  console.log(`Skipped: all-MiniLM-L6-v2 is not at ${minilm}; \`node tools/pretrained/minilm.mjs\` fetches it`);

describe.skipIf(!there)("all-MiniLM-L6-v2", () => {
  it("embeds 100 sentences as sentence-transformers does", async () => {
    await ready({ backend: "native" }).catch(() => ready({ backend: "wasm" }));
    // Made by tools/golden/models_minilm.py.
    const { tensors } = parseSafetensors(
      readFileSync(new URL("./fixtures/minilm/expected.safetensors", import.meta.url)),
    );
    const read = (name: string) => toFloat32(tensors.get(name)!);
    const [ids, lengths, expected] = [read("ids"), read("lengths"), read("embeddings")];
    let start = 0;
    const sentences = Array.from(lengths, (length) => ids.subarray(start, (start += length)));
    const model = await sentenceEncoderFromPretrained(minilm);
    expect(model).toMatchObject({ pooling: "mean", normalize: true, longest: 256 });
    expect([...parameters(model).values()].reduce((sum, { size }) => sum + size, 0)).toBe(22_713_216);

    const vectors = await model.embed(sentences);
    expect(vectors).toHaveLength(100);
    const cosines = vectors.map((vector, row) => {
      const reference = expected.subarray(384 * row, 384 * (row + 1));
      const dot = (left: Float32Array, right: Float32Array) =>
        left.reduce((sum, value, i) => sum + value * right[i]!, 0);
      return dot(vector, reference) / Math.sqrt(dot(vector, vector) * dot(reference, reference));
    });
    expect(Math.min(...cosines)).toBeGreaterThanOrEqual(0.99999);
    disposeModel(model);
  });
});
