import { type AdditiveMetric, additive, observeAll } from "../additive.ts";
import { BeamEditDistance, edit } from "./beam-edit-distance.ts";
import { numbered } from "./ngram-counts.ts";
import {
  presentReferences,
  type ReferenceCount,
  referenceCount,
  sacrebleuSignature,
  segmentsOf,
  type TranslatedSegment,
} from "./translation.ts";
import { type TercomOptions, tokenizeTercom } from "./translation-tokenizers.ts";
import { stripEnd, words } from "./whitespace.ts";

export interface TerOptions extends TercomOptions {
  /** References in each segment: part of the signature. Default 1. */
  readonly references?: ReferenceCount;
}

export interface TerScore {
  /** In percent; 0 is perfect, and more than 100 possible. */
  readonly value: number;
  readonly edits: number;
  /** Words of the references; of several, their mean. */
  readonly referenceLength: number;
}

/**
 * Translation edit rate (Snover et al. 2006) of a corpus, equal to sacreBLEU 2.6.0's: insertions, deletions, substitutions and
 * moves of word sequences that make the reference, for each word of it. Moves are found greedily with Tercom's limits.
 */
export function ter(options: TerOptions = {}): AdditiveMetric<TranslatedSegment, TerScore> {
  const tokens = (line: string): string[] => words(tokenizeTercom(stripEnd(line), options));
  return additive({
    signature: sacrebleuSignature(
      [
        ["case", options.caseSensitive ? "mixed" : "lc"],
        ["tok", "tercom"],
        ["norm", options.normalized ? "yes" : "no"],
        ["punct", options.noPunctuation ? "no" : "yes"],
        ["asian", options.asianSupport ? "yes" : "no"],
      ],
      options.references ?? 1,
    ),
    size: 2,
    observe: (segment) => {
      const { numbers } = numbered([
        tokens(segment.hypothesis),
        ...presentReferences(segment).map((line) => tokens(line)),
      ]);
      const [hypothesis, ...references] = numbers;
      let fewest = Number.POSITIVE_INFINITY;
      let lengths = 0;
      for (const reference of references) {
        lengths += reference.length;
        fewest = Math.min(fewest, editsBetween(hypothesis!, reference));
      }
      return [fewest, lengths / references.length];
    },
    score: ([edits, referenceLength]) => ({
      // Something where the reference has nothing is all wrong; nothing there is right.
      value: 100 * (referenceLength! > 0 ? edits! / referenceLength! : edits! > 0 ? 1 : 0),
      edits: edits!,
      referenceLength: referenceLength!,
    }),
  });
}

/** Of a corpus in sacreBLEU's layout: a list of references per set. */
export function corpusTer(
  hypotheses: readonly string[],
  references: readonly (readonly (string | null)[])[],
  options: TercomOptions = {},
): TerScore & { readonly signature: string } {
  const segments = segmentsOf(hypotheses, references);
  const metric = ter({ ...options, references: referenceCount(segments) });
  return { ...observeAll(metric, segments).score(), signature: metric.signature };
}

export function sentenceTer(hypothesis: string, references: readonly string[], options: TercomOptions = {}): TerScore {
  const metric = ter({ ...options, references: references.length });
  return metric.score(metric.observe({ hypothesis, references }));
}

const longestMove = 10;
const farthestMove = 50;
const mostCandidates = 1000;

/** Moves and edits from a hypothesis to its reference; words are numbers. */
export function editsBetween(hypothesis: Int32Array, reference: Int32Array): number {
  if (reference.length === 0) return hypothesis.length;
  const distances = new BeamEditDistance(reference);
  let current = hypothesis;
  let moves = 0;
  let candidates = 0;
  for (;;) {
    const best = bestMove(current, reference, { distances, candidates });
    candidates = best.candidates;
    if (candidates >= mostCandidates || best.gain <= 0) break;
    moves++;
    current = best.words;
  }
  return moves + distances.measure(current).distance;
}

interface Move {
  readonly gain: number;
  readonly words: Int32Array;
  /** Tried so far. */
  readonly candidates: number;
}

