import { NgramTrie } from "./ngram-trie.ts";

export interface NgramModelOptions {
  /** Longest n-grams; a symbol depends on `order - 1` before it. */
  readonly order: number;
  /** Symbols are numbers from 0 to `symbols` - 1; others count as unknown. */
  readonly symbols: number;
  /** Whether sequences have a start that is known and an end that is predicted: sentences and names, not a running text. */
  readonly boundaries: boolean;
  /** Whether some probability is kept for symbols that training did not have. */
  readonly unknown: boolean;
  /** "kneser-ney", or what is added to every count. */
  readonly smoothing: "kneser-ney" | number;
}

/**
 * A model of sequences by counts of n-grams.
 *
 * "kneser-ney" is interpolated modified Kneser–Ney (Chen and Goodman 1999, section 4.1.6): three discounts an order, from counts of
 * counts; below the longest n-grams, counts are of the different symbols that come before. As in KenLM (Heafield et al. 2013),
 * n-grams at the start of a sequence keep their counts, single symbols are interpolated with the uniform distribution, and orders
 * too scarce for an estimate discount by ½, 1 and 1½.
 *
 * A number k is additive smoothing: (count + k) / (count of the history + k V).
 */
export class NgramModel {
  readonly options: NgramModelOptions;
  readonly #trie = new NgramTrie();
  readonly #start: number;
  readonly #end: number;
  readonly #unknown: number;
  /** What can come next: symbols, the end and the unknown. */
  readonly outcomes: number;
  /** By node: its own count; of its children the sum of counts and the share that is left for shorter histories. */
  #counts = new Float64Array(1024);
  #totals = new Float64Array(0);
  #rest = new Float64Array(0);
  #discounts: readonly (readonly number[])[] = [];

  /** @throws RangeError for an order below 1. */
  constructor(sequences: Iterable<ArrayLike<number>>, options: NgramModelOptions) {
    const { order, symbols, boundaries, unknown, smoothing } = options;
    if (!Number.isInteger(order) || order < 1) throw new RangeError(`Expected an order from 1 on. Received ${order}.`);
    if (smoothing !== "kneser-ney" && !(smoothing > 0)) {
      throw new RangeError(`Expected "kneser-ney" or a number above 0 that is added to counts. Received ${smoothing}.`);
    }
    this.options = options;
    this.#unknown = symbols;
    this.#end = symbols + 1;
    this.#start = symbols + 2;
    this.outcomes = symbols + (boundaries ? 1 : 0) + (unknown ? 1 : 0);
    const depths = this.#count(sequences, smoothing === "kneser-ney");
    this.#summarise(depths);
  }

