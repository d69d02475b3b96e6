import { AddedTokenFinder } from "./added-tokens.ts";
import { AlignedText } from "./aligned-text.ts";
import type { TokenModel } from "./models/model.ts";
import { align, type Normalizer } from "./normalizers/index.ts";
import type { PieceSink, PreTokenizer } from "./pre-tokenizers/index.ts";
import type { AddedToken } from "./specification.ts";
import type { TokenBuffer } from "./token-buffer.ts";

/** The way from a text to tokens: added tokens are cut out, the rest is normalised, cut into pieces and given to the model. */
export class TextPipeline {
  readonly #normalizer: Normalizer | undefined;
  readonly #cut: PreTokenizer | undefined;
  readonly #model: TokenModel;
  /** Added tokens that stand in the text as it is, and those that stand in the normalised text. */
  readonly #raw: AddedTokenFinder;
  readonly #normalized: AddedTokenFinder;
  readonly #contents: ReadonlyMap<number, string>;

  constructor({
    normalizer,
    preTokenizer,
    model,
    addedTokens,
  }: {
    normalizer: Normalizer | undefined;
    preTokenizer: PreTokenizer | undefined;
    model: TokenModel;
    addedTokens: readonly AddedToken[];
  }) {
    this.#normalizer = normalizer;
    this.#cut = preTokenizer;
    this.#model = model;
    this.#contents = new Map(addedTokens.map(({ id, content }) => [id, content]));
    const inNormalized = addedTokens.filter((token) => token.normalized);
    this.#raw = new AddedTokenFinder(
      addedTokens.filter((token) => !token.normalized).map((token) => [token.content, token]),
    );
    this.#normalized = new AddedTokenFinder(
      inNormalized.map((token) => [normalizer?.apply(token.content) ?? token.content, token]),
    );
  }

  /** Appends the tokens of a text. With positions, `starts` and `ends` are of the text as given. */
  encode(text: string, out: TokenBuffer): void {
    const whole = new AlignedText(wellFormed(text));
    const { positioned } = out;
    let word = 0;
    const place = (piece: AlignedText, from: number): void => {
      if (positioned) {
        for (let token = from; token < out.count; token++) {
          out.starts[token] = piece.originalStart(out.starts[token]!);
          out.ends[token] = piece.originalEnd(out.ends[token]!);
          out.words[token] = word;
        }
      }
      word++;
    };
    const sink: PieceSink = (piece, start, end) => {
      const from = out.count;
      this.#model.encode(piece.text, start, end, out);
      place(piece, from);
    };
    const added = (piece: AlignedText, start: number, end: number, id: number): void => {
      if (positioned) {
        const surface = piece.text.slice(start, end);
        if (surface !== this.#contents.get(id)) out.surfaces.set(out.count, surface);
      }
      out.push(id, start, end);
      place(piece, out.count - 1);
    };
    const normalized = (piece: AlignedText, start: number, end: number): void => {
      if (start >= end) return;
      if (this.#cut === undefined) sink(piece, start, end);
      else this.#cut(piece, start, end, sink);
    };
    const raw = (start: number, end: number): void => {
      const piece = this.#normalize(whole, start, end, positioned);
      const from = piece === whole ? start : 0;
      const to = piece === whole ? end : piece.text.length;
      if (this.#normalized.empty) normalized(piece, from, to);
      else {
        this.#normalized.split(piece.text, from, to, (first, last, id) => {
          if (id < 0) normalized(piece, first, last);
          else added(piece, first, last, id);
        });
      }
    };
    if (this.#raw.empty) raw(0, whole.text.length);
    else {
      this.#raw.split(whole.text, 0, whole.text.length, (start, end, id) => {
        if (id < 0) raw(start, end);
        else added(whole, start, end, id);
      });
    }
  }

  #normalize(whole: AlignedText, start: number, end: number, positioned: boolean): AlignedText {
    if (this.#normalizer === undefined) return whole;
    const part = whole.slice(start, end);
    return positioned ? align(this.#normalizer, part) : new AlignedText(this.#normalizer.apply(part.text), part.base);
  }
}

interface WellFormedText {
  isWellFormed?(): boolean;
  toWellFormed?(): string;
}

/** Halves of surrogate pairs that stand alone become U+FFFD, as in UTF-8. */
export function wellFormed(text: string): string {
  const { isWellFormed, toWellFormed } = text as unknown as WellFormedText;
  if (isWellFormed !== undefined && toWellFormed !== undefined) {
    return isWellFormed.call(text) ? text : toWellFormed.call(text);
  }
  return text.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, "\ufffd");
}
