import { Tokenizer } from "../tokenizer.ts";

/**
 * A tokenizer whose tokens are the characters (code points) of some text, with ids in the order of code points: for
 * language models of characters. It decodes what it encodes. Special tokens get the first ids; characters that were not in the
 * text are left out, or `unknown` where that is one of the special tokens.
 */
export function trainCharacters(
  text: string | Iterable<string>,
  { special = [], unknown }: { special?: readonly string[]; unknown?: string } = {},
): Tokenizer {
  const characters = new Set<string>();
  for (const part of typeof text === "string" ? [text] : text) for (const character of part) characters.add(character);
  if (characters.size === 0) throw new Error("Expected a text with characters, got an empty one.");
  if (unknown !== undefined && !special.includes(unknown)) {
    throw new Error(
      `Expected the unknown token ${JSON.stringify(unknown)} among the special tokens ${JSON.stringify(special)}.`,
    );
  }
  const sorted = [...characters].sort((one, other) => one.codePointAt(0)! - other.codePointAt(0)!);
  const tokens = [...special, ...sorted.filter((character) => !special.includes(character))];
  return Tokenizer.fromJson({
    added_tokens: special.map((content, id) => ({ id, content, special: true, normalized: false })),
    decoder: { type: "Fuse" },
    model: {
      type: "BPE",
      unk_token: unknown ?? null,
      fuse_unk: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges: [],
    },
  });
}
