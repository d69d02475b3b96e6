import type { TokenBuffer } from "../token-buffer.ts";

/** What turns pieces of text into tokens of a vocabulary. */
export interface TokenModel {
  readonly type: "BPE" | "WordPiece" | "Unigram" | "WordLevel";
  readonly vocabulary: Vocabulary;
  /**
   * Appends the tokens of `text[start, end)`. Positions are units of `text`; a token that holds a part of a character covers
   * all of it.
   */
  encode(text: string, start: number, end: number, out: TokenBuffer): void;
  /** As in `tokenizer.json`. */
  toJson(): Record<string, unknown>;
}

/** Tokens and their ids, both ways. */
export class Vocabulary {
  readonly #ids: ReadonlyMap<string, number>;
  readonly #tokens: readonly (string | undefined)[];

  /** @throws Error when an id is no whole number, or is given twice. */
  constructor(ids: ReadonlyMap<string, number>) {
    this.#ids = ids;
    const tokens: (string | undefined)[] = [];
    for (const [token, id] of ids) {
      if (!Number.isInteger(id) || id < 0 || id > 2 ** 30) {
        throw new Error(`Expected an id from 0 on for token ${JSON.stringify(token)}, got ${id}.`);
      }
      if (tokens[id] !== undefined) {
        throw new Error(
          `Expected an id once, got ${id} for ${JSON.stringify(tokens[id])} and ${JSON.stringify(token)}.`,
        );
      }
      tokens[id] = token;
    }
    this.#tokens = tokens;
  }

  /** Number of tokens. */
  get size(): number {
    return this.#ids.size;
  }

  /** One more than the largest id. */
  get end(): number {
    return this.#tokens.length;
  }

  id(token: string): number | undefined {
    return this.#ids.get(token);
  }

  token(id: number): string | undefined {
    return this.#tokens[id];
  }

  /** Pairs in the order of their ids. */
  *[Symbol.iterator](): Generator<[string, number], void> {
    for (const [id, token] of this.#tokens.entries()) if (token !== undefined) yield [token, id];
  }

  toJson(): Record<string, number> {
    return Object.fromEntries(this);
  }
}
