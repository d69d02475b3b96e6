import { type AdditiveMetric, additive, observeAll } from "../additive.ts";
import { ngramCounts, numbered } from "./ngram-counts.ts";
import {
  presentReferences,
  type ReferenceCount,
  referenceCount,
  sacrebleuSignature,
  segmentsOf,
  type TranslatedSegment,
} from "./translation.ts";
import { type TranslationTokenizer, tokenizeTranslation } from "./translation-tokenizers.ts";
import { stripEnd, words } from "./whitespace.ts";

export type BleuSmoothing = "exp" | "floor" | "add-k" | "none";

export interface BleuOptions {
  /** Default "13a". */
  readonly tokenize?: TranslationTokenizer;
  /** Default false. */
  readonly lowercase?: boolean;
  /** How n-gram orders without a match count (Chen and Cherry 2014, methods 1 to 3). Default "exp". */
  readonly smoothMethod?: BleuSmoothing;
  /** Of "floor" (default 0.1) and "add-k" (default 1). */
  readonly smoothValue?: number | null;
  /** Longest n-grams. Default 4. */
  readonly maxNgramOrder?: number;
  /** Leaves out orders that the hypothesis is too short for: for scores of single sentences. Default false. */
  readonly effectiveOrder?: boolean;
  /** References in each segment: part of the signature. Default 1. */
  readonly references?: ReferenceCount;
}

export interface BleuScore {
  /** From 0 to 100. */
  readonly value: number;
  /** N-grams that a reference has too, by order; with "add-k", what was added included, as in sacreBLEU. */
  readonly counts: readonly number[];
  readonly totals: readonly number[];
  /** In percent, smoothed. */
  readonly precisions: readonly number[];
  readonly brevityPenalty: number;
  /** Tokens of the hypotheses, and of the references closest to them in length. */
  readonly hypothesisLength: number;
  readonly referenceLength: number;
}

const defaultSmoothing: Readonly<Record<BleuSmoothing, number | null>> = {
  exp: null,
  floor: 0.1,
  "add-k": 1,
  none: null,
};

/**
 * BLEU (Papineni et al. 2002) of a corpus, equal to sacreBLEU 2.6.0's (Post 2018): the geometric mean of n-gram precisions,
 * clipped by the most often a reference has each, times a penalty for short output.
 */
export function bleu(options: BleuOptions = {}): AdditiveMetric<TranslatedSegment, BleuScore> {
  const { tokenize = "13a", lowercase = false, maxNgramOrder: order = 4 } = options;
  if (!Number.isInteger(order) || order < 1) {
    throw new RangeError(`Expected a longest n-gram of 1 or more tokens. Received ${order}.`);
  }
  const { smoothMethod = "exp" } = options;
  if (!Object.hasOwn(defaultSmoothing, smoothMethod)) {
    const known = Object.keys(defaultSmoothing).join(", ");
    throw new RangeError(`Expected a smoothing that is one of ${known}. Received ${JSON.stringify(smoothMethod)}.`);
  }
  const tokens = (line: string): string[] =>
    words(tokenizeTranslation(stripEnd(lowercase ? line.toLowerCase() : line), tokenize));
  return additive({
    signature: bleuSignature(options),
    size: 2 + 2 * order,
    observe: (segment) => {
      const { numbers, symbols } = numbered([
        tokens(segment.hypothesis),
        ...presentReferences(segment).map((line) => tokens(line)),
      ]);
      const [hypothesis, ...references] = numbers;
      const statistics = new Array<number>(2 + 2 * order).fill(0);
      statistics[0] = hypothesis!.length;
      statistics[1] = closestLength(hypothesis!.length, references);
      let n = 0;
      for (const [mine, ...theirs] of ngramCounts(numbers, symbols, order)) {
        for (let gram = 0; gram < mine!.length; gram++) {
          if (mine![gram] === 0) continue;
          let most = 0;
          for (const counts of theirs) most = Math.max(most, counts[gram]!);
          statistics[2 + n]! += Math.min(mine![gram]!, most);
          statistics[2 + order + n]! += mine![gram]!;
        }
        n++;
      }
      return statistics;
    },
    score: (sums) => bleuOf(sums, options),
  });
}

