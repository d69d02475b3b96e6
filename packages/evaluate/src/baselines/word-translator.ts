import { passageOf } from "./passage.ts";

export interface WordTranslatorOptions {
  /** Rounds of expectation maximisation. Default 5. */
  readonly iterations?: number;
  readonly pause?: (share: number) => Promise<void>;
}

/** A source word that every sentence has: what target words without a counterpart come from. */
const nothing = 0;

/**
 * Translation word by word: IBM Model 1 (Brown et al. 1993, section 4.1; Koehn 2010, section 4.2) and, for each source word in its
 * order, the likeliest target word. Copying the source and this are the least that a translation model has to beat.
 *
 * Words are runs of letters and digits, Chinese characters and marks, in the case they have.
 */
export class WordTranslator {
  readonly #sources: ReadonlyMap<string, number>;
  readonly #targets: readonly string[];
  /** By source word, the target words that occur with it and their probabilities. */
  readonly #starts: Int32Array;
  readonly #words: Int32Array;
  readonly #chances: Float64Array;

  private constructor(
    sources: ReadonlyMap<string, number>,
    targets: readonly string[],
    [starts, words, chances]: [Int32Array, Int32Array, Float64Array],
  ) {
    this.#sources = sources;
    this.#targets = targets;
    this.#starts = starts;
    this.#words = words;
    this.#chances = chances;
  }

  /** @throws RangeError when there are not as many targets as sources, or none. */
  static async fit(
    sources: readonly string[],
    targets: readonly string[],
    { iterations = 5, pause }: WordTranslatorOptions = {},
  ): Promise<WordTranslator> {
    if (sources.length !== targets.length || sources.length === 0) {
      throw new RangeError(`Expected a target for each source. Received ${sources.length} and ${targets.length}.`);
    }
    const [sourceWords, targetWords] = [new Map<string, number>([["", nothing]]), new Map<string, number>()];
    const pairs = sources.map((source, index) => ({
      source: Int32Array.of(nothing, ...wordsOf(source).map((word) => numberOf(sourceWords, word))),
      target: Int32Array.from(wordsOf(targets[index]!), (word) => numberOf(targetWords, word)),
    }));
    const table = tableOf(pairs, sourceWords.size);
    const [starts, words] = table;
    let chances = new Float64Array(words.length).fill(1);
    for (let iteration = 0; iteration < iterations; iteration++) {
      const counts = new Float64Array(words.length);
      for (const [done, pair] of pairs.entries()) {
        if (done % 2000 === 0) await pause?.((iteration + done / pairs.length) / iterations);
        share(pair, { starts, words, chances, counts });
      }
      for (let source = 0; source + 1 < starts.length; source++) {
        let sum = 0;
        for (let at = starts[source]!; at < starts[source + 1]!; at++) sum += counts[at]!;
        for (let at = starts[source]!; at < starts[source + 1]!; at++) counts[at]! /= sum || 1;
      }
      chances = counts;
    }
    return new WordTranslator(sourceWords, [...targetWords.keys()], [starts, words, chances]);
  }

  /** t(target | source); a source of "" is the word that every sentence has. */
  probability(source: string, target: string): number {
    const row = this.#sources.get(source);
    const word = this.#targets.indexOf(target);
    if (row === undefined || word < 0) return 0;
    for (let at = this.#starts[row]!; at < this.#starts[row + 1]!; at++)
      if (this.#words[at] === word) return this.#chances[at]!;
    return 0;
  }

  /** Words that training did not have stay as they are. */
  translate(source: string): string {
    const out = wordsOf(source).map((word) => {
      const row = this.#sources.get(word);
      if (row === undefined) return word;
      let best = this.#starts[row]!;
      for (let at = best; at < this.#starts[row + 1]!; at++) if (this.#chances[at]! > this.#chances[best]!) best = at;
      return best < this.#starts[row + 1]! ? this.#targets[this.#words[best]!]! : word;
    });
    return joined(out);
  }
}

function wordsOf(text: string): string[] {
  const { units } = passageOf(text);
  return units.map(({ start, end }) => text.slice(start, end));
}

const east = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}，。！？、；：“”《》（）]/u;

/** With spaces, but none before closing marks and none beside Chinese. */
function joined(words: readonly string[]): string {
  let text = "";
  for (const word of words) {
    const last = text.at(-1) ?? "";
    const close = text === "" || /^[.,!?;:)\]}%’]/u.test(word) || /[([{]$/u.test(last);
    text += (close || east.test(word) || east.test(last) ? "" : " ") + word;
  }
  return text;
}

function numberOf(numbers: Map<string, number>, word: string): number {
  const known = numbers.get(word);
  if (known !== undefined) return known;
  numbers.set(word, numbers.size);
  return numbers.size - 1;
}

interface Pair {
  readonly source: Int32Array;
  readonly target: Int32Array;
}

/** For each source word the target words it occurs with, sorted. */
function tableOf(pairs: readonly Pair[], sources: number): [Int32Array, Int32Array] {
  const rows = Array.from({ length: sources }, () => new Set<number>());
  for (const { source, target } of pairs)
    for (const word of new Set(source)) for (const other of target) rows[word]!.add(other);
  const starts = new Int32Array(sources + 1);
  rows.forEach((row, index) => {
    starts[index + 1] = starts[index]! + row.size;
  });
  const words = new Int32Array(starts.at(-1)!);
  rows.forEach((row, index) => words.set(Int32Array.from(row).sort(), starts[index]!));
  return [starts, words];
}

interface Counting {
  readonly starts: Int32Array;
  readonly words: Int32Array;
  readonly chances: Float64Array;
  readonly counts: Float64Array;
}

/** Each target word is shared among the source words by how likely they make it. */
function share({ source, target }: Pair, { starts, words, chances, counts }: Counting): void {
  const places = new Int32Array(source.length);
  for (const word of target) {
    let sum = 0;
    for (let at = 0; at < source.length; at++) {
      places[at] = find(words, word, [starts[source[at]!]!, starts[source[at]! + 1]!]);
      sum += chances[places[at]!]!;
    }
    for (const place of places) counts[place]! += chances[place]! / sum;
  }
}

function find(words: Int32Array, word: number, [from, to]: [number, number]): number {
  let [low, high] = [from, to - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (words[middle]! < word) low = middle + 1;
    else high = middle;
  }
  return low;
}
