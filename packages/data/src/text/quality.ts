import type { TextCleaningStep } from "./text-cleaning.ts";
import { splitWords } from "./words.ts";

/**
 * Bounds of the quality rules of Gopher: Rae et al. 2021, appendix A.1.1. `null` leaves a rule out. The defaults are the paper's, for English;
 * for text mostly in Chinese characters they are those of `chineseQuality`.
 */
export interface QualityOptions {
  /** Words, marks of punctuation aside. Default 50 and 100,000. */
  readonly minimumWords?: number | null;
  readonly maximumWords?: number | null;
  /** Characters of a word on average. Default 3 and 10. */
  readonly minimumWordLength?: number | null;
  readonly maximumWordLength?: number | null;
  /** Number signs, or ellipses, per word and mark. Default 0.1. */
  readonly maximumSymbols?: number | null;
  /** Share of lines that begin with a bullet. Default 0.9. */
  readonly maximumBullets?: number | null;
  /** Share of lines that end in an ellipsis. Default 0.3. */
  readonly maximumEllipses?: number | null;
  /** Share of words and marks with a letter in them. Default 0.8. */
  readonly minimumAlphabetic?: number | null;
  /** How many of `stopWords` must occur, repetitions counted. Default 2. */
  readonly minimumStopWords?: number | null;
  readonly stopWords?: readonly string[];
}

/** The reasons of datatrove's filter of the same name. */
export type QualityReason =
  | "gopher_short_doc"
  | "gopher_long_doc"
  | "gopher_below_avg_threshold"
  | "gopher_above_avg_threshold"
  | "gopher_too_many_hashes"
  | "gopher_too_many_ellipsis"
  | "gopher_too_many_bullets"
  | "gopher_too_many_end_ellipsis"
  | "gopher_below_alpha_threshold"
  | "gopher_enough_stop_words";

/** Stop words of the paper. */
export const englishStopWords: readonly string[] = ["the", "be", "to", "of", "and", "that", "have", "with"];

/** Defaults for Chinese, chosen here: shorter words, function words of its own; the rest as in the paper. */
export const chineseQuality: QualityOptions = {
  minimumWordLength: 1,
  maximumWordLength: 4,
  minimumAlphabetic: 0.7,
  stopWords: ["的", "了", "是", "在", "和", "不", "有", "这", "也", "为", "以", "与", "就", "都", "而", "及"],
};

