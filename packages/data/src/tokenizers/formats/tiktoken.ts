import { byteCharacters } from "../byte-characters.ts";
import { BytePairModel, impliedMerges } from "../models/bpe.ts";
import { Vocabulary } from "../models/model.ts";
import { cl100kSource, r50kSource } from "../pre-tokenizers/gpt-scanner.ts";
import type { AddedToken } from "../specification.ts";
import { Tokenizer } from "../tokenizer.ts";

/** What a rank file does not say. */
export interface TiktokenEncoding {
  /** The regular expression that cuts text into pieces. */
  readonly pattern: string;
  readonly special: Readonly<Record<string, number>>;
}

const end = "<|endoftext|>";
const middle = { "<|fim_prefix|>": 100258, "<|fim_middle|>": 100259, "<|fim_suffix|>": 100260 };
const casedWord = (first: string, second: string): string =>
  String.raw`[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]${first}[\p{Ll}\p{Lm}\p{Lo}\p{M}]${second}(?i:'s|'t|'re|'ve|'m|'ll|'d)?`;
const o200kPattern = [
  casedWord("*", "+"),
  casedWord("+", "*"),
  String.raw`\p{N}{1,3}`,
  String.raw` ?[^\s\p{L}\p{N}]+[\r\n/]*`,
  String.raw`\s*[\r\n]+`,
  String.raw`\s+(?!\S)`,
  String.raw`\s+`,
].join("|");

/** OpenAI's encodings by name (tiktoken 0.14, `openai_public.py`). */
export const tiktokenEncodings = {
  gpt2: { pattern: r50kSource, special: { [end]: 50256 } },
  r50k_base: { pattern: r50kSource, special: { [end]: 50256 } },
  p50k_base: { pattern: r50kSource, special: { [end]: 50256 } },
  cl100k_base: { pattern: cl100kSource, special: { [end]: 100257, ...middle, "<|endofprompt|>": 100276 } },
  o200k_base: { pattern: o200kPattern, special: { [end]: 199999, "<|endofprompt|>": 200018 } },
} as const satisfies Record<string, TiktokenEncoding>;

/**
 * A tokenizer from a rank file: lines of a token's bytes in base64 and its rank, which is its id.
 *
 * @throws Error naming the line, or the encodings that are known.
 */
export function fromTiktoken(file: Uint8Array, encoding: string | TiktokenEncoding): Tokenizer {
  const { pattern, special } = typeof encoding === "string" ? known(encoding) : encoding;
  const ids = readRanks(file);
  const vocabulary = new Vocabulary(ids);
  const merges = impliedMerges(vocabulary, [...ids], (id) => id);
  const addedTokens = Object.entries(special).map(([content, id]): AddedToken => ({ id, content, ...specialFlags }));
  return new Tokenizer({
    model: new BytePairModel(vocabulary, merges, { bytes: true, ignoreMerges: true }),
    preTokenizer: {
      type: "Sequence",
      pretokenizers: [
        { type: "Split", pattern: { Regex: pattern }, behavior: "Isolated", invert: false },
        { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false },
      ],
    },
    decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
    addedTokens,
  });
}

/** Tokens as byte characters, with their ranks. */
function readRanks(file: Uint8Array): Map<string, number> {
  const ids = new Map<string, number>();
  let line = 0;
  for (let at = 0; at < file.length; ) {
    let end = file.indexOf(lineFeed, at);
    if (end < 0) end = file.length;
    line++;
    const space = file.indexOf(blank, at);
    const token = space > at && space < end ? base64Characters(file, at, space) : undefined;
    const rank = token === undefined ? Number.NaN : wholeNumber(file, space + 1, end);
    if (token === undefined || Number.isNaN(rank)) {
      const text = new TextDecoder().decode(file.subarray(at, Math.min(end, at + 80)));
      if (text.trim() !== "") {
        throw new Error(`Line ${line}: expected a token in base64 and its rank, got ${JSON.stringify(text)}.`);
      }
    } else ids.set(token, rank);
    at = end + 1;
  }
  return ids;
}

const lineFeed = 0x0a;
const blank = 0x20;
const sextets = new Int8Array(256).fill(-1);
for (const [value, sign] of [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"].entries()) {
  sextets[sign.charCodeAt(0)] = value;
}

/** The bytes of `file[start, end)` in base64, as byte characters; undefined when it is none. */
function base64Characters(file: Uint8Array, start: number, end: number): string | undefined {
  let text = "";
  let bits = 0;
  let held = 0;
  for (let at = start; at < end && file[at] !== 0x3d; at++) {
    const value = sextets[file[at]!]!;
    if (value < 0) return undefined;
    held = ((held << 6) | value) & 0xffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    text += byteCharacters[(held >> bits) & 0xff];
  }
  return text;
}

function wholeNumber(file: Uint8Array, start: number, end: number): number {
  let value = 0;
  let at = start;
  for (; at < end && file[at]! >= 0x30 && file[at]! <= 0x39; at++) value = value * 10 + file[at]! - 0x30;
  const ended = at === end || (at === end - 1 && file[at] === 0x0d);
  return at > start && ended ? value : Number.NaN;
}

const specialFlags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };

function known(name: string): TiktokenEncoding {
  if (Object.hasOwn(tiktokenEncodings, name)) return tiktokenEncodings[name as keyof typeof tiktokenEncodings];
  throw new Error(
    `Expected the name of an encoding (${Object.keys(tiktokenEncodings).join(", ")}), or its pattern and special tokens. Got ${JSON.stringify(name)}; name it with the option encoding.`,
  );
}
