import { words } from "../metrics/whitespace.ts";

/** Rows of numbers that are mostly zero. */
export interface SparseMatrix {
  readonly rows: number;
  readonly width: number;
  /** Where each row starts in `columns` and `values`; one more than rows. */
  readonly starts: Uint32Array;
  /** Growing within a row. */
  readonly columns: Uint32Array;
  readonly values: Float64Array;
}

export interface NgramOptions {
  /** Words are two letters or digits or more; "word" keeps their order in n-grams. Default "word". */
  readonly analyzer?: "word" | "character";
  /** Shortest and longest n-grams. Default [1, 1]. */
  readonly ngrams?: readonly [number, number];
  /** Default true. */
  readonly lowercase?: boolean;
}

export interface TfIdfOptions extends NgramOptions {
  /** Fewest texts that an n-gram must be in. Default 1. */
  readonly minTexts?: number;
  /** 1 + ln(count) instead of the count. Default false. */
  readonly sublinear?: boolean;
  /** Default "l2". */
  readonly norm?: "l1" | "l2" | null;
  /** One more text that holds every n-gram, so that none weighs infinitely. Default true. */
  readonly smoothIdf?: boolean;
  /** Default true; without, counts stay counts. */
  readonly idf?: boolean;
}

/** N-grams of a text in the order they occur, as scikit-learn's `CountVectorizer` cuts them with the same arguments. */
export function ngramsOf(text: string, options: NgramOptions = {}): string[] {
  const { analyzer = "word", ngrams: [shortest, longest] = [1, 1], lowercase = true } = options;
  const plain = lowercase ? text.toLowerCase() : text;
  const units = analyzer === "word" ? (plain.match(word) ?? []) : [...plain.replace(/\s\s+/gu, " ")];
  const joint = analyzer === "word" ? " " : "";
  const out: string[] = [];
  for (let length = shortest; length <= Math.min(longest, units.length); length++) {
    for (let start = 0; start + length <= units.length; start++) {
      out.push(length === 1 ? units[start]! : units.slice(start, start + length).join(joint));
    }
  }
  return out;
}

const word = /[\p{L}\p{N}_]{2,}/gu;

/**
 * Term frequency times inverse document frequency, equal to scikit-learn's `TfidfVectorizer`: idf = ln((1 + N) / (1 + n)) + 1 with
 * smoothing, ln(N / n) + 1 without; columns in the order of code points.
 */
export class TfIdf {
  /** Column of each n-gram. */
  readonly vocabulary: ReadonlyMap<string, number>;
  readonly idf: Float64Array;
  readonly #options: TfIdfOptions;

  private constructor(vocabulary: ReadonlyMap<string, number>, idf: Float64Array, options: TfIdfOptions) {
    this.vocabulary = vocabulary;
    this.idf = idf;
    this.#options = options;
  }

  /** @throws RangeError when no n-gram is in enough texts. */
  static fit(texts: readonly string[], options: TfIdfOptions = {}): TfIdf {
    const { minTexts = 1, smoothIdf = true, idf: weigh = true } = options;
    const [shortest, longest] = options.ngrams ?? [1, 1];
    if (!Number.isInteger(shortest) || !Number.isInteger(longest) || shortest < 1 || longest < shortest) {
      throw new RangeError(`Expected n-grams from 1 on, shortest first. Received ${shortest} to ${longest}.`);
    }
    const found = new Map<string, { texts: number; last: number }>();
    texts.forEach((text, index) => {
      for (const ngram of ngramsOf(text, options)) {
        const seen = found.get(ngram);
        if (seen === undefined) found.set(ngram, { texts: 1, last: index });
        else if (seen.last !== index) {
          seen.texts++;
          seen.last = index;
        }
      }
    });
    const kept = [...found].filter(([, { texts: count }]) => count >= minTexts);
    if (kept.length === 0) {
      throw new RangeError(
        `Expected texts with n-grams that are in ${minTexts} or more of them. Received ${texts.length} texts without.`,
      );
    }
    kept.sort(([one], [other]) => compareCodePoints(one, other));
    const idf = Float64Array.from(kept, ([, { texts: count }]) => {
      if (!weigh) return 1;
      const extra = smoothIdf ? 1 : 0;
      return Math.log((texts.length + extra) / (count + extra)) + 1;
    });
    return new TfIdf(new Map(kept.map(([ngram], column) => [ngram, column])), idf, options);
  }

  /** One row per text; n-grams that training did not have are left out. */
  transform(texts: readonly string[]): SparseMatrix {
    const { sublinear = false, norm = "l2" } = this.#options;
    const starts = new Uint32Array(texts.length + 1);
    const columns: number[] = [];
    const values: number[] = [];
    texts.forEach((text, index) => {
      const counts = new Map<number, number>();
      for (const ngram of ngramsOf(text, this.#options)) {
        const column = this.vocabulary.get(ngram);
        if (column !== undefined) counts.set(column, (counts.get(column) ?? 0) + 1);
      }
      const row = [...counts].sort(([one], [other]) => one - other);
      const weights = row.map(([column, count]) => (sublinear ? 1 + Math.log(count) : count) * this.idf[column]!);
      let size = 0;
      for (const weight of weights) size += norm === "l1" ? Math.abs(weight) : weight * weight;
      const length = norm === null || size === 0 ? 1 : norm === "l1" ? size : Math.sqrt(size);
      row.forEach(([column], at) => {
        columns.push(column);
        values.push(weights[at]! / length);
      });
      starts[index + 1] = columns.length;
    });
    return {
      rows: texts.length,
      width: this.idf.length,
      starts,
      columns: Uint32Array.from(columns),
      values: Float64Array.from(values),
    };
  }
}

function compareCodePoints(one: string, other: string): number {
  const length = Math.min(one.length, other.length);
  for (let at = 0; at < length; at++) {
    const [left, right] = [one.charCodeAt(at), other.charCodeAt(at)];
    if (left === right) continue;
    // Surrogates stand for what is above all other units.
    const [high, highOther] = [left >= 0xd800 && left < 0xe000, right >= 0xd800 && right < 0xe000];
    return high === highOther ? left - right : high ? 1 : -1;
  }
  return one.length - other.length;
}

/** Whether texts are written without spaces: n-grams of characters suit them, for others n-grams of words. */
export function suitableAnalyzer(texts: readonly string[]): "word" | "character" {
  let [characters, parts] = [0, 0];
  for (const text of texts.slice(0, 1000)) {
    parts += words(text).length;
    characters += text.length;
  }
  const east =
    texts
      .slice(0, 1000)
      .join("")
      .match(/[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}]/gu)?.length ?? 0;
  return east * 3 > characters || characters > 30 * parts ? "character" : "word";
}
