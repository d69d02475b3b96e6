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
import { words } from "./whitespace.ts";

export interface ChrfOptions {
  /** Longest n-grams of characters. Default 6. */
  readonly characterOrder?: number;
  /** Longest n-grams of words; 2 makes it chrF++. Default 0. */
  readonly wordOrder?: number;
  /** How many times as much recall counts as precision. Default 2. */
  readonly beta?: number;
  /** Default false. */
  readonly lowercase?: boolean;
  /** Whether whitespace counts as characters. Default false. */
  readonly whitespace?: boolean;
  /** Averages F-scores of all orders with a small number for empty ones, as chrF++.py, NLTK and Moses do. Default false. */
  readonly epsSmoothing?: boolean;
  /** References in each segment: part of the signature. Default 1. */
  readonly references?: ReferenceCount;
}

export interface ChrfScore {
  /** From 0 to 100. */
  readonly value: number;
  /** `chrF2`, `chrF2++`. */
  readonly name: string;
}

/**
 * chrF (Popović 2015) and chrF++ (2017) of a corpus, equal to sacreBLEU 2.6.0's: F-score of character and word n-grams, averaged
 * over orders. Of several references each segment takes the one with the best score.
 */
export function chrf(options: ChrfOptions = {}): AdditiveMetric<TranslatedSegment, ChrfScore> {
  const { characterOrder = 6, wordOrder = 0, beta = 2, lowercase = false, whitespace = false } = options;
  const orders = characterOrder + wordOrder;
  if (
    !Number.isInteger(characterOrder) ||
    !Number.isInteger(wordOrder) ||
    characterOrder < 0 ||
    wordOrder < 0 ||
    orders < 1
  ) {
    throw new RangeError(
      `Expected longest n-grams of characters or words from 1 on. Received ${characterOrder} and ${wordOrder}.`,
    );
  }
  const name = `chrF${beta}${"+".repeat(wordOrder)}`;
  return additive({
    signature: sacrebleuSignature(
      [
        ["case", lowercase ? "lc" : "mixed"],
        ["eff", options.epsSmoothing ? "no" : "yes"],
        ["nc", characterOrder],
        ["nw", wordOrder],
        ["space", whitespace ? "yes" : "no"],
      ],
      options.references ?? 1,
    ),
    size: 3 * orders,
    observe: (segment) => {
      const lines = [segment.hypothesis, ...presentReferences(segment)].map((line) =>
        lowercase ? line.toLowerCase() : line,
      );
      // [reference][order][hypothesis n-grams, reference n-grams, in both]
      const statistics: number[][] = lines.slice(1).map(() => []);
      const characters = numbered(lines.map((line) => [...(whitespace ? line : words(line).join(""))]));
      addMatches(statistics, characters, characterOrder);
      if (wordOrder > 0) addMatches(statistics, numbered(lines.map(wordsAndPunctuation)), wordOrder);
      let best = statistics[0]!;
      let bestScore = -1;
      for (const each of statistics) {
        const score = fScore(each, options);
        if (score > bestScore) [best, bestScore] = [each, score];
      }
      return best;
    },
    score: (sums) => ({ value: fScore(sums, options), name }),
  });
}

/** Of a corpus in sacreBLEU's layout: a list of references per set. */
export function corpusChrf(
  hypotheses: readonly string[],
  references: readonly (readonly (string | null)[])[],
  options: Omit<ChrfOptions, "references"> = {},
): ChrfScore & { readonly signature: string } {
  const segments = segmentsOf(hypotheses, references);
  const metric = chrf({ ...options, references: referenceCount(segments) });
  return { ...observeAll(metric, segments).score(), signature: metric.signature };
}

export function sentenceChrf(
  hypothesis: string,
  references: readonly string[],
  options: Omit<ChrfOptions, "references"> = {},
): ChrfScore {
  const metric = chrf({ ...options, references: references.length });
  return metric.score(metric.observe({ hypothesis, references }));
}

function addMatches(
  statistics: number[][],
  { numbers, symbols }: { numbers: Int32Array[]; symbols: number },
  order: number,
): void {
  let n = 0;
  for (const [mine, ...theirs] of ngramCounts(numbers, symbols, order)) {
    const own = Math.max(0, numbers[0]!.length - n);
    theirs.forEach((counts, which) => {
      let both = 0;
      for (let gram = 0; gram < counts.length; gram++) both += Math.min(mine![gram]!, counts[gram]!);
      const other = Math.max(0, numbers[which + 1]!.length - n);
      statistics[which]!.push(other > 0 ? own : 0, other, both);
    });
    n++;
  }
}

function fScore(statistics: readonly number[], { beta = 2, epsSmoothing = false }: ChrfOptions): number {
  const tiny = 1e-16;
  const factor = beta ** 2;
  const orders = statistics.length / 3;
  let [scores, precisions, recalls, effective] = [0, 0, 0, 0];
  for (let order = 0; order < orders; order++) {
    const [own, other, both] = [statistics[3 * order]!, statistics[3 * order + 1]!, statistics[3 * order + 2]!];
    const precision = own > 0 ? both / own : tiny;
    const recall = other > 0 ? both / other : tiny;
    const weighed = factor * precision + recall;
    scores += weighed > 0 ? ((1 + factor) * precision * recall) / weighed : tiny;
    if (own > 0 && other > 0) {
      precisions += precision;
      recalls += recall;
      effective++;
    }
  }
  if (epsSmoothing) return (100 * scores) / orders;
  if (effective === 0 || precisions + recalls === 0) return 0;
  const [precision, recall] = [precisions / effective, recalls / effective];
  return (100 * ((1 + factor) * precision * recall)) / (factor * precision + recall);
}

const punctuation = new Set("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~");

/** Words, with punctuation at their end (else at their start) set apart: one character each, as chrF++.py does. */
function wordsAndPunctuation(line: string): string[] {
  return words(line).flatMap((word) => {
    const characters = [...word];
    if (characters.length === 1) return [word];
    const [first, last] = [characters[0]!, characters.at(-1)!];
    if (punctuation.has(last)) return [word.slice(0, -1), last];
    if (punctuation.has(first)) return [first, word.slice(1)];
    return [word];
  });
}
