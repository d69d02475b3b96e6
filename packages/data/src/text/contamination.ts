import { type HashPair, hashInto } from "./hash.ts";
import { HashSet } from "./hash-set.ts";
import type { TextDocument } from "./text-cleaning.ts";

/** Tokens of a text: words, or ids of a tokenizer. */
export type Tokens = readonly string[] | ArrayLike<number>;

export interface ContaminationOptions {
  /** Tokens of an n-gram: 13 as for GPT-3 (Brown et al. 2020, appendix C; the default), 8 as for GPT-2 (Radford et al. 2019). */
  readonly size?: number;
  /** How a text becomes tokens. Default: words in lower case, punctuation aside; each Chinese character is one. */
  readonly tokenize?: (text: string) => Tokens;
  /** N-grams of the test items that occur in more training documents than this are common phrases and do not count. Default 10, as for GPT-3. */
  readonly common?: number;
  /** A test item is contaminated from this share of its n-grams on, 0 to 1. Default: any n-gram at all. */
  readonly share?: number;
  /** Items of fewer tokens are not judged: everybody says "thank you". Default 8, or `size` if that is less. */
  readonly shortest?: number;
  readonly progress?: (documents: number) => void;
  readonly signal?: AbortSignal;
}

/** How much of one test item is in the training part. */
export interface ContaminatedItem {
  /** Its number in the test part, from 0. */
  readonly index: number;
  /** Share of its n-grams that occur in training, common ones aside. */
  readonly share: number;
  /** Number, from 0, of the first training document that shares one. */
  readonly document: number;
  /** The tokens of the first n-gram shared, joined by spaces. */
  readonly example: string;
}

export interface Contamination {
  readonly size: number;
  readonly items: number;
  /** Items too short to be judged. Those shorter than an n-gram but not that short are looked for whole. */
  readonly tooShort: number;
  readonly documents: number;
  /** Items whose share reaches the bound, most contaminated first. */
  readonly contaminated: readonly ContaminatedItem[];
  /** Contaminated items by all items. */
  readonly share: number;
  /** N-grams of the test part that were left out as common. */
  readonly common: number;
}

/**
 * Which test items share n-grams with the training part. Reads the test part once and keeps the 64-bit hashes of its n-grams, then reads
 * the training part as a stream: memory follows the test part only, about 100 bytes for each of its n-grams. Two different n-grams share a
 * hash with chance 2⁻⁶⁴ for each pair compared: with a million in the test part and a billion in training, 0.00005 in all.
 */
