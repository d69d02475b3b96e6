import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, it } from "vitest";
import { AlignedText } from "./aligned-text.ts";
import { tiktokenEncodings } from "./formats/tiktoken.ts";
import { align, createNormalizer } from "./normalizers/index.ts";
import { translatePattern } from "./pattern.ts";
import { knownScanner } from "./pre-tokenizers/gpt-scanner.ts";
import type { NormalizerSpecification } from "./specification.ts";
import { Tokenizer } from "./tokenizer.ts";

const { tokenizers } = JSON.parse(
  gunzipSync(readFileSync(new URL("fixtures/tokenizers.json.gz", import.meta.url))).toString(),
);
const open = (name: string): Tokenizer => Tokenizer.fromJson(tokenizers[name].tokenizer);

/** Text of every kind: whole graphemes, any code points, and signs that patterns treat apart. */
const text = fc
  .array(
    fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 8 }),
      fc.string({ unit: "binary", maxLength: 8 }),
      fc.stringMatching(/^[a-cA-C'’sStTdDlLvVeErRmMſ0-9 \t\n\r.,!?-]{0,12}$/),
      fc.constantFrom(
        "  ",
        "\n\n",
        " \n ",
        "'s",
        "'LL",
        "½",
        "👩‍🚀",
        "e\u0301",
        "각",
        "\u1100\u1161\u11a8",
        "\u0085",
        "\u00a0",
      ),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(""));
/** With halves of surrogate pairs alone. */
const anyUnits = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 30 })
  .map((units) => String.fromCharCode(...units));

it("byte-level tokenizers decode what they encode", () => {
  for (const name of ["gpt2", "llama3"]) {
    const tokenizer = open(name);
    fc.assert(
      fc.property(text, (value) => {
        const ids = tokenizer.encodeIds(value, { special: false });
        expect(tokenizer.decode(ids, { skipSpecial: false })).toBe(value);
        const stream = tokenizer.decodeStream({ skipSpecial: false });
        expect([...ids].map((id) => stream.push(id)).join("") + stream.end()).toBe(value);
      }),
      { numRuns: 300 },
    );
  }
});

it("half a surrogate pair is U+FFFD, as in UTF-8", () => {
  const tokenizer = open("gpt2");
  fc.assert(
    fc.property(anyUnits, (value) => {
      const expected = new TextDecoder("utf-8", { ignoreBOM: true }).decode(new TextEncoder().encode(value));
      expect(tokenizer.decode(tokenizer.encodeIds(value))).toBe(expected);
    }),
    { numRuns: 300 },
  );
});

it("the fast way and the way with offsets give the same ids, and offsets are places in the text", () => {
  for (const name of Object.keys(tokenizers)) {
    const tokenizer = open(name);
    fc.assert(
      fc.property(fc.oneof(text, anyUnits), (value) => {
        const encoding = tokenizer.encode(value);
        expect([...encoding.ids]).toEqual([...tokenizer.encodeIds(value)]);
        for (const [start, end] of encoding.offsets) {
          expect(start).toBeGreaterThanOrEqual(0);
          expect(end).toBeGreaterThanOrEqual(start);
          expect(end).toBeLessThanOrEqual(value.length);
        }
      }),
      { numRuns: 60 },
    );
  }
});

it("scanners cut as the regular expressions they stand for", () => {
  const gpt2 = String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`;
  const llama3 = String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`;
  const sources = [
    gpt2,
    llama3,
    llama3.replace("{1,3}", ""),
    tiktokenEncodings.cl100k_base.pattern,
    tiktokenEncodings.r50k_base.pattern,
  ];
  for (const source of sources) {
    const scanner = knownScanner(source)!;
    const pattern = translatePattern(source, { lines: false });
    fc.assert(
      fc.property(text, (value) => {
        const cut: string[] = [];
        for (let at = 0; at < value.length; ) {
          const next = scanner(value, at, value.length);
          cut.push(value.slice(at, next));
          at = next;
        }
        expect(cut).toEqual(value.match(pattern) ?? []);
      }),
      { numRuns: 500 },
    );
  }
});

it("normalizers give the same text with and without places", () => {
  const specifications: NormalizerSpecification[] = [
    { type: "NFC" },
    { type: "NFD" },
    { type: "NFKC" },
    { type: "NFKD" },
    { type: "Lowercase" },
    { type: "StripAccents" },
    { type: "Nmt" },
    { type: "ByteLevel" },
    { type: "Prepend", prepend: "▁" },
    { type: "Strip", strip_left: true, strip_right: true },
    { type: "BertNormalizer", clean_text: true, handle_chinese_chars: true, lowercase: true },
    { type: "Replace", pattern: { Regex: "\\s+|e" }, content: "--" },
  ];
  for (const specification of specifications) {
    const normalizer = createNormalizer(specification);
    fc.assert(
      fc.property(text, (value) => {
        const aligned = align(normalizer, new AlignedText(value));
        expect(aligned.text).toBe(normalizer.apply(value));
        for (let at = 1; at < aligned.text.length; at++) {
          expect(aligned.originalStart(at)).toBeGreaterThanOrEqual(aligned.originalStart(at - 1));
        }
      }),
      { numRuns: 150 },
    );
  }
});

// Looking at every pair for every merge would take hours.
it("encodes a word of 700,000 letters", () => {
  const word = "sailorpearl".repeat(2 ** 16);
  for (const name of ["gpt2", "llama2", "t5"]) {
    const tokenizer = open(name);
    const ids = tokenizer.encodeIds(word, { special: false });
    expect(tokenizer.decode(ids)).toBe(word);
  }
});

it("adds tokens beside those there are", () => {
  const tokenizer = open("gpt2").withTokens(["<|user|>", "the"], { special: true });
  expect(tokenizer.tokenToId("<|user|>")).toBe(open("gpt2").vocabularySize);
  expect(tokenizer.encode("<|user|>the").tokens).toEqual(["<|user|>", "the"]);
  expect(tokenizer.decode(tokenizer.encodeIds("a<|user|>b"))).toBe("ab");
});

it("says what is wrong with a file", () => {
  expect(() => Tokenizer.fromJson({ model: { type: "RNN" } })).toThrow("expected BPE, WordPiece, Unigram or WordLevel");
  expect(() => Tokenizer.fromJson({ model: { type: "BPE", vocab: { a: 0 }, merges: ["a b"] } })).toThrow(
    'Merge 0, ["a","b"]',
  );
  const json = { ...tokenizers.gpt2.tokenizer, pre_tokenizer: { type: "Magic" } };
  expect(() => Tokenizer.fromJson(json)).toThrow("tokenizer.json, pre_tokenizer");
});
