import { describe, expect, it } from "vitest";
import { jsonSchemaConstraint, regexConstraint } from "./constraint/constraints.ts";
import { TokenTrie } from "./constraint/token-trie.ts";
import { generate } from "./generate.ts";
import { generateText } from "./generate-text.ts";
import type { GenerationPiece } from "./piece.ts";
import { TableDecoder } from "./testing/table-decoder.ts";

const letters = "abcdefgh ";
const decode = (ids: readonly number[]): string => ids.map((id) => letters[id] ?? "").join("");
const prompts = [[0], [1, 2, 3], [4, 5], [0]];

async function gather(pieces: AsyncIterable<GenerationPiece>): Promise<GenerationPiece[]> {
  const all: GenerationPiece[] = [];
  for await (const piece of pieces) all.push(piece);
  return all;
}

describe("generate", () => {
  it("takes the likeliest tokens at temperature 0", async () => {
    const decoder = new TableDecoder({ vocabulary: 9 });
    const [text] = await generateText(decoder, {
      prompts: [[3]],
      config: { temperature: 0, maxNewTokens: 10 },
      decode,
    });
    const ids = [3];
    for (let step = 0; step < 10; step++) {
      const logits = decoder.logits(ids);
      ids.push(logits.indexOf(Math.max(...logits)));
    }
    expect(text).toMatchObject({ row: 0, ids: ids.slice(1), text: decode(ids.slice(1)), finishReason: "length" });
    expect(decoder.sessions).toBe(0);
    expect(decoder.read).toBe(10);
  });

  it.each([0, 1])("gives every row of a batch what it gives it alone, at temperature %s", async (temperature) => {
    const decoder = new TableDecoder({ vocabulary: 9, seed: 4 });
    const config = { temperature, topP: 0.9, maxNewTokens: 30, endTokens: [8], samples: 2, seed: 7 };
    const together = await generateText(decoder, { prompts, config, decode });
    expect(together.map(({ row }) => row)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    // Other neighbours in front, so that the rows' numbers stay: the last prompts are taken away.
    for (const count of [1, 2, 3]) {
      expect(await generateText(decoder, { prompts: prompts.slice(0, count), config, decode })).toEqual(
        together.slice(0, 2 * count),
      );
    }
    const other = await generateText(decoder, { prompts, config: { ...config, seed: 8 }, decode });
    expect(other.map(({ text }) => text).join() === together.map(({ text }) => text).join()).toBe(temperature === 0);
    if (temperature > 0) expect(together[0]!.text).not.toBe(together[1]!.text);
  });

  it("lets rows that have ended leave the batch", async () => {
    const decoder = new TableDecoder({ vocabulary: 9, seed: 4 });
    const texts = await generateText(decoder, { prompts, config: { maxNewTokens: 40, endTokens: [8], seed: 1 } });
    const lengths = texts.map(({ ids }) => ids.length);
    expect(new Set(lengths).size).toBeGreaterThan(1);
    // The prompts, padded, and every token but each row's last.
    expect(decoder.read).toBe(4 * 3 + lengths.reduce((sum, length) => sum + length - 1, 0));
    for (const { ids, finishReason } of texts) {
      expect(finishReason).toBe(ids.at(-1) === 8 ? "end" : "length");
      expect(ids.slice(0, -1)).not.toContain(8);
    }
  });

  it("streams pieces that make up the text, and nothing of a stop string", async () => {
    const decoder = new TableDecoder({ vocabulary: 9, seed: 2, scale: 1 });
    const plain = await generateText(decoder, { prompts: [[1]], config: { maxNewTokens: 60, seed: 3 }, decode });
    const whole = plain[0]!.text;
    const stop = whole.slice(20, 24);
    const config = { maxNewTokens: 60, seed: 3, stop: ["zzz", stop] };
    const pieces = await gather(generate(decoder, { prompts: [[1]], config, decode }));
    const at = whole.indexOf(stop);
    expect(pieces.map(({ text }) => text).join("")).toBe(whole.slice(0, at));
    expect(pieces.at(-1)).toMatchObject({ finishReason: "stop", text: "" });
    expect(pieces.flatMap(({ ids }) => ids)).toEqual(plain[0]!.ids.slice(0, at + stop.length));
    expect(pieces.slice(0, -1).every(({ finishReason, text }) => finishReason === undefined && text !== "")).toBe(true);
    await expect(generateText(decoder, { prompts: [[1]], config })).rejects.toThrow("Expected `decode` with `stop`");
  });

  it("reports log-probabilities of the model itself", async () => {
    const decoder = new TableDecoder({ vocabulary: 9 });
    const config = { maxNewTokens: 5, alternatives: 3, temperature: 0.5, topK: 2, repetitionPenalty: 1.5 };
    const [text] = await generateText(decoder, { prompts: [[3, 4]], config });
    const ids = [3, 4];
    text!.ids.forEach((id, at) => {
      const logits = [...decoder.logits(ids)];
      const normalizer = Math.log(logits.reduce((sum, value) => sum + Math.exp(value), 0));
      expect(text!.logProbabilities[at]).toBeCloseTo(logits[id]! - normalizer, 6);
      const best = [...logits.keys()].sort((a, b) => logits[b]! - logits[a]!).slice(0, 3);
      expect(text!.topAlternatives[at]!.map((each) => each.id)).toEqual(best);
      expect(text!.topAlternatives[at]![0]!.logProbability).toBeCloseTo(logits[best[0]!]! - normalizer, 6);
      ids.push(id);
    });
  });

  it("keeps the best of several by their average log-probability", async () => {
    const decoder = new TableDecoder({ vocabulary: 9, seed: 9 });
    const config = { maxNewTokens: 12, endTokens: [8], logProbabilities: true };
    const mean = ({ logProbabilities }: { logProbabilities: readonly number[] }): number =>
      logProbabilities.reduce((sum, value) => sum + value, 0) / logProbabilities.length;
    const all = await generateText(decoder, { prompts: [[1], [2]], config: { ...config, samples: 5 } });
    const best = await generateText(decoder, { prompts: [[1], [2]], config: { ...config, samples: 2 }, bestOf: 5 });
    expect(best.map(({ row }) => row)).toEqual([0, 1, 2, 3]);
    const expected = [all.slice(0, 5), all.slice(5)].flatMap((some) =>
      [...some].sort((a, b) => mean(b) - mean(a)).slice(0, 2),
    );
    expect(best.map(({ ids }) => ids)).toEqual(expected.map(({ ids }) => ids));
    await expect(generateText(decoder, { prompts: [[1]], bestOf: 0 })).rejects.toThrow("Received 0");
  });

  it("stops and frees on break and on a signal", async () => {
    const decoder = new TableDecoder({ vocabulary: 9 });
    for await (const piece of generate(decoder, { prompts, config: { maxNewTokens: 50 } })) {
      expect(piece.ids).toHaveLength(1);
      expect(decoder.sessions).toBe(1);
      break;
    }
    expect(decoder.sessions).toBe(0);
    const controller = new AbortController();
    const run = async (options: object): Promise<void> => {
      for await (const _ of generate(decoder, { prompts: [[1]], signal: controller.signal, ...options })) {
        controller.abort(new Error("enough"));
      }
    };
    const before = decoder.calls;
    await expect(run({})).rejects.toThrow("enough");
    expect(decoder.calls).toBe(before + 1);
    await expect(run({ speculation: { lookup: {} } })).rejects.toThrow("enough");
    await expect(run({ config: { beams: 2 } })).rejects.toThrow("enough");
    expect(decoder.sessions).toBe(0);
  });

  it("writes what a constraint allows, whole even where there is little room", async () => {
    const trie = new TokenTrie([...'{}[]":,0123456789abc \\'].map((letter) => new TextEncoder().encode(letter)));
    const spell = (ids: readonly number[]): string =>
      ids.map((id) => new TextDecoder().decode(trie.spell(id))).join("");
    const decoder = new TableDecoder({ vocabulary: trie.vocabulary + 1, seed: 3 });
    const schema = {
      type: "object",
      properties: { a: { type: "integer" }, b: { type: "array", items: { type: "string" } } },
      required: ["a", "b"],
    };
    const constraint = jsonSchemaConstraint(schema, trie);
    for (const maxNewTokens of [17, 25, 80]) {
      const config = { maxNewTokens, samples: 4, endTokens: [trie.vocabulary], badWords: [[3, 3]] };
      const texts = await generateText(decoder, { prompts: [[0]], config, decode: spell, constraint });
      for (const { text, finishReason } of texts) {
        expect(JSON.parse(text)).toMatchObject({ a: expect.any(Number), b: expect.any(Array) });
        expect(finishReason).toBe("complete");
      }
    }
    const few = { prompts: [[0]], config: { maxNewTokens: 16 }, constraint };
    await expect(generateText(decoder, few)).rejects.toThrow("Expected room for 17 tokens");
    // An end token where the text may end or go on; without one it goes on as long as it may.
    const numbers = regexConstraint(/\d+/, trie);
    const config = { maxNewTokens: 30, endTokens: [trie.vocabulary], samples: 8 };
    const ended = await generateText(decoder, { prompts: [[0]], config, decode: spell, constraint: numbers });
    for (const { text, ids, finishReason } of ended) {
      expect(text).toMatch(/^\d+$/);
      if (finishReason === "end") expect(ids.at(-1)).toBe(trie.vocabulary);
    }
    expect(ended.some(({ finishReason }) => finishReason === "end")).toBe(true);
  });

  it("stays within the context, and checks what comes in", async () => {
    const decoder = new TableDecoder({ vocabulary: 9, context: 8 });
    const [text] = await generateText(decoder, { prompts: [[1, 2, 3]], config: { maxNewTokens: 100 } });
    expect(text).toMatchObject({ finishReason: "length", ids: { length: 5 } });
    const run = (some: number[][]): Promise<unknown> => generateText(decoder, { prompts: some });
    await expect(run([])).rejects.toThrow("at least one prompt");
    await expect(run([[1], []])).rejects.toThrow("Prompt 1 has none");
    await expect(run([[9]])).rejects.toThrow("from 0 to 8. Received 9 in prompt 0");
    await expect(run([[1, 2, 3, 4, 5, 6, 7, 8]])).rejects.toThrow(
      "shorter than the model's context of 8 tokens. Received 8",
    );
  });
});
