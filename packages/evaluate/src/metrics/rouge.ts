import { Random } from "@nacre/random";
import { type AdditiveMetric, additive, observeAll } from "../additive.ts";
import { drawWeights, percentiles } from "../bootstrap.ts";
import { ngramCounts, numbered } from "./ngram-counts.ts";
import { porterStem } from "./porter-stemmer.ts";
import { presentReferences, type TranslatedSegment } from "./translation.ts";

/** `rouge1` to `rouge9`, `rougeL`, and `rougeLsum`, which takes lines as sentences. */
export type RougeType = `rouge${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9}` | "rougeL" | "rougeLsum";

export interface RougeOptions {
  /** Porter's stems of words of four letters or more. Default false. */
  readonly stemmer?: boolean;
  /** Default: runs of a–z and 0–9 in lower case. Text in other scripts has none; give its words or characters. */
  readonly tokenize?: (text: string) => readonly string[];
}

export interface RougeScore {
  /** Mean F1. */
  readonly value: number;
  readonly precision: number;
  readonly recall: number;
}

/**
 * ROUGE (Lin 2004): how much of a reference a text has, and the other way round. Equal to Google's `rouge_score` 0.1.2, which
 * agrees with ROUGE-1.5.5; of several references the one with the best F1 counts. From 0 to 1.
 */
export function rouge(type: RougeType, options: RougeOptions = {}): AdditiveMetric<TranslatedSegment, RougeScore> {
  return additive({
    signature: `${type}|stemmer:${options.stemmer ? "porter" : "no"}|tokens:${options.tokenize ? "given" : "a-z0-9"}|references:best`,
    size: 4,
    observe: (segment) => {
      let best = { precision: 0, recall: 0, f1: -1 };
      for (const reference of presentReferences(segment)) {
        const score = rougeScore(segment.hypothesis, reference, { type, ...options });
        if (score.f1 > best.f1) best = score;
      }
      return [best.f1, best.precision, best.recall, 1];
    },
    score: ([f1, precision, recall, count]) => ({
      value: f1! / count!,
      precision: precision! / count!,
      recall: recall! / count!,
    }),
  });
}

/** Of one text against one reference. @throws RangeError for another type. */
export function rougeScore(
  text: string,
  reference: string,
  { type, ...options }: RougeOptions & { readonly type: RougeType },
): { readonly precision: number; readonly recall: number; readonly f1: number } {
  const tokens = (part: string): readonly string[] =>
    options.tokenize?.(part) ?? wordsOf(part, options.stemmer ?? false);
  if (type === "rougeLsum") {
    const sentences = (whole: string): (readonly string[])[] =>
      whole
        .split("\n")
        .filter((line) => line !== "")
        .map(tokens);
    return summaryScore(sentences(text), sentences(reference));
  }
  const [own, other] = [tokens(text), tokens(reference)];
  if (type === "rougeL") return shares(commonSubsequence(other, own).length, own.length, other.length);
  const order = Number(/^rouge([1-9])$/.exec(type)?.[1]);
  if (Number.isNaN(order)) {
    throw new RangeError(`Expected rouge1 to rouge9, rougeL or rougeLsum. Received ${JSON.stringify(type)}.`);
  }
  const { numbers, symbols } = numbered([own, other]);
  let both = 0;
  for (const [mine, theirs] of ngramCounts(numbers, symbols, order)) {
    both = mine!.reduce((sum, count, gram) => sum + Math.min(count, theirs![gram]!), 0);
  }
  return shares(both, Math.max(0, own.length - order + 1), Math.max(0, other.length - order + 1));
}

export interface AggregatedRouge {
  readonly type: RougeType;
  readonly signature: string;
  /** The 2.5th, 50th and 97.5th percentile of the resamples' means, each part by itself. */
  readonly low: RougeScore;
  readonly mid: RougeScore;
  readonly high: RougeScore;
}

/** Bootstrap aggregation of ROUGE over texts, as `rouge_score`'s `BootstrapAggregator`. */
export function aggregateRouge(
  segments: readonly TranslatedSegment[],
  options: RougeOptions & { readonly types: readonly RougeType[]; readonly seed: number; readonly resamples?: number },
): AggregatedRouge[] {
  const { types, seed, resamples = 1000, ...rest } = options;
  if (segments.length === 0) throw new RangeError("Expected texts to score. Received none.");
  return types.map((type) => {
    const metric = rouge(type, rest);
    const table = observeAll(metric, segments);
    const random = new Random(seed).fork("rouge", type);
    const weights = new Uint16Array(segments.length);
    const drawn = Array.from({ length: resamples }, () => {
      drawWeights(weights, random);
      return table.score(weights);
    });
    const bounds = (part: keyof RougeScore) => {
      const values = drawn.map((score) => score[part]);
      return [percentiles(values).low, percentiles(values, 0).low, percentiles(values).high] as const;
    };
    const [value, precision, recall] = [bounds("value"), bounds("precision"), bounds("recall")];
    const at = (which: 0 | 1 | 2): RougeScore => ({
      value: value[which],
      precision: precision[which],
      recall: recall[which],
    });
    return { type, signature: `${metric.signature}|bs:${resamples}|seed:${seed}`, low: at(0), mid: at(1), high: at(2) };
  });
}

function wordsOf(text: string, stemmer: boolean): string[] {
  const found = text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  return stemmer ? found.map((word) => (word.length > 3 ? porterStem(word) : word)) : found;
}

function shares(both: number, own: number, other: number): { precision: number; recall: number; f1: number } {
  const [precision, recall] = [both / Math.max(own, 1), both / Math.max(other, 1)];
  return { precision, recall, f1: both === 0 ? 0 : (2 * precision * recall) / (precision + recall) };
}

/** Places in `reference` of one longest common subsequence: the one that rouge_score's way back through the table finds. */
function commonSubsequence(reference: readonly string[], text: readonly string[]): number[] {
  const width = text.length + 1;
  const table = new Uint32Array((reference.length + 1) * width);
  for (let i = 1; i <= reference.length; i++) {
    for (let j = 1; j < width; j++) {
      table[i * width + j] =
        reference[i - 1] === text[j - 1]
          ? table[(i - 1) * width + j - 1]! + 1
          : Math.max(table[(i - 1) * width + j]!, table[i * width + j - 1]!);
    }
  }
  const places: number[] = [];
  let [i, j] = [reference.length, text.length];
  while (i > 0 && j > 0) {
    if (reference[i - 1] === text[j - 1]) {
      places.push(i - 1);
      i--;
      j--;
    } else if (table[i * width + j - 1]! > table[(i - 1) * width + j]!) j--;
    else i--;
  }
  return places.reverse();
}

/** Section 3.2: each sentence of the reference against all sentences of the text; no word counts more often than it occurs. */
function summaryScore(
  text: readonly (readonly string[])[],
  reference: readonly (readonly string[])[],
): { precision: number; recall: number; f1: number } {
  const left = [countsOf(text.flat()), countsOf(reference.flat())];
  let hits = 0;
  for (const sentence of reference) {
    const union = new Set(text.flatMap((other) => commonSubsequence(sentence, other)));
    for (const place of [...union].sort((one, other) => one - other)) {
      const token = sentence[place]!;
      if (left.some((counts) => (counts.get(token) ?? 0) === 0)) continue;
      hits++;
      for (const counts of left) counts.set(token, counts.get(token)! - 1);
    }
  }
  return shares(hits, text.flat().length, reference.flat().length);
}

function countsOf(tokens: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const token of tokens) counts.set(token, (counts.get(token) ?? 0) + 1);
  return counts;
}