export async function findContamination(
  {
    train,
    test,
  }: {
    readonly train: Iterable<TextDocument> | AsyncIterable<TextDocument>;
    readonly test: Iterable<TextDocument> | AsyncIterable<TextDocument>;
  },
  options: ContaminationOptions = {},
): Promise<Contamination> {
  const { size = 13, tokenize = plainWords, common = 10, share = 0, signal } = options;
  const shortest = options.shortest ?? Math.min(8, size);
  if (!Number.isInteger(size) || size < 1)
    throw new RangeError(`Expected the size of n-grams to be 1 or more. Received ${size}.`);
  const grams = new NGrams(size);
  const items: { readonly tokens: Tokens; readonly grams: readonly number[] }[] = [];
  const known = new Map<bigint, number>();
  let tooShort = 0;
  const shortLengths = new Set<number>();
  for await (const { text } of test) {
    const tokens = tokenize(text);
    const own: number[] = [];
    if (tokens.length < shortest) tooShort++;
    else grams.each(tokens, size, (hash) => own.push(numberOf(known, hash)));
    if (tokens.length < size && tokens.length >= shortest) shortLengths.add(tokens.length);
    items.push({ tokens, grams: own });
  }
  const counts = new Uint32Array(known.size);
  const first = new Int32Array(known.size).fill(-1);
  const glance = new HashSet(known.size);
  for (const hash of known.keys()) glance.add(Number(BigInt.asIntN(32, hash)), Number(BigInt.asIntN(32, hash >> 32n)));
  let documents = 0;
  for await (const { text } of train) {
    signal?.throwIfAborted();
    const tokens = tokenize(text);
    const met = new Set<number>();
    const look = (hash: bigint): void => {
      const gram = known.get(hash);
      if (gram !== undefined) met.add(gram);
    };
    grams.each(tokens, size, look, glance);
    for (const length of shortLengths) if (length < tokens.length) grams.each(tokens, length, look, glance);
    for (const gram of met) {
      counts[gram]!++;
      if (first[gram] === -1) first[gram] = documents;
    }
    documents++;
    if (documents % 1000 === 0) options.progress?.(documents);
  }
  options.progress?.(documents);
  const contaminated: ContaminatedItem[] = [];
  for (const [index, { tokens, grams: own }] of items.entries()) {
    const rare = own.map((gram, at) => ({ gram, at })).filter(({ gram }) => counts[gram]! <= common);
    const shared = rare.filter(({ gram }) => counts[gram]! > 0);
    if (shared.length === 0 || shared.length / rare.length < share) continue;
    contaminated.push({
      index,
      share: shared.length / rare.length,
      document: Math.min(...shared.map(({ gram }) => first[gram]!)),
      example: Array.from(tokens as ArrayLike<string | number>)
        .slice(shared[0]!.at, shared[0]!.at + size)
        .join(" "),
    });
  }
  return {
    size,
    items: items.length,
    tooShort,
    documents,
    contaminated: contaminated.sort((left, right) => right.share - left.share || left.index - right.index),
    share: items.length === 0 ? 0 : contaminated.length / items.length,
    common: counts.reduce((sum, count) => sum + (count > common ? 1 : 0), 0),
  };
}

function numberOf(known: Map<bigint, number>, hash: bigint): number {
  const number = known.get(hash);
  if (number !== undefined) return number;
  known.set(hash, known.size);
  return known.size - 1;
}

/** Hashes of n-grams. */
class NGrams {
  readonly #size: number;
  readonly #word: HashPair = { low: 0, high: 0 };

  constructor(size: number) {
    this.#size = size;
  }

  /**
   * Calls `take` with the hash of each run of `size` tokens; where there are fewer (`size` being the size of n-grams), with that of all of them.
   * With `among`, only with hashes that are in it.
   */
  each(tokens: Tokens, size: number, take: (hash: bigint) => void, among?: HashSet): void {
    const count = tokens.length;
    if (count === 0) return;
    const length = Math.min(size, count);
    // A text shorter than an n-gram counts whole, and in training only where it is a document of its own or looked for by its length.
    const lows = new Int32Array(count);
    const highs = new Int32Array(count);
    for (let at = 0; at < count; at++) {
      const token = tokens[at]!;
      if (typeof token === "number") {
        lows[at] = Math.imul(token + 1, 0x9e3779b1);
        highs[at] = Math.imul(token + 1, 0x85ebca77);
      } else {
        hashInto(token, 0, token.length, this.#word);
        lows[at] = this.#word.low;
        highs[at] = this.#word.high;
      }
    }
    for (let at = 0; at + length <= count; at++) {
      let low = length === this.#size ? 0 : length;
      let high = ~low;
      for (let offset = 0; offset < length; offset++) {
        low = Math.imul(low ^ lows[at + offset]!, 0x01000193);
        low ^= low >>> 15;
        high = Math.imul(high + highs[at + offset]!, 0x5bd1e995);
        high ^= high >>> 13;
      }
      if (among !== undefined && !among.has(low, high)) continue;
      take((BigInt(high >>> 0) << 32n) | BigInt(low >>> 0));
    }
  }
}

/** Words in lower case without punctuation; each Chinese or Japanese character is one. */
function plainWords(text: string): string[] {
  return text.toLowerCase().match(plainWord) ?? [];
}

const plainWord =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|(?:(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}])[\p{L}\p{M}\p{N}])+/gu;
