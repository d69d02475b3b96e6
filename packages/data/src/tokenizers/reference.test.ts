import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { AlignedText } from "./aligned-text.ts";
import { fromSentencePiece } from "./formats/sentencepiece.ts";
import { fromTiktoken } from "./formats/tiktoken.ts";
import { createPreTokenizer } from "./pre-tokenizers/index.ts";
import { Tokenizer } from "./tokenizer.ts";

// biome-ignore lint/suspicious/noExplicitAny: vectors as the script wrote them.
const vectors = (name: string): any =>
  JSON.parse(gunzipSync(readFileSync(new URL(`fixtures/${name}.json.gz`, import.meta.url))).toString());
const reference = vectors("tokenizers");

/** These compose characters or take runs together: the reference's offsets name one of what a token was made from, ours all. */
const composing = new Set(["qwen2", "clip", "bert", "t5", "xlnet", "words"]);

describe.each(Object.keys(reference.tokenizers))("Hugging Face's %s", (name) => {
  const { tokenizer: json, cases } = reference.tokenizers[name];
  const tokenizer = Tokenizer.fromJson(json);

  it("gives the same ids, tokens and offsets, and decodes the same", () => {
    for (const { text, ids, tokens, offsets, decoded } of cases) {
      expect([...tokenizer.encodeIds(text)], text).toEqual(ids);
      const encoding = tokenizer.encode(text);
      expect([...encoding.ids], text).toEqual(ids);
      expect(encoding.tokens, text).toEqual(tokens);
      if (!composing.has(name)) expect(encoding.offsets, text).toEqual(offsets);
      for (const [index, [start, end]] of encoding.offsets.entries()) {
        expect(start, text).toBeLessThanOrEqual(offsets[index][0]);
        expect(end, text).toBeGreaterThanOrEqual(offsets[index][1]);
      }
      // The reference decodes an added token as it was normalised, not as it was added.
      if (!tokens.includes("cafe")) expect(tokenizer.decode(ids), text).toBe(decoded);
    }
  });

  it("streams what it decodes", () => {
    for (const { ids } of cases) {
      const stream = tokenizer.decodeStream();
      let text = "";
      for (const id of ids) text += stream.push(id);
      expect(text + stream.end()).toBe(tokenizer.decode(ids));
    }
  });

  it("is the same after it was written and read", () => {
    const again = Tokenizer.fromJson(JSON.stringify(tokenizer.toJson()));
    for (const { text, ids } of cases) expect([...again.encodeIds(text)], text).toEqual(ids);
  });
});

it("splits as patterns and behaviours say", () => {
  for (const { specification, cases } of reference.splits) {
    const { cut } = createPreTokenizer(specification, false);
    for (const { text, pieces } of cases) {
      const found: string[] = [];
      cut!(new AlignedText(text), 0, text.length, (piece, start, end) => found.push(piece.text.slice(start, end)));
      expect(found, JSON.stringify([specification, text])).toEqual(pieces);
    }
  }
});

describe("limits", () => {
  const { tokenizer: json, cases, batches } = reference.limits;
  const tokenizer = Tokenizer.fromJson(json);

  it("truncates texts and pairs in windows", () => {
    expect(cases.length).toBeGreaterThan(10);
    for (const { text, pair, truncation, decoded, decodedAll, overflowing, ...first } of cases) {
      const encoding = tokenizer.encode(text, { truncation, ...(pair === undefined ? {} : { pair }) });
      const columns = [encoding, ...encoding.overflowing].map((one) => ({
        ids: [...one.ids],
        tokens: one.tokens,
        offsets: one.offsets,
        typeIds: [...one.typeIds],
        words: [...one.words],
        sequences: [...one.sequences],
        specialMask: [...one.specialMask],
        attentionMask: [...one.attentionMask],
      }));
      expect(columns).toEqual([first, ...overflowing]);
      expect(tokenizer.decode(encoding.ids)).toBe(decoded);
      expect(tokenizer.decode(encoding.ids, { skipSpecial: false })).toBe(decodedAll);
    }
  });

  it("pads batches", () => {
    for (const { padding, texts, ids, masks, typeIds } of batches) {
      const encodings = tokenizer.encodeBatch(texts, { padding });
      expect(encodings.map((one) => [...one.ids])).toEqual(ids);
      expect(encodings.map((one) => [...one.attentionMask])).toEqual(masks);
      expect(encodings.map((one) => [...one.typeIds])).toEqual(typeIds);
    }
  });
});

it("gives tiktoken's ids with its patterns", () => {
  const { ranks, encodings } = vectors("tiktoken");
  const special = { "<|end|>": ranks.trim().split("\n").length };
  for (const { pattern, cases } of Object.values<{ pattern: string; cases: { text: string; ids: number[] }[] }>(
    encodings,
  )) {
    const tokenizer = fromTiktoken(new TextEncoder().encode(ranks), { pattern, special });
    for (const { text, ids } of cases) {
      expect([...tokenizer.encodeIds(text)], text).toEqual(ids);
      expect(tokenizer.decode(ids, { skipSpecial: false })).toBe(text);
    }
  }
});

describe.each(Object.keys(vectors("sentencepiece").models))("SentencePiece's %s", (name) => {
  it("gives the same ids and decodes the same", () => {
    const { model, cases } = vectors("sentencepiece").models[name];
    const tokenizer = fromSentencePiece(Buffer.from(model, "base64"));
    for (const { text, ids, decoded } of cases) {
      expect([...tokenizer.encodeIds(text)], text).toEqual(ids);
      expect([...tokenizer.encode(text).ids], text).toEqual(ids);
      expect(tokenizer.decode(ids), text).toBe(decoded);
    }
  });
});
