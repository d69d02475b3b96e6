import { isAbsolute, resolve } from "node:path";
import { openTokenizer, Tokenizer, type TokenizerJson, trainCharacters, trainTokenizer } from "@nacre/data";
import { z } from "zod";
import type { TaskContext } from "./task.ts";

/** How a recipe cuts texts into tokens. */
export const TokenizerConfig = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("characters"),
    minimumCount: z
      .int()
      .positive()
      .default(1)
      .describe("characters that occur less often in the training part become one unknown character"),
  }),
  z.strictObject({
    kind: z.literal("bpe"),
    vocabularySize: z.int().min(260).default(4096).describe("tokens in all; works on bytes, as GPT-2's"),
  }),
  z.strictObject({
    kind: z.literal("file"),
    path: z.string().describe("tokenizer.json, a SentencePiece model or a folder with one; relative to the recipe"),
  }),
]);
export type TokenizerConfig = z.infer<typeof TokenizerConfig>;

/** Between documents, and before and behind each. */
const endOfText = "<|endoftext|>";
/** Stands for every character that a vocabulary of characters lacks. */
const unknownCharacter = "\ufffd";

export interface TextTokenizer {
  readonly tokenizer: Tokenizer;
  /** Begins, ends and pads texts. */
  readonly end: number;
  /** The text with U+FFFD for characters that the vocabulary lacks; the text itself where it has them all. */
  normalize(text: string): string;
}

/** Learns the tokenizer that a recipe asks for from the training part, or opens its file. */
export async function tokenizerFor(
  config: TokenizerConfig,
  texts: readonly string[],
  context: TaskContext,
): Promise<TextTokenizer> {
  switch (config.kind) {
    case "characters":
      return textTokenizer(charactersOf(texts, config.minimumCount));
    case "bpe": {
      const { vocabularySize } = config;
      const signal = context.signal === undefined ? {} : { signal: context.signal };
      return textTokenizer(await trainTokenizer(texts, { vocabularySize, special: [endOfText], ...signal }));
    }
    case "file": {
      const path = isAbsolute(config.path) ? config.path : resolve(context.folder, config.path);
      return textTokenizer(await openTokenizer(path));
    }
  }
}

/**
 * The tokenizer of a bundle.
 *
 * @param end the id that ends texts, where it is known
 * @throws Error when the bundle has none.
 */
export function bundledTokenizer(json: unknown, end?: number): TextTokenizer {
  if (json === undefined) throw new Error("Expected tokenizer.json in the bundle. There is none.");
  return textTokenizer(Tokenizer.fromJson(json as TokenizerJson), end);
}

function textTokenizer(tokenizer: Tokenizer, known?: number): TextTokenizer {
  const named = tokenizer.config.eos_token;
  const names = [...(typeof named === "string" ? [named] : []), endOfText, "</s>", "<|end_of_text|>", "[SEP]"];
  const end = known ?? names.map((name) => tokenizer.tokenToId(name)).find((id) => id !== undefined);
  if (end === undefined) {
    throw new Error(`Expected a token that ends texts: one of ${names.join(", ")}. The vocabulary has none of them.`);
  }
  const replaces = tokenizer.tokenToId(unknownCharacter) !== undefined && tokenizer.type === "BPE";
  const normalize = (text: string): string => {
    if (!replaces) return text;
    let out = "";
    for (const character of text) {
      out += tokenizer.tokenToId(character) === undefined ? unknownCharacter : character;
    }
    return out;
  };
  return { tokenizer, end, normalize };
}

function charactersOf(texts: readonly string[], minimumCount: number): Tokenizer {
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  }
  const kept = [...counts].filter(([, count]) => count >= minimumCount).map(([character]) => character);
  return trainCharacters(kept, { special: [endOfText, unknownCharacter], unknown: unknownCharacter });
}
