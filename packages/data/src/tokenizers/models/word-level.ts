import type { TokenBuffer } from "../token-buffer.ts";
import type { TokenModel, Vocabulary } from "./model.ts";

/** Every piece is a token, or unknown. */
export class WordLevelModel implements TokenModel {
  readonly type = "WordLevel";
  readonly vocabulary: Vocabulary;
  readonly #unknown: string;

  constructor(vocabulary: Vocabulary, unknown: string) {
    this.vocabulary = vocabulary;
    this.#unknown = unknown;
  }

  encode(text: string, start: number, end: number, out: TokenBuffer): void {
    const id = this.vocabulary.id(text.slice(start, end)) ?? this.vocabulary.id(this.#unknown);
    if (id === undefined) {
      throw new Error(
        `Expected ${JSON.stringify(text.slice(start, end))} or the unknown token ${JSON.stringify(this.#unknown)} in the vocabulary.`,
      );
    }
    out.push(id, start, end);
  }

  toJson(): Record<string, unknown> {
    return { type: "WordLevel", vocab: this.vocabulary.toJson(), unk_token: this.#unknown };
  }
}
