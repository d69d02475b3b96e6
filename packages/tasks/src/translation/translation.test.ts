import { Transformer, TransformerConfig } from "@nacre/models";
import { Random } from "@nacre/random";
import { disposeModel, ready, tf } from "@nacre/tensor";
import { ignored } from "@nacre/train";
import { beforeAll, describe, expect, it } from "vitest";
import { meanLoss } from "./model.ts";
import { type EncodedPair, groupsWithin, pairBatch, pairBatches } from "./pair-batches.ts";
import { pairTokenizerFor } from "./pair-tokenizer.ts";
import { phrases } from "./phrases.ts";
import { translateTexts } from "./translate-texts.ts";

beforeAll(async () => {
  await ready({ backend: "cpu" });
});

const context = { folder: "." };
const pair = (source: number, target: number): EncodedPair => ({
  source: new Int32Array(source).fill(3),
  target: new Int32Array(target).fill(4),
});

describe("phrases", () => {
  it("are the same for the same seed, and one Chinese phrase has one translation", async () => {
    const first = await phrases({ seed: 5, count: 400 }).toArray();
    expect(await phrases({ seed: 5, count: 400 }).toArray()).toEqual(first);
    const known = new Map<string, string>();
    for (const { source, target } of first) {
      expect(source).toMatch(/^\p{sc=Han}+。$/u);
      expect(target).toMatch(/^[A-Z][a-z ]+\.$/);
      expect(known.get(source) ?? target).toBe(target);
      known.set(source, target);
    }
  });
});

describe("pairTokenizerFor", () => {
  const texts = ["Die Katze sieht die Katze.", "the cat sees the cat", "猫看见猫。"];

  it.each(["bpe", "unigram", "characters"] as const)("%s: one vocabulary that gives the text back", async (kind) => {
    const config = kind === "characters" ? { kind } : { kind, vocabularySize: kind === "bpe" ? 290 : 110 };
    const { tokenizer, end, padding } = await pairTokenizerFor(config, [...texts, ...texts], context);
    expect(new Set([end, padding]).size).toBe(2);
    for (const text of texts) {
      const ids = tokenizer.encodeIds(text, { special: false });
      expect(tokenizer.decode(ids).trim()).toBe(text.normalize("NFKC") === text ? text : text.normalize("NFKC"));
      expect([...ids]).not.toContain(end);
    }
  });

  it("bpe: a word begins a text with the token that it has inside, and a Chinese character is one of its own", async () => {
    const many = Array.from({ length: 20 }, () => "katze katze 猫看见猫");
    const { tokenizer } = await pairTokenizerFor({ kind: "bpe", vocabularySize: 400 }, many, context);
    const ids = tokenizer.encodeIds("katze katze", { special: false });
    expect(ids).toHaveLength(2);
    expect(ids[0]).toBe(ids[1]);
    const shown = [...tokenizer.encodeIds("猫看见猫", { special: false })].map((id) => tokenizer.decode([id]).trim());
    expect(shown.filter((text) => text !== "")).toEqual(["猫", "看", "见", "猫"]);
  });
});