/** Of a corpus in sacreBLEU's layout: a list of references per set. */
export function corpusBleu(
  hypotheses: readonly string[],
  references: readonly (readonly (string | null)[])[],
  options: Omit<BleuOptions, "references"> = {},
): BleuScore & { readonly signature: string } {
  const segments = segmentsOf(hypotheses, references);
  const metric = bleu({ ...options, references: referenceCount(segments) });
  return { ...observeAll(metric, segments).score(), signature: metric.signature };
}

/** Of one sentence; orders that it is too short for are left out unless `effectiveOrder` is false. */
export function sentenceBleu(
  hypothesis: string,
  references: readonly string[],
  options: Omit<BleuOptions, "references"> = {},
): BleuScore {
  const metric = bleu({ effectiveOrder: true, ...options, references: references.length });
  return metric.score(metric.observe({ hypothesis, references }));
}

/** From [hypothesis length, reference length, matches by order, totals by order]. */
function bleuOf(sums: readonly number[], options: BleuOptions): BleuScore {
  const { smoothMethod = "exp", effectiveOrder = false, maxNgramOrder: order = 4 } = options;
  const smoothValue = options.smoothValue ?? defaultSmoothing[smoothMethod] ?? 0;
  const [hypothesisLength, referenceLength] = [sums[0]!, sums[1]!];
  const counts = sums.slice(2, 2 + order);
  const totals = sums.slice(2 + order);
  const precisions = new Array<number>(order).fill(0);
  let brevityPenalty = 1;
  if (hypothesisLength < referenceLength) {
    brevityPenalty = hypothesisLength > 0 ? Math.exp(1 - referenceLength / hypothesisLength) : 0;
  }
  const score = { counts, totals, precisions, brevityPenalty, hypothesisLength, referenceLength };
  if (counts.every((count) => count === 0)) return { value: 0, ...score };
  let halving = 1;
  let effective = order;
  for (let n = 0; n < order; n++) {
    if (smoothMethod === "add-k" && n > 0) {
      counts[n]! += smoothValue;
      totals[n]! += smoothValue;
    }
    if (totals[n] === 0) break;
    if (effectiveOrder) effective = n + 1;
    if (counts[n]! > 0) {
      precisions[n] = (100 * counts[n]!) / totals[n]!;
    } else if (smoothMethod === "exp") {
      halving *= 2;
      precisions[n] = 100 / (halving * totals[n]!);
    } else if (smoothMethod === "floor") {
      precisions[n] = (100 * smoothValue) / totals[n]!;
    }
  }
  let logarithms = 0;
  // sacreBLEU's stand-in for log 0.
  for (const precision of precisions.slice(0, effective))
    logarithms += precision === 0 ? -9999999999 : Math.log(precision);
  return { value: brevityPenalty * Math.exp(logarithms / effective), ...score };
}

/** Of lengths equally far the shorter one. */
function closestLength(length: number, references: readonly Int32Array[]): number {
  let closest = references[0]!.length;
  for (const { length: other } of references) {
    const [distance, best] = [Math.abs(length - other), Math.abs(length - closest)];
    if (distance < best || (distance === best && other < closest)) closest = other;
  }
  return closest;
}

function bleuSignature({
  tokenize = "13a",
  lowercase = false,
  smoothMethod = "exp",
  smoothValue,
  effectiveOrder = false,
  references = 1,
}: BleuOptions): string {
  const byDefault = defaultSmoothing[smoothMethod];
  const smoothing = byDefault === null ? smoothMethod : `${smoothMethod}[${twoDecimals(smoothValue ?? byDefault)}]`;
  return sacrebleuSignature(
    [
      ["case", lowercase ? "lc" : "mixed"],
      ["eff", effectiveOrder ? "yes" : "no"],
      ["tok", tokenize],
      ["smooth", smoothing],
    ],
    references,
  );
}

/** As Python prints them: a tie goes to the even digit, where `toFixed` rounds up. */
function twoDecimals(value: number): string {
  const hundredths = value * 100;
  const tie = hundredths % 1 === 0.5 && (value * 8) % 1 === 0;
  return (tie ? (2 * Math.round(hundredths / 2)) / 100 : value).toFixed(2);
}
