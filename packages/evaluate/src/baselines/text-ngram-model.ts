import type { Random } from "@nacre/random";
import { type ScoredText, scoredText } from "../metrics/likelihood.ts";
import { words } from "../metrics/whitespace.ts";
import { NgramModel, type NgramModelOptions } from "./ngram-model.ts";

export interface TextNgramOptions {
  /** Default "character": code points. Words are what is between whitespace. */
  readonly unit?: "character" | "word";
  /** Default 5. */
  readonly order?: number;
  /** Whether each text has a start and an end of its own, as lines, poems and names do. Default true. */
  readonly boundaries?: boolean;
  /** Whether characters or words that training did not have can come. Default true. */
  readonly unknown?: boolean;
  /** Default "kneser-ney"; a number is added to every count. */
  readonly smoothing?: NgramModelOptions["smoothing"];
}

/** An n-gram language model of texts: what a neural one has to beat. */
export class TextNgramModel {
  /** Characters or words by their number. */
  readonly vocabulary: readonly string[];
  readonly model: NgramModel;
  readonly #unit: "character" | "word";
  readonly #numbers: ReadonlyMap<string, number>;

  private constructor(vocabulary: readonly string[], model: NgramModel, unit: "character" | "word") {
    this.vocabulary = vocabulary;
    this.model = model;
    this.#unit = unit;
    this.#numbers = new Map(vocabulary.map((symbol, number) => [symbol, number]));
  }

  /** @throws RangeError without text. */
  static fit(texts: readonly string[], options: TextNgramOptions = {}): TextNgramModel {
    const { unit = "character", order = 5, boundaries = true, unknown = true, smoothing = "kneser-ney" } = options;
    const numbers = new Map<string, number>();
    const sequences = texts.map((text) =>
      Int32Array.from(unitsOf(text, unit), (symbol) => {
        let number = numbers.get(symbol);
        if (number === undefined) {
          number = numbers.size;
          numbers.set(symbol, number);
        }
        return number;
      }),
    );
    if (numbers.size === 0) throw new RangeError("Expected texts to count n-grams in. Received none.");
    const model = new NgramModel(sequences, { order, symbols: numbers.size, boundaries, unknown, smoothing });
    return new TextNgramModel([...numbers.keys()], model, unit);
  }

  /**
   * The text's likelihood, for `evaluateLanguageModel`. With boundaries its end is one more token; it costs bits but is no
   * character.
   */
  score(text: string): ScoredText & { readonly text: string } {
    const logarithms = this.model.logProbabilities(this.#encode(text));
    const sum = logarithms.reduce((total, each) => total + each, 0);
    return { ...scoredText(text, sum, logarithms.length), text };
  }

  /** Draws a text, up to its end or `longest` characters or words. */
  sample(random: Random, longest = 200): string {
    const sequence: number[] = [];
    while (sequence.length < longest) {
      const history = sequence.slice(-this.model.options.order);
      const whole = history.length === sequence.length;
      const chances = this.model.next(history, { start: whole });
      let left = random.uniform();
      let drawn = 0;
      while (drawn < chances.length - 1 && left >= chances[drawn]!) left -= chances[drawn++]!;
      if (drawn >= this.vocabulary.length) {
        // The end, or a symbol that has no name.
        if (this.model.options.boundaries && drawn === chances.length - 1) break;
        continue;
      }
      sequence.push(drawn);
    }
    return sequence.map((number) => this.vocabulary[number]!).join(this.#unit === "word" ? " " : "");
  }

  #encode(text: string): Int32Array {
    return Int32Array.from(unitsOf(text, this.#unit), (symbol) => this.#numbers.get(symbol) ?? this.vocabulary.length);
  }
}

function unitsOf(text: string, unit: "character" | "word"): string[] {
  return unit === "word" ? words(text) : [...text];
}
