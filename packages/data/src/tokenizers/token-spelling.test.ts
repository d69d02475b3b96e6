import { describe, expect, it } from "vitest";
import { spellTokens } from "./token-spelling.ts";
import { Tokenizer } from "./tokenizer.ts";
import { trainCharacters } from "./training/train-characters.ts";
import { trainTokenizer } from "./training/train-tokenizer.ts";

const text = "Nacre grows inside a shell; 珍珠母在贝壳里生长。";
const decode = (spelling: readonly Uint8Array[], ids: ArrayLike<number>): string =>
  Buffer.concat(Array.from(ids, (id) => spelling[id]!)).toString("utf8");

describe("spellTokens", () => {
  it("spells byte-level vocabularies byte by byte", async () => {
    const tokenizer = await trainTokenizer([text, text], { vocabularySize: 270, special: ["<end>"] });
    const spelling = spellTokens(tokenizer);
    expect(spelling).toHaveLength(tokenizer.vocabularySize);
    expect(decode(spelling, tokenizer.encodeIds(text, { special: false }))).toBe(text);
    expect(spelling[tokenizer.tokenToId("<end>")!]).toHaveLength(0);
  });

  it("spells bytes that fall back and words with their space", () => {
    const vocab: [string, number][] = [
      ["<unk>", 0],
      ["<0xE7>", -3],
      ["▁grow", -1],
      ["s", -2],
    ];
    const tokenizer = Tokenizer.fromJson(
      JSON.stringify({
        version: "1.0",
        added_tokens: [
          {
            id: 0,
            content: "<unk>",
            special: true,
            single_word: false,
            lstrip: false,
            rstrip: false,
            normalized: false,
          },
        ],
        normalizer: null,
        pre_tokenizer: { type: "Metaspace", replacement: "▁", prepend_scheme: "always", split: true },
        post_processor: null,
        decoder: {
          type: "Sequence",
          decoders: [
            { type: "Replace", pattern: { String: "▁" }, content: " " },
            { type: "ByteFallback" },
            { type: "Fuse" },
          ],
        },
        model: { type: "Unigram", unk_id: 0, vocab, byte_fallback: true },
      }),
    );
    expect(spellTokens(tokenizer).map((bytes) => Buffer.from(bytes).toString("latin1"))).toEqual([
      "",
      "\xe7",
      " grow",
      "s",
    ]);
  });

  it("spells characters", () => {
    const tokenizer = trainCharacters([text]);
    const spelling = spellTokens(tokenizer);
    expect(decode(spelling, tokenizer.encodeIds(text, { special: false }))).toBe(text);
  });
});