/** The move of a word sequence that lowers the distance most; then the longest, the earliest, and the one to the earliest place. */
function bestMove(
  hypothesis: Int32Array,
  reference: Int32Array,
  { distances, candidates }: { distances: BeamEditDistance; candidates: number },
): Move {
  const { distance, path } = distances.measure(hypothesis);
  const { places, wrongReference, wrongHypothesis } = align(path, hypothesis.length, reference.length);
  let best: { gain: number; length: number; start: number; target: number; words: Int32Array } | undefined;
  let tried = candidates;
  for (const { start, other, length } of sharedSequences(hypothesis, reference)) {
    // Only what is wrong here moves, and only to where the reference is not met yet.
    if (!anyOf(wrongHypothesis, start, length) || !anyOf(wrongReference, other, length)) continue;
    if (places[other]! >= start && places[other]! < start + length) continue;
    let previous = -1;
    for (let offset = -1; offset < length; offset++) {
      let target = 0;
      if (other + offset >= 0) {
        if (other + offset >= reference.length) break;
        target = places[other + offset]! + 1;
      }
      if (target === previous) continue;
      previous = target;
      const words = moved(hypothesis, { start, length, target });
      const gain = distance - distances.measure(words).distance;
      tried++;
      if (best === undefined || isBetter({ gain, length, start, target }, best))
        best = { gain, length, start, target, words };
    }
    if (tried >= mostCandidates) break;
  }
  return best === undefined
    ? { gain: 0, words: hypothesis, candidates: tried }
    : { gain: best.gain, words: best.words, candidates: tried };
}

interface Rank {
  readonly gain: number;
  readonly length: number;
  readonly start: number;
  readonly target: number;
}

function isBetter(one: Rank, other: Rank): boolean {
  if (one.gain !== other.gain) return one.gain > other.gain;
  if (one.length !== other.length) return one.length > other.length;
  if (one.start !== other.start) return one.start < other.start;
  return one.target < other.target;
}

/** Word sequences that both have, by their starts, growing. */
function* sharedSequences(
  hypothesis: Int32Array,
  reference: Int32Array,
): Generator<{ start: number; other: number; length: number }> {
  for (let start = 0; start < hypothesis.length; start++) {
    const last = Math.min(reference.length - 1, start + farthestMove);
    for (let other = Math.max(0, start - farthestMove); other <= last; other++) {
      const most = Math.min(longestMove, hypothesis.length - start, reference.length - other);
      for (let length = 1; length <= most; length++) {
        if (hypothesis[start + length - 1] !== reference[other + length - 1]) break;
        yield { start, other, length };
      }
    }
  }
}

/** Where each word of the reference is in the hypothesis (or what it comes after), and which words of either are wrong. */
function align(path: Uint8Array, hypothesisLength: number, referenceLength: number) {
  const places = new Int32Array(referenceLength);
  const wrongReference = new Uint8Array(referenceLength);
  const wrongHypothesis = new Uint8Array(hypothesisLength);
  let mine = -1;
  let theirs = -1;
  for (const how of path) {
    if (how !== edit.insert) mine++;
    if (how !== edit.delete) {
      theirs++;
      places[theirs] = mine;
      if (how !== edit.none) wrongReference[theirs] = 1;
    }
    if (how === edit.substitute || how === edit.delete) wrongHypothesis[mine] = 1;
  }
  return { places, wrongReference, wrongHypothesis };
}

function anyOf(flags: Uint8Array, start: number, length: number): boolean {
  for (let at = start; at < start + length; at++) if (flags[at] === 1) return true;
  return false;
}

function moved(
  words: Int32Array,
  { start, length, target }: { start: number; length: number; target: number },
): Int32Array {
  const out = new Int32Array(words.length);
  const sequence = words.subarray(start, start + length);
  let at = 0;
  const put = (part: Int32Array): void => {
    out.set(part, at);
    at += part.length;
  };
  if (target < start) {
    put(words.subarray(0, target));
    put(sequence);
    put(words.subarray(target, start));
    put(words.subarray(start + length));
  } else {
    // A target within the sequence counts from behind it, as in sacreBLEU.
    const behind = target > start + length ? target : length + target;
    put(words.subarray(0, start));
    put(words.subarray(start + length, behind));
    put(sequence);
    put(words.subarray(behind));
  }
  return out;
}
