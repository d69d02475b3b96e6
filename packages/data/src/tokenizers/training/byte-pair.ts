import { type MergeCandidate, MergeQueue } from "./merge-queue.ts";
import { PairTable } from "./pair-table.ts";
import { breathe, type TrainingWatch } from "./progress.ts";

export interface BytePairTraining {
  readonly vocabularySize: number;
  readonly minimumFrequency: number;
  readonly special: readonly string[];
  /** Characters that are tokens whether they occur or not. */
  readonly alphabet?: readonly string[] | undefined;
  /** Most characters that become tokens; the rarest are left out. */
  readonly alphabetLimit?: number | undefined;
  /** In front of every part of a word but the first. */
  readonly continuingPrefix?: string | undefined;
  readonly endSuffix?: string | undefined;
  /** Tokens of more characters are not made. */
  readonly longestToken?: number | undefined;
}

export interface LearntMerges {
  /** Tokens in the order of their ids. */
  readonly tokens: readonly string[];
  readonly merges: readonly (readonly [string, string])[];
}

/**
 * Learns byte-pair merges from counted words, as Hugging Face's `BpeTrainer` does, ties among pairs included: always the most
 * frequent pair (Sennrich et al. 2016, algorithm 1), of equals that with the smaller ids.
 */
export async function trainBytePair(
  words: readonly (readonly [string, number])[],
  settings: BytePairTraining,
  watch: TrainingWatch = {},
): Promise<LearntMerges> {
  const learner = new Learner(words, settings);
  const total = Math.max(0, settings.vocabularySize - learner.tokens.length);
  let told = 0;
  for (let done = 0; learner.next(); done++) {
    if (done % 64 !== 0 || performance.now() - told < 100) continue;
    watch.progress?.({ stage: "merge", done, total, unit: "merges" });
    await breathe(watch);
    told = performance.now();
  }
  watch.progress?.({ stage: "merge", done: total, total, unit: "merges" });
  return { tokens: learner.tokens, merges: learner.merges };
}

class Learner {
  readonly tokens: string[] = [];
  readonly merges: [string, string][] = [];
  readonly #settings: BytePairTraining;
  readonly #ids = new Map<string, number>();
  /** Characters in each token. */
  readonly #lengths: number[] = [];
  /** Ids of all words' symbols one after the other; a word's first places hold what it is made of now. */
  readonly #symbols: Int32Array;
  readonly #starts: Int32Array;
  readonly #sizes: Int32Array;
  readonly #counts: Float64Array;
  readonly #pairs = new PairTable();
  readonly #queue = new MergeQueue(this.#pairs);

  constructor(words: readonly (readonly [string, number])[], settings: BytePairTraining) {
    this.#settings = settings;
    for (const token of settings.special) this.#token(token, 0);
    for (const character of alphabetOf(words, settings)) this.#token(character, 1);
    const symbols: number[] = [];
    this.#starts = new Int32Array(words.length);
    this.#sizes = new Int32Array(words.length);
    this.#counts = Float64Array.from(words, ([, count]) => count);
    for (const [index, [word]] of words.entries()) {
      this.#starts[index] = symbols.length;
      this.#read(word, symbols);
      this.#sizes[index] = symbols.length - this.#starts[index]!;
    }
    this.#symbols = Int32Array.from(symbols);
    this.#countPairs();
  }

