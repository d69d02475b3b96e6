import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { byteCharacters } from "../byte-characters.ts";
import type { TokenizerJson } from "../specification.ts";
import { Tokenizer } from "../tokenizer.ts";
import { trainBytePair } from "./byte-pair.ts";
import { countInThreads } from "./count-threads.ts";
import { countWords } from "./count-words.ts";
import type { Cutting } from "./cutting.ts";
import type { TokenizerProgress } from "./progress.ts";
import { repeatedSubstrings } from "./substrings.ts";
import { trainCharacters } from "./train-characters.ts";
import { trainTokenizer } from "./train-tokenizer.ts";
import { trainUnigramModel } from "./unigram.ts";

// What Hugging Face's trainers make of the same lines.
const { lines, trained } = JSON.parse(
  gunzipSync(readFileSync(new URL("../fixtures/training.json.gz", import.meta.url))).toString(),
);
const cuttingOf = ({ normalizer, pre_tokenizer }: TokenizerJson): Cutting => ({
  normalizer: (normalizer ?? undefined) as Cutting["normalizer"],
  preTokenizer: (pre_tokenizer ?? undefined) as Cutting["preTokenizer"],
});
const byId = (vocab: Record<string, number>): string[] =>
  Object.entries(vocab)
    .sort(([, one], [, other]) => one - other)
    .map(([token]) => token);

describe("byte-pair merges are the reference's, in order", () => {
  it("over bytes", async () => {
    const { tokens, merges } = await trainBytePair(await countWords(lines, cuttingOf(trained.byteLevel)), {
      vocabularySize: 600,
      minimumFrequency: 0,
      special: ["<|end|>"],
      alphabet: byteCharacters,
    });
    expect(tokens).toEqual(byId(trained.byteLevel.model.vocab));
    expect(merges).toEqual(trained.byteLevel.model.merges);
  });

  it("over a limited alphabet, with short tokens", async () => {
    const { tokens, merges } = await trainBytePair(await countWords(lines, cuttingOf(trained.characters)), {
      vocabularySize: 400,
      minimumFrequency: 3,
      special: ["[UNK]"],
      alphabetLimit: 50,
      longestToken: 5,
    });
    expect(tokens).toEqual(byId(trained.characters.model.vocab));
    expect(merges).toEqual(trained.characters.model.merges);
  });
});

it("WordPiece tokens are the reference's but for ties, which it breaks by chance", async () => {
  const reference = byId(trained.wordPiece.model.vocab);
  const tokenizer = await trainTokenizer(lines, {
    model: "wordpiece",
    vocabularySize: 500,
    minimumFrequency: 0,
    lowercase: true,
  });
  const tokens = tokenizer.toJson().model as { vocab: Record<string, number> };
  expect(tokenizer.vocabularySize).toBe(reference.length);
  const common = reference.filter((token) => token in tokens.vocab);
  expect(common.length / reference.length).toBeGreaterThan(0.95);
  expect(tokenizer.encode("the shell").tokens).toEqual(["[CLS]", "the", "shell", "[SEP]"]);
});

it("Unigram pieces are the reference's, their scores too", async () => {
  const reference = new Map<string, number>(trained.unigram.model.vocab);
  const pieces = await trainUnigramModel(await countWords(lines, cuttingOf(trained.unigram)), {
    vocabularySize: 400,
    special: ["<unk>"],
    longestPiece: 16,
    shrinking: 0.75,
    seeds: 1_000_000,
  });
  expect(pieces.map(([piece]) => piece).sort()).toEqual([...reference.keys()].sort());
  // Characters that EM dropped get scores a little apart, in no order.
  for (const [piece, score] of pieces) expect(Math.abs(score - reference.get(piece)!), piece).toBeLessThan(0.005);
});

it("finds the repeated parts of words that differ in what follows", () => {
  const found = repeatedSubstrings(["banana", "bandana", "an"], 16).map(({ text, count }) => [text, count]);
  expect(found.sort()).toEqual([
    ["an", 5],
    ["ana", 3],
    ["ban", 2],
    ["na", 3],
  ]);
});

it.each(["bpe", "characters-bpe", "wordpiece", "unigram"] as const)("%s trains, saves and encodes", async (model) => {
  const told: TokenizerProgress[] = [];
  const options = { model, vocabularySize: 700, progress: (progress: TokenizerProgress) => told.push(progress) };
  const tokenizer = await trainTokenizer(lines, options);
  const again = await trainTokenizer(lines, options);
  expect(again.toJson()).toEqual(tokenizer.toJson());
  expect(told.at(-1)!.done).toBe(told.at(-1)!.total);
  const read = Tokenizer.fromJson(JSON.stringify(tokenizer.toJson()));
  const text = "the sailor opens the shell under the pier.";
  expect(read.decode(read.encodeIds(text))).toBe(text);
});

it("counts the same in threads", async () => {
  const cutting = cuttingOf(trained.byteLevel);
  const alone = await countWords(lines, cutting);
  const counts = new Map<string, number>();
  const portions = [lines.slice(0, 90), lines.slice(90, 200), lines.slice(200)].values();
  await countInThreads({ next: async () => portions.next() }, { ...cutting, threads: 2 }, counts);
  const sum = (all: Iterable<[string, number]>): number => [...all].reduce((total, [, count]) => total + count, 0);
  expect(counts.size).toBe(alone.length);
  expect(sum(counts)).toBe(sum(alone));
});

it("makes tokenizers of characters", () => {
  const tokenizer = trainCharacters("to be, or not\n👩 to be", { special: ["<|end|>"] });
  expect(tokenizer.vocabularySize).toBe(11);
  const text = "noto be 👩,\nro";
  expect(tokenizer.encode(text).tokens).toEqual([...text]);
  expect(tokenizer.decode(tokenizer.encodeIds(text))).toBe(text);
  expect(tokenizer.encodeIds("x")).toHaveLength(0);
  expect(trainCharacters("ab", { special: ["?"], unknown: "?" }).encode("axb").tokens).toEqual(["a", "?", "b"]);
});

it("says what is wrong", async () => {
  await expect(trainTokenizer([])).rejects.toThrow("Expected texts to train on");
  await expect(trainTokenizer(lines, { vocabularySize: -1 })).rejects.toThrow("vocabularySize");
  await expect(trainTokenizer(lines, { model: "unigram", vocabularySize: 20 })).rejects.toThrow(
    "vocabulary of at least",
  );
  const signal = AbortSignal.abort(new Error("stopped"));
  await expect(trainTokenizer(lines, { signal })).rejects.toThrow("stopped");
});
