import { strip, words } from "./whitespace.ts";

/** Tokenizers of sacreBLEU 2.6.0 that need no model; their names are those of its signatures. */
export const translationTokenizers = ["13a", "intl", "zh", "char", "none"] as const;
export type TranslationTokenizer = (typeof translationTokenizers)[number];

/**
 * A line as BLEU counts it: tokens with a space between, character for character what sacreBLEU's tokenizer gives.
 *
 * `13a` is mteval-v13a's (the default), `intl` mteval-v14's, which splits at all punctuation and symbols of Unicode, `zh` sets
 * Chinese characters apart and treats the rest as 13a does, `char` sets every character apart.
 *
 * @throws RangeError for another name.
 */
export function tokenizeTranslation(line: string, tokenizer: TranslationTokenizer): string {
  switch (tokenizer) {
    case "13a":
      return splitWestern(` ${unescapeLine(line)} `);
    case "intl":
      return words(
        line
          .replace(/(\P{N})(\p{P})/gu, "$1 $2 ")
          .replace(/(\p{P})(\P{N})/gu, " $1 $2")
          .replace(/(\p{S})/gu, " $1 "),
      ).join(" ");
    case "zh":
      return splitWestern(strip(line).replace(chinese, " $& "));
    case "char":
      return [...line].join(" ");
    case "none":
      return line;
    default:
      throw new RangeError(
        `Expected a tokenizer that is one of ${translationTokenizers.join(", ")}. Received ${JSON.stringify(tokenizer)}.`,
      );
  }
}

/**
 * sacreBLEU's Chinese characters. Two of its ranges are written `\u20000`–`\u2a6d6` and `\u2f800`–`\u2fa1d`, which Python reads
 * as U+2000 followed by "0" and so on; as these compare, they hold U+2001–U+2A6D (dashes, quotes, arrows …) instead of
 * extension B. Kept, because scores depend on it.
 */
const chinese =
  /[\u2001-\u2a6d\u2e80-\u2fdf\u2ff0-\u303f\u3100-\u312f\u31a0-\u31bf\u31c0-\u31ef\u3200-\u33ff\u3400-\u4db5\u4e00-\u9fbb\uf900-\ufa2d\ufa30-\ufa6a\ufa70-\ufad9\ufe10-\ufe1f\ufe30-\ufe4f\uff00-\uffef]/gu;

function unescapeLine(line: string): string {
  const plain = line.replaceAll("<skipped>", "").replaceAll("-\n", "").replaceAll("\n", " ");
  if (!plain.includes("&")) return plain;
  return plain.replaceAll("&quot;", '"').replaceAll("&amp;", "&").replaceAll("&lt;", "<").replaceAll("&gt;", ">");
}

/** The language-dependent part of mteval-v13a: ASCII punctuation, periods and commas outside numbers, dashes after digits. */
function splitWestern(line: string): string {
  return words(splitPunctuation(line)).join(" ");
}

function splitPunctuation(line: string): string {
  return line
    .replace(asciiPunctuation, " $1 ")
    .replace(/([^0-9])([.,])/gu, "$1 $2 ")
    .replace(/([.,])([^0-9])/gu, " $1 $2")
    .replace(/([0-9])(-)/gu, "$1 $2 ");
}

const asciiPunctuation = /([{-~[-` -&(-+:-@/])/gu;

/** How TER reads a segment; names and defaults are sacreBLEU's. */
export interface TercomOptions {
  /** Sets punctuation apart and resolves a few entities. Default false. */
  readonly normalized?: boolean;
  /** Drops punctuation. Default false. */
  readonly noPunctuation?: boolean;
  /** With the other two: CJK characters apart, CJK punctuation dropped. Default false. */
  readonly asianSupport?: boolean;
  /** Default false. */
  readonly caseSensitive?: boolean;
}

/** Tercom's tokenizer as sacreBLEU 2.6.0 has it. */
export function tokenizeTercom(line: string, options: TercomOptions = {}): string {
  if (line === "") return "";
  let text = options.caseSensitive ? line : line.toLowerCase();
  if (options.normalized) {
    const unescaped = text
      .replaceAll("\n-", "")
      .replaceAll("\n", " ")
      .replaceAll("&quot;", '"')
      .replaceAll("&amp;", "&")
      .replaceAll("&lt;", "<")
      .replaceAll("&gt;", ">");
    text = ` ${unescaped} `
      .replace(asciiPunctuation, " $1 ")
      .replaceAll("'s ", " 's ")
      .replace(/'s$/u, " 's")
      .replace(/([^0-9])([.,])/gu, "$1 $2 ")
      .replace(/([.,])([^0-9])/gu, " $1 $2")
      .replace(/([0-9])(-)/gu, "$1 $2 ");
    // sacreBLEU's rules for kana are anchored at a line start that always has a space here, so they never apply.
    if (options.asianSupport) {
      for (const range of asianCharacters) text = text.replace(range, " $& ");
    }
  }
  if (options.noPunctuation) {
    text = text.replace(/[.,?:;!"()]/gu, "");
    if (options.asianSupport) text = text.replace(asianPunctuation, "").replace(fullWidthPunctuation, "");
  }
  return words(text).join(" ");
}

const asianPunctuation = /[\u3001\u3002\u3008-\u3011\u3014-\u301f\uff61-\uff65\u30fb]/gu;
const fullWidthPunctuation = /[\uff0e\uff0c\uff1f\uff1a\uff1b\uff01\uff02\uff08\uff09]/gu;
const asianCharacters = [
  /[\u4e00-\u9fff\u3400-\u4dbf]/gu,
  /[\u31c0-\u31ef\u2e80-\u2eff]/gu,
  /[\u3300-\u33ff\uf900-\ufaff\ufe30-\ufe4f]/gu,
  /[\u3200-\u3f22]/gu,
  asianPunctuation,
  fullWidthPunctuation,
];