  #token(token: string, length: number): number {
    const known = this.#ids.get(token);
    if (known !== undefined) return known;
    const id = this.tokens.length;
    this.tokens.push(token);
    this.#ids.set(token, id);
    this.#lengths.push(length);
    return id;
  }

  /** Characters outside the alphabet are left out of a word. */
  #read(word: string, symbols: number[]): void {
    const { continuingPrefix, endSuffix } = this.#settings;
    let at = 0;
    for (const character of word) {
      const first = at === 0;
      at += character.length;
      if (!this.#ids.has(character)) continue;
      let token = character;
      if (!first && continuingPrefix) token = continuingPrefix + token;
      if (at === word.length && endSuffix) token += endSuffix;
      symbols.push(this.#token(token, 1));
    }
  }

  #countPairs(): void {
    const pairs = this.#pairs;
    const places: number[][] = [];
    for (let word = 0; word < this.#starts.length; word++) {
      const start = this.#starts[word]!;
      const end = start + this.#sizes[word]!;
      for (let at = start; at + 1 < end; at++) {
        const pair = pairs.number(this.#symbols[at]!, this.#symbols[at + 1]!);
        pairs.counts[pair]! += this.#counts[word]!;
        places[pair] ??= [];
        if (places[pair].at(-1) !== word) places[pair].push(word);
      }
    }
    for (const [pair, words] of places.entries()) {
      const count = pairs.counts[pair]!;
      if (count > 0) this.#queue.push({ pair, count, words });
    }
  }

  /** Learns one more merge; false when there is none to learn. */
  next(): boolean {
    const { vocabularySize, minimumFrequency, continuingPrefix } = this.#settings;
    while (this.tokens.length < vocabularySize) {
      const top = this.#queue.pop();
      if (top === undefined) return false;
      const current = this.#pairs.counts[top.pair]!;
      if (top.count !== current) {
        top.count = current;
        this.#queue.push(top);
        continue;
      }
      if (top.count < 1 || top.count < minimumFrequency) return false;
      const [left, right] = [this.#pairs.lefts[top.pair]!, this.#pairs.rights[top.pair]!];
      const [first, second] = [this.tokens[left]!, this.tokens[right]!];
      const tail =
        continuingPrefix && second.startsWith(continuingPrefix) ? second.slice(continuingPrefix.length) : second;
      const merged = this.#token(first + tail, this.#lengths[left]! + this.#lengths[right]!);
      this.merges.push([first, second]);
      this.#merge(top, [left, right, merged]);
      return true;
    }
    return false;
  }

  #merge({ words }: MergeCandidate, merge: readonly [left: number, right: number, merged: number]): void {
    const changed = new Map<number, number[]>();
    for (const word of words) this.#mergeWord(word, merge, changed);
    for (const [pair, places] of changed) {
      const count = this.#pairs.counts[pair]!;
      if (count > 0) this.#queue.push({ pair, count, words: places });
    }
  }

  #mergeWord(
    word: number,
    [left, right, merged]: readonly [number, number, number],
    changed: Map<number, number[]>,
  ): void {
    const symbols = this.#symbols;
    const pairs = this.#pairs;
    const start = this.#starts[word]!;
    const count = this.#counts[word]!;
    const longest = this.#settings.longestToken ?? Number.POSITIVE_INFINITY;
    let size = this.#sizes[word]!;
    const gain = (one: number, other: number, neighbour: number): void => {
      if (this.#lengths[neighbour]! + this.#lengths[merged]! >= longest) return;
      const pair = pairs.number(one, other);
      pairs.counts[pair]! += count;
      const places = changed.get(pair);
      if (places === undefined) changed.set(pair, [word]);
      else if (places.at(-1) !== word) places.push(word);
    };
    for (let at = start; at + 1 < start + size; at++) {
      if (symbols[at] !== left || symbols[at + 1] !== right) continue;
      if (at > start) {
        const before = symbols[at - 1]!;
        pairs.counts[pairs.number(before, left)]! -= count;
        gain(before, merged, before);
      }
      symbols[at] = merged;
      symbols.copyWithin(at + 1, at + 2, start + size);
      size--;
      if (at + 1 < start + size) {
        const after = symbols[at + 1]!;
        pairs.counts[pairs.number(right, after)]! -= count;
        gain(merged, after, after);
      }
    }
    this.#sizes[word] = size;
  }
}

/** Characters of the words and those asked for, by code point; the rarest are left out where there is a limit. */
function alphabetOf(words: readonly (readonly [string, number])[], settings: BytePairTraining): string[] {
  const counts = new Map<string, number>();
  for (const [word, count] of words) {
    for (const character of word) counts.set(character, (counts.get(character) ?? 0) + count);
  }
  for (const character of settings.alphabet ?? []) counts.set(character, Number.POSITIVE_INFINITY);
  const codeOf = (character: string): number => character.codePointAt(0)!;
  let kept = [...counts];
  if (settings.alphabetLimit !== undefined && kept.length > settings.alphabetLimit) {
    kept.sort((one, other) => other[1] - one[1] || codeOf(one[0]) - codeOf(other[0]));
    kept = kept.slice(0, settings.alphabetLimit);
  }
  return kept.map(([character]) => character).sort((one, other) => codeOf(one) - codeOf(other));
}
