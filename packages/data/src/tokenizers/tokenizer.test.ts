import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { openBertVocabulary, openGpt2Files } from "./formats/plain-files.ts";
import { openTokenizer } from "./open-tokenizer.ts";
import { Tokenizer } from "./tokenizer.ts";

const shared = new URL("../../../../../shared/golden/tokenizers/", import.meta.url);
const sharedIsHere = existsSync(shared);
if (!sharedIsHere) console.log(`Skipped: no reference values at ${shared.pathname}`);

interface Case {
  readonly text: string;
  readonly text_pair?: string;
  readonly ids: number[];
  readonly tokens?: string[];
  readonly pieces?: string[];
  readonly decoded?: string;
}

describe.skipIf(!sharedIsHere)("the reference's ids, tokens and decoded texts", () => {
  const json = (name: string) => JSON.parse(readFileSync(new URL(name, shared), "utf8"));
  const text = (name: string): string => gunzipSync(readFileSync(new URL(name, shared))).toString();
  const agree = (tokenizer: Tokenizer, cases: readonly Case[], skipSpecial = true): void => {
    for (const { text, text_pair, ids, tokens, pieces, decoded } of cases) {
      const pair = text_pair === undefined ? {} : { pair: text_pair };
      expect([...tokenizer.encodeIds(text, pair)], text).toEqual(ids);
      const encoding = tokenizer.encode(text, pair);
      expect([...encoding.ids], text).toEqual(ids);
      const expected = pieces ?? tokens;
      if (expected !== undefined && expected.length === ids.length) expect(encoding.tokens, text).toEqual(expected);
      if (decoded !== undefined) expect(tokenizer.decode(ids, { skipSpecial }), text).toBe(decoded);
    }
  };

  it("byte-level BPE and WordPiece from tokenizer.json", async () => {
    for (const name of ["hf_bytebpe4k", "hf_wordpiece6k"]) {
      const tokenizer = await openTokenizer(new URL(`${name}.tokenizer.json.gz`, shared));
      agree(tokenizer, json(`${name}.expected.json`).cases);
      // What it writes is the same tokenizer.
      agree(Tokenizer.fromJson(JSON.stringify(tokenizer.toJson())), json(`${name}.expected.json`).cases);
    }
  });

  it("a SentencePiece model", async () => {
    const tokenizer = await openTokenizer(new URL("torchtune_sentencepiece.model", shared));
    agree(tokenizer, json("torchtune_sentencepiece.model.expected.json").cases);
  });

  it("GPT-2, cl100k and BERT", async () => {
    const cleaning = { clean_up_tokenization_spaces: true };
    const bert = openBertVocabulary(text("bert-base-uncased-vocab.txt.gz"), cleaning);
    const gpt2 = openGpt2Files(text("gpt2-encoder.json.gz"), text("gpt2-vocab.bpe.gz"), cleaning);
    const cl100k = await openTokenizer(new URL("cl100k_base.tiktoken.gz", shared));
    const { models } = json("transformersjs_expected.json");
    for (const [name, { cases }] of Object.entries<{ cases: Record<string, Case> }>(models)) {
      agree(/bert/.test(name) ? bert : /gpt2/.test(name) ? gpt2 : cl100k, Object.values(cases), false);
    }
    expect([gpt2, cl100k, bert].map((tokenizer) => tokenizer.vocabularySize)).toEqual([50257, 100277, 30522]);
  });

  it("is saved to a folder and opened again", async () => {
    const folder = await mkdtemp(join(tmpdir(), "nacre-tokenizer-"));
    try {
      const tokenizer = await openTokenizer(new URL("hf_wordpiece6k.tokenizer.json.gz", shared));
      await tokenizer.save(folder);
      const again = await openTokenizer(folder);
      expect(again.toJson()).toEqual(tokenizer.toJson());
      expect(again.config).toEqual({ tokenizer_class: "PreTrainedTokenizerFast" });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
