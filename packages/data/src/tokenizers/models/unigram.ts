import { TokenBuffer } from "../token-buffer.ts";
import { byteTokenIds, forEachByte, spacePieces } from "./characters.ts";
import type { TokenModel, Vocabulary } from "./model.ts";
import { PieceCache } from "./piece-cache.ts";
import { Trie } from "./trie.ts";

/** What an unknown character costs below the lowest score (sentencepiece `kUnkPenalty`). */
const unknownPenalty = 10;

export interface UnigramOptions {
  /** Id of the unknown token. */
  readonly unknown?: number | undefined;
  readonly byteFallback?: boolean;
  /** Ids of tokens that are never found in text: a SentencePiece model's control, unknown and byte pieces. */
  readonly hidden?: ReadonlySet<number>;
  /** Sums scores in 32 bits, as SentencePiece does. */
  readonly single?: boolean;
}

/** Unigram language model (Kudo 2018): of all ways to cut a piece into tokens, the most probable, by Viterbi's algorithm. */
export class UnigramModel implements TokenModel {
  readonly type = "Unigram";
  readonly vocabulary: Vocabulary;
  /** Log-probability of each token. */
  readonly #scores: Float64Array;
  readonly #options: UnigramOptions;
  readonly #trie: Trie;
  readonly #unknownScore: number;
  readonly #byteIds: Int32Array;
  readonly #cutsAtSpaces: boolean;
  readonly #cache = new PieceCache();
  readonly #found = new TokenBuffer(true);
  /** The best way to each place of a piece: its score, its last token, and where that begins. */
  #best = new Float64Array(256);
  #lastIds = new Int32Array(256);
  #lastStarts = new Int32Array(256);

  constructor(vocabulary: Vocabulary, scores: Float64Array, options: UnigramOptions = {}) {
    this.vocabulary = vocabulary;
    this.#scores = scores;
    this.#options = options;
    const visible = [...vocabulary].filter(([token, id]) => token !== "" && !options.hidden?.has(id));
    this.#trie = new Trie(visible);
    this.#unknownScore =
      visible.reduce((least, [, id]) => Math.min(least, scores[id]!), Number.POSITIVE_INFINITY) - unknownPenalty;
    this.#byteIds = byteTokenIds(vocabulary);
    this.#cutsAtSpaces = spacePieces(vocabulary);
  }

  encode(text: string, start: number, end: number, out: TokenBuffer): void {
    let from = start;
    if (this.#cutsAtSpaces) {
      for (let at = text.indexOf("▁", start + 1); at >= 0 && at < end; at = text.indexOf("▁", at + 1)) {
        if (text.charCodeAt(at - 1) === 0x2581) continue;
        this.#piece(text, from, at, out);
        from = at;
      }
    }
    this.#piece(text, from, end, out);
  }

  #piece(text: string, start: number, end: number, out: TokenBuffer): void {
    const from = out.count;
    this.#encodePiece(text, start, end, out);
    if (!out.positioned) return;
    for (let token = from; token < out.count; token++) {
      if (out.ids[token] === this.#options.unknown) {
        out.surfaces.set(token, text.slice(out.starts[token]!, out.ends[token]!));
      }
    }
  }

  #encodePiece(text: string, start: number, end: number, out: TokenBuffer): void {
    if (this.#cache.copy(text, start, end, out)) return;
    const found = this.#found;
    found.count = 0;
    this.#find(text, start, end, found);
    this.#cache.keep(text, start, end, found, 0);
    for (let at = 0; at < found.count; at++) out.push(found.ids[at]!, found.starts[at]!, found.ends[at]!);
  }

  #find(text: string, start: number, end: number, out: TokenBuffer): void {
    const length = end - start;
    this.#viterbi(text, start, length);
    // Back from the end: unknown characters beside each other are one token.
    const path: number[] = [];
    for (let at = length; at > 0; ) {
      const from = this.#lastStarts[at]!;
      const id = this.#lastIds[at]!;
      if (id < 0 && path.length > 0 && path.at(-1) === -1) path[path.length - 3] = from;
      else path.push(from, at, id);
      at = from;
    }
    for (let at = path.length - 3; at >= 0; at -= 3) {
      const from = start + path[at]!;
      const to = start + path[at + 1]!;
      const id = path[at + 2]!;
      if (id >= 0) out.push(id, from, to);
      else this.#unknown(text, from, to, out);
    }
  }

  #viterbi(text: string, start: number, length: number): void {
    if (length >= this.#best.length) {
      this.#best = new Float64Array(length * 2);
      this.#lastIds = new Int32Array(length * 2);
      this.#lastStarts = new Int32Array(length * 2);
    }
    const best = this.#best;
    const lastStarts = this.#lastStarts;
    const lastIds = this.#lastIds;
    const { single } = this.#options;
    lastStarts.fill(-1, 0, length + 1);
    best[0] = 0;
    for (let at = 0; at < length; ) {
      const wide = at + 1 < length && text.codePointAt(start + at)! > 0xffff;
      const next = at + (wide ? 2 : 1);
      let alone = false;
      let node = 0;
      for (let stop = at; stop < length; ) {
        node = this.#trie.child(node, text.charCodeAt(start + stop++));
        if (node < 0) break;
        const id = this.#trie.value(node);
        if (id < 0) continue;
        const sum = best[at]! + this.#scores[id]!;
        const score = single ? Math.fround(sum) : sum;
        if (lastStarts[stop]! < 0 || score > best[stop]!) {
          best[stop] = score;
          lastStarts[stop] = at;
          lastIds[stop] = id;
        }
        if (stop === next) alone = true;
      }
      if (!alone) {
        const score = best[at]! + this.#unknownScore;
        if (lastStarts[next]! < 0 || score > best[next]!) {
          best[next] = score;
          lastStarts[next] = at;
          lastIds[next] = -1;
        }
      }
      at = next;
    }
  }

  #unknown(text: string, start: number, end: number, out: TokenBuffer): void {
    if (this.#options.byteFallback) {
      let all = true;
      forEachByte(text, start, end, (byte) => {
        if (this.#byteIds[byte]! < 0) all = false;
      });
      if (all) {
        forEachByte(text, start, end, (byte) => out.push(this.#byteIds[byte]!, start, end));
        return;
      }
    }
    const { unknown } = this.#options;
    if (unknown === undefined) {
      throw new Error(
        `Expected only characters that the vocabulary has, got ${JSON.stringify(text.slice(start, end))}: there is no unknown token.`,
      );
    }
    out.push(unknown, start, end);
  }

  toJson(): Record<string, unknown> {
    const pieces: [string, number][] = [];
    for (const [token, id] of this.vocabulary) pieces[id] = [token, this.#scores[id]!];
    return {
      type: "Unigram",
      unk_id: this.#options.unknown ?? null,
      vocab: pieces,
      byte_fallback: this.#options.byteFallback ?? false,
    };
  }
}
