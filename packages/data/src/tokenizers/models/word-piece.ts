import { TokenBuffer } from "../token-buffer.ts";
import type { TokenModel, Vocabulary } from "./model.ts";
import { PieceCache } from "./piece-cache.ts";
import { Trie } from "./trie.ts";

export interface WordPieceOptions {
  readonly unknown: string;
  readonly continuingPrefix: string;
  /** Words with more characters are unknown. */
  readonly longestWord: number;
}

/** WordPiece (Schuster, Nakajima 2012; BERT's release): the longest token first, then the longest that continues it. */
export class WordPieceModel implements TokenModel {
  readonly type = "WordPiece";
  readonly vocabulary: Vocabulary;
  readonly #options: WordPieceOptions;
  readonly #beginnings: Trie;
  readonly #continuations: Trie;
  readonly #unknown: number;
  readonly #cache = new PieceCache();
  readonly #found = new TokenBuffer(true);

  /** @throws Error when the unknown token is none of the vocabulary. */
  constructor(vocabulary: Vocabulary, options: WordPieceOptions) {
    this.vocabulary = vocabulary;
    this.#options = options;
    const unknown = vocabulary.id(options.unknown);
    if (unknown === undefined)
      throw new Error(`Expected the unknown token ${JSON.stringify(options.unknown)} in the vocabulary.`);
    this.#unknown = unknown;
    const prefix = options.continuingPrefix;
    this.#beginnings = new Trie(vocabulary);
    this.#continuations =
      prefix === ""
        ? this.#beginnings
        : new Trie(
            [...vocabulary]
              .filter(([token]) => token.startsWith(prefix) && token !== prefix)
              .map(([token, id]) => [token.slice(prefix.length), id]),
          );
  }

  encode(text: string, start: number, end: number, out: TokenBuffer): void {
    if (this.#cache.copy(text, start, end, out)) return;
    const found = this.#found;
    found.count = 0;
    if (!this.#find(text, start, end, found)) {
      found.count = 0;
      found.push(this.#unknown, start, end);
    }
    this.#cache.keep(text, start, end, found, 0);
    for (let at = 0; at < found.count; at++) out.push(found.ids[at]!, found.starts[at]!, found.ends[at]!);
  }

  #find(text: string, start: number, end: number, out: TokenBuffer): boolean {
    const { longestWord } = this.#options;
    if (end - start > longestWord && characters(text, start, end) > longestWord) return false;
    for (let at = start; at < end; ) {
      const trie = at === start ? this.#beginnings : this.#continuations;
      let best = -1;
      let stop = at;
      let node = 0;
      for (let next = at; next < end; ) {
        node = trie.child(node, text.charCodeAt(next++));
        if (node < 0) break;
        const id = trie.value(node);
        if (id >= 0) {
          best = id;
          stop = next;
        }
      }
      if (best < 0) return false;
      out.push(best, at, stop);
      at = stop;
    }
    return true;
  }

  toJson(): Record<string, unknown> {
    return {
      type: "WordPiece",
      unk_token: this.#options.unknown,
      continuing_subword_prefix: this.#options.continuingPrefix,
      max_input_chars_per_word: this.#options.longestWord,
      vocab: this.vocabulary.toJson(),
    };
  }
}

function characters(text: string, start: number, end: number): number {
  let count = 0;
  for (let at = start; at < end; at++) if ((text.charCodeAt(at) & 0xfc00) !== 0xdc00) count++;
  return count;
}
