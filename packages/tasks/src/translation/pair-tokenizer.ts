import { isAbsolute, resolve } from "node:path";
import { openTokenizer, Tokenizer, type TokenizerJson, trainCharacters, trainTokenizer } from "@nacre/data";
import { z } from "zod";
import type { TaskContext } from "../task.ts";

/** How a recipe cuts both languages into tokens of one vocabulary. */
export const PairTokenizerConfig = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("bpe"),
    vocabularySize: z.int().min(260).default(8000).describe("tokens in all; works on bytes, Chinese by the character"),
  }),
  z.strictObject({
    kind: z.literal("unigram"),
    vocabularySize: z.int().min(100).default(8000).describe("tokens in all; works on characters, as SentencePiece"),
  }),
  z.strictObject({ kind: z.literal("characters") }),
  z.strictObject({
    kind: z.literal("file"),
    path: z.string().describe("tokenizer.json, a SentencePiece model or a folder with one; relative to the recipe"),
  }),
]);
export type PairTokenizerConfig = z.infer<typeof PairTokenizerConfig>;

const special = ["<pad>", "</s>", "<unk>"] as const;

/** One tokenizer of both languages. */
export interface PairTokenizer {
  readonly tokenizer: Tokenizer;
  /** Ends sources and targets. */
  readonly end: number;
  /** Fills shorter texts, and begins targets. */
  readonly padding: number;
}

/** Learns the tokenizer that a recipe asks for from both sides of the training part, or opens its file. */
export async function pairTokenizerFor(
  config: PairTokenizerConfig,
  texts: readonly string[],
  context: Pick<TaskContext, "folder" | "signal">,
): Promise<PairTokenizer> {
  const signal = context.signal === undefined ? {} : { signal: context.signal };
  switch (config.kind) {
    case "bpe":
      return pairTokenizer(
        await trainTokenizer(texts, { ...byteLevel(config.vocabularySize), special: [...special], ...signal }),
      );
    case "unigram": {
      const { vocabularySize } = config;
      return pairTokenizer(
        await trainTokenizer(texts, { model: "unigram", vocabularySize, special: [...special], ...signal }),
      );
    }
    case "characters":
      return pairTokenizer(trainCharacters(texts, { special, unknown: "<unk>" }));
    case "file": {
      const path = isAbsolute(config.path) ? config.path : resolve(context.folder, config.path);
      return pairTokenizer(await openTokenizer(path));
    }
  }
}

/** The tokenizer of a bundle. @throws Error when it has none. */
export function bundledPairTokenizer(json: unknown): PairTokenizer {
  if (json === undefined) throw new Error("Expected tokenizer.json in the bundle. There is none.");
  return pairTokenizer(Tokenizer.fromJson(json as TokenizerJson));
}

/**
 * Bytes as GPT-2's, but every text begins like a word inside of one, so that both cases share a token, and a Chinese character is a
 * word of its own.
 */
function byteLevel(vocabularySize: number) {
  const bytes = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true } as const;
  return {
    model: "bpe",
    vocabularySize,
    normalizer: {
      type: "Sequence",
      normalizers: [{ type: "NFC" }, { type: "Prepend", prepend: " " }],
    },
    preTokenizer: {
      type: "Sequence",
      pretokenizers: [{ type: "Split", pattern: { Regex: "\\p{Han}" }, behavior: "Isolated", invert: false }, bytes],
    },
  } as const;
}

function pairTokenizer(tokenizer: Tokenizer): PairTokenizer {
  const named = (name: unknown, names: readonly string[], purpose: string): number => {
    const tried = typeof name === "string" ? [name, ...names] : names;
    const id = tried.map((token) => tokenizer.tokenToId(token)).find((found) => found !== undefined);
    if (id !== undefined) return id;
    throw new Error(
      `Expected a token that ${purpose} texts: one of ${tried.join(", ")}. The vocabulary has none of them.`,
    );
  };
  const { eos_token, pad_token } = tokenizer.config;
  return {
    tokenizer,
    end: named(eos_token, ["</s>", "<|endoftext|>", "[SEP]"], "ends"),
    padding: named(pad_token, ["<pad>", "<|endoftext|>", "[PAD]"], "pads"),
  };
}