describe("batches of pairs", () => {
  it("pads each side at the right and gives the decoder the target one place later", () => {
    const pairs = [
      { source: Int32Array.of(5, 6, 1), target: Int32Array.of(7, 1) },
      { source: Int32Array.of(8, 1), target: Int32Array.of(9, 4, 1) },
    ];
    const batch = pairBatch(pairs, { padding: 0, start: 2 });
    expect([batch.size, batch.sourceTime, batch.targetTime]).toEqual([2, 3, 3]);
    expect([...batch.source]).toEqual([5, 6, 1, 8, 1, 0]);
    expect([...batch.mask]).toEqual([1, 1, 1, 1, 1, 0]);
    expect([...batch.labels]).toEqual([7, 1, ignored, 9, 4, 1]);
    expect([...batch.target]).toEqual([2, 7, 1, 2, 9, 4]);
  });

  it("keeps groups within the budget of tokens and of pairs, and a pair over it alone", () => {
    const sorted = [pair(2, 2), pair(2, 2), pair(3, 2), pair(2, 4), pair(9, 9), pair(9, 30)];
    expect(groupsWithin(sorted, { pairs: 10, tokens: 18 })).toEqual([
      { start: 0, end: 3 },
      { start: 3, end: 4 },
      { start: 4, end: 5 },
      { start: 5, end: 6 },
    ]);
    expect(groupsWithin(sorted.slice(0, 3), { pairs: 2, tokens: 1000 }).map(({ end }) => end)).toEqual([2, 3]);
    expect(groupsWithin([], { pairs: 2, tokens: 10 })).toEqual([]);
  });

  it("has every pair once in a pass, little padding, another order in each pass, and reopens anywhere", async () => {
    const random = new Random(3);
    const pairs = Array.from({ length: 500 }, (_, at) => {
      const [one, other] = [3 + random.integer(9), 3 + random.integer(9)];
      return { source: new Int32Array(one).fill(at), target: new Int32Array(other).fill(at) };
    });
    const batches = pairBatches(pairs, { pairs: 100, tokens: 300, padding: -1, start: -2, seed: 1 });
    const seen: number[] = [];
    let [padding, cells] = [0, 0];
    for await (const { size, sourceTime, targetTime, source, mask, labels } of batches) {
      expect(size * (sourceTime + targetTime)).toBeLessThanOrEqual(300);
      for (let row = 0; row < size; row++) seen.push(source[row * sourceTime]!);
      cells += source.length + labels.length;
      padding += mask.filter((value) => value === 0).length + labels.filter((value) => value === ignored).length;
    }
    expect(seen.toSorted((one, other) => one - other)).toEqual(pairs.map((_, at) => at));
    expect(padding / cells).toBeLessThan(0.2);
    const cursor = batches.open(undefined, 2);
    const first = await cursor.next();
    const position = cursor.position();
    const second = await cursor.next();
    expect(await batches.open(position, 2).next()).toEqual(second);
    expect(await batches.open(undefined, 3).next()).not.toEqual(first);
  });
});

describe("a translator", () => {
  const small = () =>
    new Transformer(
      TransformerConfig.parse({
        ...{ family: "transformer", vocabulary: 12, context: 16, encoderLayers: 1, decoderLayers: 1, heads: 2 },
        ...{ width: 8, hidden: 16, specialTokens: { end: [1], padding: 0 }, start: 0 },
      }),
      new Random(4),
    );

  it("has the loss of its pairs, whatever they are batched with", async () => {
    const model = small();
    const pairs = [
      { source: Int32Array.of(5, 6, 1), target: Int32Array.of(7, 1) },
      { source: Int32Array.of(8, 1), target: Int32Array.of(9, 4, 6, 1) },
    ];
    const options = { padding: 0, start: 0 };
    const before = tf.memory().numTensors;
    const [both, one, other] = [
      await meanLoss(model, pairs, options),
      await meanLoss(model, pairs.slice(0, 1), options),
      await meanLoss(model, pairs.slice(1), options),
    ];
    expect(tf.memory().numTensors).toBe(before);
    expect(both).toBeCloseTo((2 * one + 4 * other) / 6, 5);
    disposeModel(model);
  });

  it("translates many texts as it does each alone, cut to its context", async () => {
    const model = small();
    const { tokenizer } = await pairTokenizerFor({ kind: "characters" }, ["abcdefghi"], context);
    const texts = ["abc", "i", "abcdefghi".repeat(4), "hgf"];
    const options = { beams: 3, lengthPenalty: 1 };
    const together = await translateTexts(model, { tokenizer, end: 1 }, { texts, ...options });
    expect(together[2]!.source).toHaveLength(16);
    for (const [at, text] of texts.entries()) {
      const [alone] = await translateTexts(model, { tokenizer, end: 1 }, { texts: [text], ...options });
      expect(alone!.source).toEqual(together[at]!.source);
      const shared = Math.min(alone!.target.length, together[at]!.target.length);
      expect(alone!.target.slice(0, shared)).toEqual(together[at]!.target.slice(0, shared));
    }
    disposeModel(model);
  });
});
