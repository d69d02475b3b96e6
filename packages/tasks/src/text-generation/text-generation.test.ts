import { Gpt2, Gpt2Config } from "@nacre/models";
import { Random } from "@nacre/random";
import { disposeModel, ready, tf } from "@nacre/tensor";
import { beforeAll, describe, expect, it } from "vitest";
import { randomCrops, scoredRows, scoreRows } from "../language-model-rows.ts";
import { tokenizerFor } from "../text-tokenizer.ts";
import { continueTexts } from "./continue-texts.ts";
import { isQuatrain } from "./quatrain.ts";
import { sentences } from "./sentences.ts";

beforeAll(async () => {
  await ready({ backend: "cpu" });
});

const small = () =>
  new Gpt2(
    Gpt2Config.parse({ family: "gpt2", vocabulary: 11, context: 8, layers: 1, heads: 2, width: 8, dropout: 0 }),
    new Random(3),
  );

describe("isQuatrain", () => {
  it("wants four lines of 5 or 7 characters with their punctuation", () => {
    expect(isQuatrain("白日依山盡，黃河入海流。\n欲窮千里目，更上一層樓。")).toBe(true);
    expect(isQuatrain("白日依山盡，黃河入海流。\n欲窮千里目，更上一層。")).toBe(false);
    expect(isQuatrain("白日依山盡，黃河入海流，\n欲窮千里目，更上一層樓。")).toBe(false);
    expect(isQuatrain("白日依山，黃河入海。欲窮千里，更上一層。")).toBe(false);
  });
});

describe("sentences", () => {
  it("are the same for the same seed, and end in a full stop", async () => {
    const first = await sentences({ seed: 5, count: 50 }).toArray();
    expect(await sentences({ seed: 5, count: 50 }).toArray()).toEqual(first);
    for (const { text } of first) expect(text).toMatch(/^[A-Z][a-z ]+\.$/);
  });
});

describe("tokenizerFor", () => {
  it("has one character for those that are rare or new", async () => {
    const context = { folder: ".", progress() {} };
    const text = await tokenizerFor({ kind: "characters", minimumCount: 2 }, ["aab", "ab c"], context);
    expect(text.normalize("abcz")).toBe("ab\ufffd\ufffd");
    const ids = text.tokenizer.encodeIds(text.normalize("baz"));
    expect(text.tokenizer.decode(ids, { skipSpecial: false })).toBe("ba\ufffd");
    expect([...ids]).not.toContain(text.end);
  });
});

describe("rows of a language model", () => {
  it("are seekable: a batch reopened anywhere is the same", async () => {
    const ids = Int32Array.from({ length: 100 }, (_, index) => index % 11);
    const crops = randomCrops(ids, { context: 8, batch: 2, random: new Random(1) });
    const cursor = crops.open(undefined, 3);
    await cursor.next();
    const position = cursor.position();
    const second = await cursor.next();
    expect(await crops.open(position, 3).next()).toEqual(second);
    expect(await crops.open(position, 4).next()).not.toEqual(second);
  });

  it("score every token but the first once, whatever the batch", async () => {
    const model = small();
    const ids = Int32Array.from([1, 5, 2, 7, 9, 3, 3, 0, 10, 4, 6, 8, 1]);
    const rows = scoredRows(ids, { context: 8, stride: 4 });
    expect(rows.reduce((sum, row) => sum + row.ids.length - row.scored, 0)).toBe(12);
    const together = await scoreRows(model, rows, { padding: 0 });
    const apart = await scoreRows(model, rows, { padding: 0, batch: 1 });
    together.forEach((value, index) => expect(value).toBeCloseTo(apart[index]!, 4));
    const own = rows[0]!.ids;
    const inputs = tf.tensor2d(own.subarray(0, -1), [1, own.length - 1], "int32");
    const logits = tf.logSoftmax(model.forward(inputs, { training: false }));
    const logProbabilities = (await logits.array()) as number[][][];
    const expected = own.subarray(1).reduce((sum, id, place) => sum + logProbabilities[0]![place]![id]!, 0);
    expect(together[0]!).toBeCloseTo(expected, 4);
    disposeModel(model);
  });
});

describe("continueTexts", () => {
  it("goes on beyond the context, the same for the same seed", async () => {
    const model = small();
    const settings = { maxNewTokens: 30, temperature: 1, topK: 0, topP: 1, endTokens: [], seed: 4, alternatives: 2 };
    const prompts = [[1, 2, 3], [4]];
    const texts = await continueTexts(model, prompts, settings);
    for (const { ids, logProbabilities, topAlternatives, finishReason } of texts) {
      expect(ids).toHaveLength(30);
      expect(logProbabilities).toHaveLength(30);
      expect(topAlternatives[29]).toHaveLength(2);
      expect(finishReason).toBe("length");
    }
    expect(await continueTexts(model, prompts, settings)).toEqual(texts);
    disposeModel(model);
  });
});
