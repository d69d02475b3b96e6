import { z } from "zod";

/** Which n-grams of a text count, and how many buckets their hashes fall into. */
export const NgramConfig = z.strictObject({
  buckets: z
    .int()
    .min(16)
    .max(2 ** 20)
    .default(2 ** 14)
    .describe("rows of the table of n-grams"),
  ngrams: z.int().min(1).max(5).default(2).describe("longest n-gram, in words; in characters where Chinese is written"),
  characters: z
    .tuple([z.int().min(1), z.int().max(8)])
    .refine(([shortest, longest]) => shortest <= longest, "expected the shortest first")
    .optional()
    .describe("shortest and longest n-grams of characters beside them, across words; none when left out"),
  dictionary: z
    .boolean()
    .default(false)
    .describe("whether words of several Chinese characters count, too, as Intl.Segmenter's dictionary knows them"),
  length: z.int().positive().default(96).describe("most n-grams of a text; the longest and last ones are left out"),
});
export type NgramConfig = z.infer<typeof NgramConfig>;

/** A text cut into n-grams: bucket i stands for the units (or characters) `from[i]` to `to[i]` of `places`. */
export interface TextNgrams {
  /** 1 … buckets − 1; 0 is for none. */
  readonly buckets: Int32Array;
  /** The words, or single Chinese characters, and signs: [start, end) in the text as given. */
  readonly units: readonly (readonly [start: number, end: number])[];
  /** The share of each n-gram that falls to each unit; the shares of an n-gram add up to 1. */
  readonly shares: readonly ReadonlyMap<number, number>[];
}

const unit = /\p{Script=Han}|(?:(?!\p{Script=Han})[\p{L}\p{M}\p{N}'’])+|[^\s]/gu;
const offsetBasis = 0x811c9dc5;
/** Another start for characters, so that the word "a" and the character "a" are two. */
const characterBasis = 0x050c5d1f;
const dictionaryBasis = 0x2f0b4c47;
const severalHan = /\p{Script=Han}{2}/u;
let segmenter: Intl.Segmenter | undefined;

/** The buckets of a text's n-grams, at most `length`: of words, the shortest first, then words of the dictionary, then of characters. */
export function bucketsOf(text: string, config: NgramConfig): Int32Array {
  const { normal } = normalize(text);
  const words = normal.match(unit) ?? [];
  const found: number[] = [];
  eachNgram(words, normal, config, (bucket) => found.push(bucket));
  return Int32Array.from(found);
}

/** As `bucketsOf`, with the places that each n-gram came from. */
export function placedNgrams(text: string, config: NgramConfig): TextNgrams {
  const { normal, origins } = normalize(text);
  const matches = [...normal.matchAll(unit)];
  const unitAt = new Int32Array(normal.length).fill(-1);
  matches.forEach(({ 0: { length }, index }, each) => unitAt.fill(each, index, index + length));
  const buckets: number[] = [];
  const shares: Map<number, number>[] = [];
  const words = matches.map(([word]) => word);
  eachNgram(words, normal, config, (bucket, start, end, kind) => {
    const own = new Map<number, number>();
    const covered = [];
    for (let at = start; at < end; at++) if (kind === "words" || unitAt[at] !== -1) covered.push(at);
    for (const at of covered) {
      const place = kind === "words" ? at : unitAt[at]!;
      own.set(place, (own.get(place) ?? 0) + 1 / covered.length);
    }
    buckets.push(bucket);
    shares.push(own);
  });
  const units = matches.map(({ 0: { length }, index }) => {
    return [origins[index]!.start, origins[index + length - 1]!.end] as const;
  });
  return { buckets: Int32Array.from(buckets), units, shares };
}

/** What each unit gets of the values of the n-grams that cover it. */
export function attributed(
  text: string,
  { units, shares }: TextNgrams,
  values: ArrayLike<number>,
): { text: string; start: number; end: number; value: number }[] {
  const sums = new Float64Array(units.length);
  shares.forEach((own, ngram) => {
    for (const [unit, share] of own) sums[unit]! += share * values[ngram]!;
  });
  return units.map(([start, end], unit) => ({ text: text.slice(start, end), start, end, value: sums[unit]! }));
}

type See = (bucket: number, start: number, end: number, kind: "words" | "characters") => void;

function eachNgram(words: readonly string[], normal: string, config: NgramConfig, see: See): void {
  const { ngrams, buckets, characters, dictionary, length } = config;
  let left = length;
  const tell = (hash: number, start: number, end: number, kind: "words" | "characters"): boolean => {
    see(1 + ((hash >>> 0) % (buckets - 1)), start, end, kind);
    return --left === 0;
  };
  for (let size = 1; size <= ngrams; size++) {
    for (let start = 0; start + size <= words.length; start++) {
      let value = offsetBasis;
      for (let at = start; at < start + size; at++) value = hashed(at === start ? words[at]! : ` ${words[at]}`, value);
      if (tell(value, start, start + size, "words")) return;
    }
  }
  if (dictionary) {
    segmenter ??= new Intl.Segmenter("zh", { granularity: "word" });
    for (const { segment, index } of segmenter.segment(normal)) {
      if (!severalHan.test(segment)) continue;
      if (tell(hashed(segment, dictionaryBasis), index, index + segment.length, "characters")) return;
    }
  }
  if (characters === undefined) return;
  for (let size = characters[0]; size <= characters[1]; size++) {
    for (let start = 0; start + size <= normal.length; start++) {
      const gram = normal.slice(start, start + size);
      if (gram.trim() !== "" && tell(hashed(gram, characterBasis), start, start + size, "characters")) return;
    }
  }
}

/** FNV-1a, 32 bits, over UTF-16 code units. */
function hashed(text: string, basis: number): number {
  let value = basis;
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return value;
}

interface Origin {
  readonly start: number;
  readonly end: number;
}

/**
 * NFKC in lower case with single spaces, character by character (marks stay with what they are on), and where in the text each
 * UTF-16 unit came from.
 */
function normalize(text: string): { normal: string; origins: readonly Origin[] } {
  let normal = "";
  const origins: Origin[] = [];
  for (const { 0: cluster, index } of text.matchAll(/\s+|\P{M}\p{M}*|\p{M}+/gu)) {
    const own = /^\s/.test(cluster) ? " " : cluster.normalize("NFKC").toLowerCase();
    normal += own;
    const origin = { start: index, end: index + cluster.length };
    for (let at = 0; at < own.length; at++) origins.push(origin);
  }
  return { normal, origins };
}
