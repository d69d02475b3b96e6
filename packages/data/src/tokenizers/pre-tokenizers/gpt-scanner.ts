import { astralClasses, letter, numeral, runEnd, space, unitClasses, widthAt } from "../character-classes.ts";
import type { PieceScanner } from "./pre-tokenizer.ts";

const apostrophe = 0x27;
const blank = 0x20;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const wordOrSpace = letter | numeral | space;

/** How a family of GPT patterns cuts; see the functions for the patterns themselves. */
interface Rules {
  /** GPT-4 and after: any case in contractions, any one sign before a word, line ends apart. */
  readonly modern: boolean;
  /** Digits in a piece at most. */
  readonly digits: number;
  /** Spaces that reach the end are one piece, line ends or not: OpenAI's later patterns have `\s++$`. */
  readonly wholeEnd: boolean;
}

const gpt2Source = String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`;

/**
 * The scanner that cuts as `source` does, for the patterns that models use most; undefined for others. A test compares each
 * with its regular expression on random text.
 */
export function knownScanner(source: string): PieceScanner | undefined {
  const rules = known.get(source.replaceAll(/\[(\\p\{\w+\})\]/g, "$1"));
  return rules && gptScanner(rules);
}

/** GPT-2's pattern (Radford et al. 2019). */
export const gpt2Scanner: PieceScanner = gptScanner({
  modern: false,
  digits: Number.POSITIVE_INFINITY,
  wholeEnd: false,
});

const known = new Map<string, Rules>([
  [gpt2Source, { modern: false, digits: Number.POSITIVE_INFINITY, wholeEnd: false }],
]);
for (const contractions of ["(?i:'s|'t|'re|'ve|'m|'ll|'d)", "'(?i:[sdmt]|ll|ve|re)"]) {
  for (const [number, digits] of [
    ["\\p{N}", 1],
    ["\\p{N}{1,3}", 3],
    ["\\p{N}{1,2}", 2],
  ] as const) {
    // Llama 3, Qwen 2, OpenAI's cl100k_base as first published.
    const source = String.raw`${contractions}|[^\r\n\p{L}\p{N}]?\p{L}+|${number}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`;
    known.set(source, { modern: true, digits, wholeEnd: false });
  }
}
/** cl100k_base as tiktoken has it since 0.6. */
export const cl100kSource = String.raw`'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s`;
known.set(cl100kSource, { modern: true, digits: 3, wholeEnd: true });
/** r50k_base and p50k_base as tiktoken has them since 0.6. */
export const r50kSource = String.raw`'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s`;
known.set(r50kSource, { modern: false, digits: Number.POSITIVE_INFINITY, wholeEnd: true });

function gptScanner({ modern, digits, wholeEnd }: Rules): PieceScanner {
  return (text, at, end) => {
    const unit = text.charCodeAt(at);
    if (unit === apostrophe) {
      const length = contraction(text, at + 1, end, modern);
      if (length > 0) return at + 1 + length;
    }
    const classes = classesOf(text, at, unit);
    if ((classes & letter) !== 0) return runEnd(text, at, end, letter);
    if ((classes & numeral) !== 0) return numberEnd(text, at, end, digits);
    const next = at + (unit < 0xd800 || unit > 0xdbff ? 1 : widthAt(text, at, end));
    if (modern) {
      if (unit !== lineFeed && unit !== carriageReturn && next < end && (classesNext(text, next) & letter) !== 0) {
        return runEnd(text, next, end, letter);
      }
      const signs = unit === blank ? next : at;
      if (
        (unit === blank || (classes & space) === 0) &&
        signs < end &&
        (classesNext(text, signs) & wordOrSpace) === 0
      ) {
        let stop = runEnd(text, signs, end, wordOrSpace, true);
        while (stop < end && isLineEnd(text.charCodeAt(stop))) stop++;
        return stop;
      }
    } else {
      if (unit === blank && next < end) {
        const following = classesNext(text, next);
        if ((following & letter) !== 0) return runEnd(text, next, end, letter);
        if ((following & numeral) !== 0) return runEnd(text, next, end, numeral);
        if ((following & space) === 0) return runEnd(text, next, end, wordOrSpace, true);
      }
      if ((classes & space) === 0) return runEnd(text, at, end, wordOrSpace, true);
    }
    const stop = runEnd(text, next, end, space);
    if (modern && !(wholeEnd && stop === end)) {
      let lineEnd = stop;
      while (lineEnd > at && !isLineEnd(text.charCodeAt(lineEnd - 1))) lineEnd--;
      if (lineEnd > at) return lineEnd;
    }
    // The last space goes with what follows it.
    return stop === end || stop === at + 1 ? stop : stop - 1;
  };
}

function isLineEnd(unit: number): boolean {
  return unit === lineFeed || unit === carriageReturn;
}

function classesOf(text: string, at: number, unit: number): number {
  return unit < 0xd800 || unit > 0xdbff ? unitClasses()[unit]! : astralClasses(text.codePointAt(at)!);
}

function classesNext(text: string, at: number): number {
  return classesOf(text, at, text.charCodeAt(at));
}

function numberEnd(text: string, at: number, end: number, digits: number): number {
  if (digits === Number.POSITIVE_INFINITY) return runEnd(text, at, end, numeral);
  let next = at;
  for (let count = 0; count < digits && next < end && (classesNext(text, next) & numeral) !== 0; count++) {
    next += widthAt(text, next, end);
  }
  return next;
}

/** Length of s, t, re, ve, m, ll or d at `at`; 0 when there is none. */
function contraction(text: string, at: number, end: number, anyCase: boolean): number {
  if (at >= end) return 0;
  const fold = anyCase ? 0x20 : 0;
  const unit = text.charCodeAt(at);
  const first = unit | fold;
  if (first === 0x73 || first === 0x74 || first === 0x6d || first === 0x64) return 1;
  // ſ is an s in any case.
  if (anyCase && unit === 0x17f) return 1;
  if (at + 1 >= end) return 0;
  const second = text.charCodeAt(at + 1) | fold;
  if ((first === 0x72 || first === 0x76) && second === 0x65) return 2;
  return first === 0x6c && second === 0x6c ? 2 : 0;
}