/** The first rule that the text breaks, in the order of the paper's list; undefined when it keeps all of them. */
export function qualityReason(text: string, options: QualityOptions = {}): QualityReason | undefined {
  const {
    minimumWords = 50,
    maximumWords = 100_000,
    minimumWordLength = 3,
    maximumWordLength = 10,
    maximumSymbols = 0.1,
    maximumBullets = 0.9,
    maximumEllipses = 0.3,
    minimumAlphabetic = 0.8,
    minimumStopWords = 2,
    stopWords = englishStopWords,
  } = isChinese(text) ? { ...chineseQuality, ...options } : options;
  const words = splitWords(text);
  const proper = words.filter((word) => /[^\p{P}\p{S}]/u.test(word));
  if (below(proper.length, minimumWords)) return "gopher_short_doc";
  if (above(proper.length, maximumWords)) return "gopher_long_doc";
  const characters = proper.reduce((sum, word) => sum + lengthOf(word), 0);
  const mean = proper.length === 0 ? 0 : characters / proper.length;
  if (below(mean, minimumWordLength)) return "gopher_below_avg_threshold";
  if (above(mean, maximumWordLength)) return "gopher_above_avg_threshold";
  if (above(occurrences(text, /#/g) / words.length, maximumSymbols)) return "gopher_too_many_hashes";
  if (above(occurrences(text, /\.\.\.|…/g) / words.length, maximumSymbols)) return "gopher_too_many_ellipsis";
  const lines = linesOf(text);
  if (above(share(lines, bullet), maximumBullets)) return "gopher_too_many_bullets";
  if (above(share(lines, ellipsis), maximumEllipses)) return "gopher_too_many_end_ellipsis";
  if (below(share(words, letter), minimumAlphabetic)) return "gopher_below_alpha_threshold";
  const stops = new Set(stopWords);
  if (below(words.filter((word) => stops.has(word)).length, minimumStopWords)) return "gopher_enough_stop_words";
  return undefined;
}

/** Every third letter or more is a Chinese character. */
function isChinese(text: string): boolean {
  const sample = text.slice(0, 2000);
  const han = sample.match(/\p{Script=Han}/gu)?.length ?? 0;
  return (
    han > 0 &&
    3 * han >= (sample.match(/\p{L}/gu)?.length ?? 0) &&
    !/[\p{Script=Hiragana}\p{Script=Katakana}]/u.test(sample)
  );
}

const bullet = /^\s*[•‣▪◦●·*-]\s/;
const ellipsis = /(?:\.\.\.|…)\s*$/;
const letter = /\p{L}/u;

/** Drops documents that break a rule, with the rule as the reason. */
export function filterQuality(options: QualityOptions = {}): TextCleaningStep {
  return dropping("filterQuality", (text) => qualityReason(text, options));
}

/** Bounds of the repetition rules of Gopher: Rae et al. 2021, table A1. `null` leaves a rule out. */
export interface RepetitionOptions {
  /** Share of lines, and of their characters, that repeat an earlier line. Default 0.3, 0.2. */
  readonly lines?: number | null;
  readonly lineCharacters?: number | null;
  /** The same for paragraphs. Default 0.3, 0.2. */
  readonly paragraphs?: number | null;
  readonly paragraphCharacters?: number | null;
  /** By n: share of characters in the most frequent n-gram. Default 2: 0.2, 3: 0.18, 4: 0.16. */
  readonly top?: Readonly<Record<number, number>>;
  /** By n: share of characters in n-grams that occurred before, overlaps counted once. Default 5: 0.15 to 10: 0.1. */
  readonly duplicated?: Readonly<Record<number, number>>;
}

/** The reasons of datatrove's filter of the same name. */
export type RepetitionReason =
  | "dup_para_frac"
  | "dup_para_char_frac"
  | "dup_line_frac"
  | "dup_line_char_frac"
  | `top_${number}_gram`
  | `duplicated_${number}_n_grams`;

const defaultTop: Readonly<Record<number, number>> = { 2: 0.2, 3: 0.18, 4: 0.16 };
const defaultDuplicated: Readonly<Record<number, number>> = { 5: 0.15, 6: 0.14, 7: 0.13, 8: 0.12, 9: 0.11, 10: 0.1 };

/** The first rule that the text breaks: paragraphs, lines, frequent n-grams, repeated n-grams; undefined when it keeps all. */
export function repetitionReason(text: string, options: RepetitionOptions = {}): RepetitionReason | undefined {
  const { lines = 0.3, lineCharacters = 0.2, paragraphs = 0.3, paragraphCharacters = 0.2 } = options;
  const length = Math.max(1, text.length);
  // As in datatrove, a blank line at the end begins one more paragraph.
  const repeated = repetitions(text.trimStart().split(/\n{2,}/));
  if (above(repeated.share, paragraphs)) return "dup_para_frac";
  if (above(repeated.characters / length, paragraphCharacters)) return "dup_para_char_frac";
  const repeatedLines = repetitions(linesOf(text));
  if (above(repeatedLines.share, lines)) return "dup_line_frac";
  if (above(repeatedLines.characters / length, lineCharacters)) return "dup_line_char_frac";
  const words = splitWords(text);
  for (const [size, bound] of Object.entries(options.top ?? defaultTop)) {
    if (topGram(words, Number(size)) / length > bound) return `top_${Number(size)}_gram`;
  }
  for (const [size, bound] of Object.entries(options.duplicated ?? defaultDuplicated)) {
    if (repeatedGrams(words, Number(size)) / length > bound) return `duplicated_${Number(size)}_n_grams`;
  }
  return undefined;
}

/** Drops documents that repeat themselves, with the rule as the reason. */
export function filterRepetition(options: RepetitionOptions = {}): TextCleaningStep {
  return dropping("filterRepetition", (text) => repetitionReason(text, options));
}

function dropping(name: string, reasonOf: (text: string) => string | undefined): TextCleaningStep {
  return {
    name,
    start: () => (text, note) => {
      const reason = reasonOf(text);
      if (reason === undefined) return text;
      note(reason, "dropped");
      return undefined;
    },
  };
}

function above(value: number, bound: number | null): boolean {
  return bound !== null && value > bound;
}

function below(value: number, bound: number | null): boolean {
  return bound !== null && value < bound;
}

function occurrences(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}

function share(items: readonly string[], pattern: RegExp): number {
  return items.length === 0 ? 0 : items.filter((item) => pattern.test(item)).length / items.length;
}

function lengthOf(word: string): number {
  let length = 0;
  for (const _ of word) length++;
  return length;
}

/** Lines without their ends; the last end begins no further line. */
function linesOf(text: string): string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

function repetitions(items: readonly string[]): { share: number; characters: number } {
  const seen = new Set<string>();
  let count = 0;
  let characters = 0;
  for (const item of items) {
    if (seen.has(item)) {
      count++;
      characters += item.length;
    } else seen.add(item);
  }
  return { share: items.length === 0 ? 0 : count / items.length, characters };
}

/** Characters in all occurrences of the most frequent n-gram; the first of those that are equally frequent. */
function topGram(words: readonly string[], size: number): number {
  const counts = new Map<string, number>();
  let most = "";
  for (let at = 0; at + size <= words.length; at++) {
    const gram = words.slice(at, at + size).join(" ");
    counts.set(gram, (counts.get(gram) ?? 0) + 1);
  }
  for (const [gram, count] of counts) if (count > (counts.get(most) ?? 0)) most = gram;
  const count = counts.get(most) ?? 0;
  return most.length * count;
}

/** Characters in n-grams that occurred before; after one of them comes the next that does not overlap it. */
function repeatedGrams(words: readonly string[], size: number): number {
  const seen = new Set<string>();
  let characters = 0;
  for (let at = 0; at + size <= words.length; ) {
    const gram = words.slice(at, at + size).join(" ");
    if (seen.has(gram)) {
      characters += gram.length;
      at += size;
    } else {
      seen.add(gram);
      at++;
    }
  }
  return characters;
}
