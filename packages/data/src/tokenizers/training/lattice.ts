import { Trie } from "../models/trie.ts";

/** A piece of a vocabulary in training, and its log-probability. */
export type ScoredPiece = readonly [text: string, score: number];

const unknownPenalty = 10;

/** The ways to cut a word into pieces. Piece 0 is the unknown one. */
export class Lattice {
  readonly #trie: Trie;
  readonly #scores: Float64Array;
  readonly #unknownScore: number;
  /** Edges of the current word: from, to (in units), piece. */
  #edges: number[] = [];
  #length = 0;
  #forward = new Float64Array(64);
  #backward = new Float64Array(64);
  #bestEdge = new Int32Array(64);

  constructor(pieces: readonly ScoredPiece[]) {
    this.#trie = new Trie(pieces.slice(1).map(([text], index) => [text, index + 1]));
    this.#scores = Float64Array.from(pieces, ([, score]) => score);
    let least = Number.POSITIVE_INFINITY;
    for (let piece = 1; piece < pieces.length; piece++) least = Math.min(least, this.#scores[piece]!);
    this.#unknownScore = least - unknownPenalty;
  }

  /** Finds the edges of a word; without that of the whole word where `apart`. */
  read(word: string, apart = false): void {
    const edges: number[] = [];
    const { length } = word;
    for (let from = 0; from < length; ) {
      const next = from + (word.codePointAt(from)! > 0xffff ? 2 : 1);
      let alone = false;
      let node = 0;
      for (let to = from; to < length; ) {
        node = this.#trie.child(node, word.charCodeAt(to++));
        if (node < 0) break;
        const piece = this.#trie.value(node);
        if (piece < 0) continue;
        if (to === next) alone = true;
        if (!(apart && to - from === length)) edges.push(from, to, piece);
      }
      if (!alone) edges.push(from, next, 0);
      from = next;
    }
    this.#edges = edges;
    this.#length = length;
    if (length >= this.#forward.length) {
      this.#forward = new Float64Array(length * 2);
      this.#backward = new Float64Array(length * 2);
      this.#bestEdge = new Int32Array(length * 2);
    }
  }

  #score(piece: number): number {
    return piece === 0 ? this.#unknownScore : this.#scores[piece]!;
  }

  /** Pieces of the most probable way, last first; undefined when there is no way. */
  best(): number[] | undefined {
    const scores = this.#forward;
    const edges = this.#edges;
    this.#bestEdge.fill(-1, 0, this.#length + 1);
    scores.fill(Number.NEGATIVE_INFINITY, 0, this.#length + 1);
    scores[0] = 0;
    for (let edge = 0; edge < edges.length; edge += 3) {
      const score = scores[edges[edge]!]! + this.#score(edges[edge + 2]!);
      const to = edges[edge + 1]!;
      if (score > scores[to]!) {
        scores[to] = score;
        this.#bestEdge[to] = edge;
      }
    }
    const pieces: number[] = [];
    for (let at = this.#length; at > 0; ) {
      const edge = this.#bestEdge[at]!;
      if (edge < 0) return undefined;
      pieces.push(edges[edge + 2]!);
      at = edges[edge]!;
    }
    return pieces;
  }

  /** Adds to `expected` how often each piece is in the word, over all ways by their probability, times `count`; gives ln Z. */
  addExpected(count: number, expected: Float64Array): number {
    const { length } = this;
    const [forward, backward, edges] = [this.#forward, this.#backward, this.#edges];
    forward.fill(Number.NEGATIVE_INFINITY, 0, length + 1);
    backward.fill(Number.NEGATIVE_INFINITY, 0, length + 1);
    forward[0] = 0;
    backward[length] = 0;
    for (let edge = 0; edge < edges.length; edge += 3) {
      const to = edges[edge + 1]!;
      forward[to] = logAdd(forward[to]!, forward[edges[edge]!]! + this.#score(edges[edge + 2]!));
    }
    for (let edge = edges.length - 3; edge >= 0; edge -= 3) {
      const from = edges[edge]!;
      backward[from] = logAdd(backward[from]!, backward[edges[edge + 1]!]! + this.#score(edges[edge + 2]!));
    }
    const all = forward[length]!;
    for (let edge = 0; edge < edges.length; edge += 3) {
      const piece = edges[edge + 2]!;
      const way = forward[edges[edge]!]! + this.#score(piece) + backward[edges[edge + 1]!]! - all;
      expected[piece]! += count * Math.exp(way);
    }
    return all;
  }

  get length(): number {
    return this.#length;
  }
}

/** ln(eˣ + eʸ) */
function logAdd(x: number, y: number): number {
  const [low, high] = x > y ? [y, x] : [x, y];
  // Beyond e⁻⁵⁰ the smaller one is lost in rounding anyway.
  return low === Number.NEGATIVE_INFINITY || high > low + 50 ? high : high + Math.log(Math.exp(low - high) + 1);
}
