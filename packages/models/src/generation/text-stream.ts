/** Turns ids into text, as a tokenizer does. Special tokens such as the end of the text should give nothing. */
export type Decode = (ids: readonly number[]) => string;

/** What a broken character decodes to, and how many there can be at the end of one that is not whole yet. */
const replacement = "\ufffd";
const mostBroken = 3;

/**
 * Text piece by piece: a character whose bytes are spread over tokens comes when it is whole. Decodes only a few of the last
 * tokens each time, together with those before them, because many tokenizers write a token differently at the beginning.
 */
export class TextStream {
  readonly #decode: Decode;
  readonly #ids: number[] = [];
  /** `#ids` from here are decoded; up to `#read` they have given their text. */
  #context = 0;
  #read = 0;
  /** Characters of the text from `#read` on that were given already. */
  #given = 0;

  constructor(decode: Decode, prompt: readonly number[] = []) {
    this.#decode = decode;
    // The last tokens of the prompt are context: " world" after "Hello" keeps its space.
    this.#ids.push(...prompt.slice(-4));
    this.#read = this.#ids.length;
  }

  /** The text that is certain now. */
  push(token: number): string {
    this.#ids.push(token);
    return this.#take(false);
  }

  /** What was held back. */
  end(): string {
    return this.#take(true);
  }

  #take(all: boolean): string {
    const before = this.#decode(this.#ids.slice(this.#context, this.#read));
    const text = this.#decode(this.#ids.slice(this.#context)).slice(before.length);
    let certain = text.length;
    for (let count = 0; !all && count < mostBroken && text[certain - 1] === replacement; count++) certain--;
    const piece = text.slice(this.#given, Math.max(certain, this.#given));
    if (certain === text.length) {
      this.#context = this.#read;
      this.#read = this.#ids.length;
      this.#given = 0;
    } else {
      this.#given = Math.max(certain, this.#given);
    }
    return piece;
  }
}