  /** Natural logarithms of the probability of each symbol after those before it, then of the end where sequences have one. */
  logProbabilities(sequence: ArrayLike<number>): Float64Array {
    const { order, boundaries } = this.options;
    const out = new Float64Array(sequence.length + (boundaries ? 1 : 0));
    let histories = this.#startHistories();
    for (let at = 0; at < out.length; at++) {
      const symbol = at === sequence.length ? this.#end : this.#known(sequence[at]!);
      out[at] = Math.log(this.#probability(histories, symbol));
      histories = this.#advance(histories, symbol, order);
    }
    return out;
  }

  /**
   * Probabilities of every symbol after a history; then, where they are, of the unknown and of the end. `start` says whether the
   * history goes back to the start of its sequence; the default.
   */
  next(history: ArrayLike<number>, { start = true }: { readonly start?: boolean } = {}): Float64Array {
    let histories = start ? this.#startHistories() : [0];
    for (let at = 0; at < history.length; at++) {
      histories = this.#advance(histories, this.#known(history[at]!), this.options.order);
    }
    const { symbols, unknown, boundaries } = this.options;
    const asked = [
      ...Array.from({ length: symbols }, (_, symbol) => symbol),
      ...(unknown ? [this.#unknown] : []),
      ...(boundaries ? [this.#end] : []),
    ];
    return Float64Array.from(asked, (symbol) => this.#probability(histories, symbol));
  }

  #known(symbol: number): number {
    if (symbol >= 0 && symbol < this.options.symbols) return symbol;
    if (this.options.unknown) return this.#unknown;
    throw new RangeError(
      `Expected a symbol from 0 to ${this.options.symbols - 1}: this model knows no others. Received ${symbol}.`,
    );
  }

  /** Nodes of the last 0, 1, … symbols. */
  #startHistories(): number[] {
    if (!this.options.boundaries || this.options.order === 1) return [0];
    const start = this.#trie.child(0, this.#start);
    return start < 0 ? [0] : [0, start];
  }

  #advance(histories: readonly number[], symbol: number, order: number): number[] {
    const next = [0];
    for (let length = 1; length < order && length <= histories.length; length++) {
      const node = this.#trie.child(histories[length - 1]!, symbol);
      if (node < 0) break;
      next.push(node);
    }
    return next;
  }

  #probability(histories: readonly number[], symbol: number): number {
    const { order, smoothing } = this.options;
    if (smoothing !== "kneser-ney") {
      const node = histories.length === order ? histories[order - 1]! : this.#shortHistory(histories);
      const [count, total] = node < 0 ? [0, 0] : [this.#countOf(node, symbol), this.#totals[node]!];
      return (count + smoothing) / (total + smoothing * this.outcomes);
    }
    let probability = 1 / this.outcomes;
    for (let length = 0; length < histories.length; length++) {
      const node = histories[length]!;
      const total = this.#totals[node]!;
      if (total === 0) break;
      const count = this.#countOf(node, symbol);
      const discount = this.#discounts[length + 1]![Math.min(count, 3)]!;
      probability = (count - discount) / total + this.#rest[node]! * probability;
    }
    return probability;
  }

  /** Additive smoothing takes whole histories only: shorter ones at the start of a sequence, none where one is new. */
  #shortHistory(histories: readonly number[]): number {
    return this.#atStart(histories) ? histories.at(-1)! : -1;
  }

  #atStart(histories: readonly number[]): boolean {
    if (!this.options.boundaries) return false;
    let node = histories.at(-1)!;
    while (this.#trie.parent(node) !== 0) node = this.#trie.parent(node);
    return node === this.#trie.child(0, this.#start);
  }

  #countOf(node: number, symbol: number): number {
    const child = this.#trie.child(node, symbol);
    return child < 0 ? 0 : this.#counts[child]!;
  }

  /** Counts every n-gram; gives the length of each. */
  #count(sequences: Iterable<ArrayLike<number>>, continuations: boolean): Uint8Array {
    const { order, boundaries } = this.options;
    const trie = this.#trie;
    let counts = new Float64Array(1024);
    let depths = new Uint8Array(1024);
    const room = (node: number): void => {
      if (node < counts.length) return;
      counts = enlarged(counts, new Float64Array(2 * counts.length));
      depths = enlarged(depths, new Uint8Array(2 * depths.length));
    };
    for (const sequence of sequences) {
      // Nodes of the n-grams that end at the place before, by length.
      let before = [0];
      if (boundaries) {
        const start = trie.grow(0, this.#start);
        room(start);
        depths[start] = 1;
        before = [0, start];
      }
      const length = sequence.length + (boundaries ? 1 : 0);
      for (let at = 0; at < length; at++) {
        const symbol = at === sequence.length ? this.#end : this.#known(sequence[at]!);
        const here = [0];
        for (let n = 1; n <= order && n <= before.length; n++) {
          const size = trie.size;
          const node = trie.grow(before[n - 1]!, symbol);
          const isNew = node === size;
          room(node);
          here.push(node);
          depths[node] = n;
          const fromStart = boundaries && n === before.length;
          if (!continuations || n === order || fromStart) counts[node]!++;
          // A new n-gram is one more symbol before its last n-1.
          if (continuations && isNew && n > 1) counts[here[n - 1]!]!++;
        }
        before = here;
      }
    }
    this.#counts = counts;
    return depths;
  }

  #summarise(depths: Uint8Array): void {
    const { order } = this.options;
    const size = this.#trie.size;
    const countsOfCounts = Array.from({ length: order + 1 }, () => new Float64Array(5));
    for (let node = 1; node < size; node++) {
      const count = this.#counts[node]!;
      if (count >= 1 && count <= 4) countsOfCounts[depths[node]!]![count]!++;
    }
    this.#discounts = countsOfCounts.map((counts) => discountsOf(counts));
    this.#totals = new Float64Array(size);
    this.#rest = new Float64Array(size);
    for (let node = 1; node < size; node++) {
      const parent = this.#trie.parent(node);
      const count = this.#counts[node]!;
      this.#totals[parent]! += count;
      this.#rest[parent]! += this.#discounts[depths[node]!]![Math.min(count, 3)]!;
    }
    for (let node = 0; node < size; node++) if (this.#totals[node]! > 0) this.#rest[node]! /= this.#totals[node]!;
  }
}

/** What is taken from counts of 0, 1, 2, and 3 or more (Chen and Goodman 1999, equation 26). */
function discountsOf([, once, twice, thrice, fourTimes]: Float64Array): readonly number[] {
  const share = once! / (once! + 2 * twice!);
  const discounts = [
    0,
    1 - (2 * share * twice!) / once!,
    2 - (3 * share * thrice!) / twice!,
    3 - (4 * share * fourTimes!) / thrice!,
  ];
  const usable = discounts.every((discount, count) => discount >= 0 && discount <= count);
  return usable ? discounts : [0, 0.5, 1, 1.5];
}

function enlarged<Values extends { set(from: Values): void }>(from: Values, to: Values): Values {
  to.set(from);
  return to;
}
