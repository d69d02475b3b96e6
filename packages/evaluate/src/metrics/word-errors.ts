import { type AdditiveMetric, additive } from "../additive.ts";
import { space, strip } from "./whitespace.ts";

/** What was said and what was heard. */
export interface Transcribed {
  readonly reference: string;
  readonly hypothesis: string;
}

/** A run of one kind of edit: units from `reference[0]` up to `reference[1]` became those of the hypothesis. */
export interface EditRun {
  readonly kind: "equal" | "substitute" | "insert" | "delete";
  readonly reference: readonly [number, number];
  readonly hypothesis: readonly [number, number];
}

export interface ErrorCounts {
  readonly hits: number;
  readonly substitutions: number;
  readonly deletions: number;
  readonly insertions: number;
}

export interface ErrorRates extends ErrorCounts {
  /** Word error rate: edits per unit of the reference. Of characters, the character error rate. */
  readonly value: number;
  /** Match error rate: edits per unit of the alignment. */
  readonly matchErrorRate: number;
  /** Word information lost and preserved (Morris et al. 2004). */
  readonly informationLost: number;
  readonly informationPreserved: number;
}

/** Word error rate of a corpus, with the rates that come with it; equal to jiwer's. */
export function wordErrorRate(): AdditiveMetric<Transcribed, ErrorRates> {
  return errorRate("wer|unit:word|align:levenshtein", "word");
}

/** Character error rate; spaces within a text are characters. */
export function characterErrorRate(): AdditiveMetric<Transcribed, ErrorRates> {
  return errorRate("cer|unit:character|align:levenshtein", "character");
}

function errorRate(signature: string, unit: "word" | "character"): AdditiveMetric<Transcribed, ErrorRates> {
  return additive({
    signature,
    size: 4,
    observe: (pair) => {
      const { hits, substitutions, deletions, insertions } = countErrors(alignTexts(pair, unit));
      return [hits, substitutions, deletions, insertions];
    },
    score: ([hits, substitutions, deletions, insertions]) =>
      ratesOf({ hits: hits!, substitutions: substitutions!, deletions: deletions!, insertions: insertions! }),
  });
}

/** jiwer's cuts: words between single spaces, runs of whitespace being one; or all code points between the ends. */
export function alignTexts({ reference, hypothesis }: Transcribed, unit: "word" | "character"): EditRun[] {
  const cut = (text: string): string[] =>
    unit === "character"
      ? [...strip(text)]
      : strip(text.replace(manySpaces, " "))
          .split(" ")
          .filter((word) => word !== "");
  return alignSequences(cut(reference), cut(hypothesis));
}

const manySpaces = new RegExp(`${space}{2,}`, "gu");

/**
 * The fewest edits between two sequences. Of several ways the one that RapidFuzz finds: common ends first, then from the back a
 * deletion if it is on a best path, an insertion if the row before allows, else a substitution or a hit.
 */
export function alignSequences(reference: readonly string[], hypothesis: readonly string[]): EditRun[] {
  let start = 0;
  const most = Math.min(reference.length, hypothesis.length);
  while (start < most && reference[start] === hypothesis[start]) start++;
  let tail = 0;
  while (tail < most - start && reference.at(-1 - tail) === hypothesis.at(-1 - tail)) tail++;
  const [columns, rows] = [reference.length - start - tail, hypothesis.length - start - tail];
  const width = columns + 1;
  const distances = new Uint32Array((rows + 1) * width);
  for (let column = 0; column <= columns; column++) distances[column] = column;
  for (let row = 1; row <= rows; row++) {
    distances[row * width] = row;
    for (let column = 1; column <= columns; column++) {
      const same = reference[start + column - 1] === hypothesis[start + row - 1];
      distances[row * width + column] = Math.min(
        distances[(row - 1) * width + column - 1]! + (same ? 0 : 1),
        distances[(row - 1) * width + column]! + 1,
        distances[row * width + column - 1]! + 1,
      );
    }
  }
  const kinds: EditRun["kind"][] = new Array(tail).fill("equal");
  let [row, column] = [rows, columns];
  while (row > 0 || column > 0) {
    const here = distances[row * width + column]!;
    if (row === 0 || (column > 0 && here === distances[row * width + column - 1]! + 1)) {
      kinds.push("delete");
      column--;
    } else if (
      column === 0 ||
      distances[(row - 1) * width + column]! === distances[(row - 1) * width + column - 1]! - 1
    ) {
      kinds.push("insert");
      row--;
    } else {
      row--;
      column--;
      kinds.push(reference[start + column] === hypothesis[start + row] ? "equal" : "substitute");
    }
  }
  for (let at = 0; at < start; at++) kinds.push("equal");
  return runsOf(kinds.reverse());
}

export function countErrors(runs: readonly EditRun[]): ErrorCounts {
  const count = (kind: EditRun["kind"], side: "reference" | "hypothesis"): number =>
    runs.reduce((sum, run) => sum + (run.kind === kind ? run[side][1] - run[side][0] : 0), 0);
  return {
    hits: count("equal", "reference"),
    substitutions: count("substitute", "reference"),
    deletions: count("delete", "reference"),
    insertions: count("insert", "hypothesis"),
  };
}

/** Without anything to be said, every insertion counts one, as in jiwer. */
function ratesOf(counts: ErrorCounts): ErrorRates {
  const { hits, substitutions, deletions, insertions } = counts;
  const reference = hits + substitutions + deletions;
  const hypothesis = hits + substitutions + insertions;
  const edits = substitutions + deletions + insertions;
  const silent = hypothesis === 0;
  const preserved = reference === 0 ? (silent ? 1 : 0) : silent ? 0 : (hits / reference) * (hits / hypothesis);
  return {
    value: reference === 0 ? insertions : edits / reference,
    matchErrorRate: reference === 0 ? (silent ? 0 : 1) : edits / (hits + edits),
    informationLost: 1 - preserved,
    informationPreserved: preserved,
    ...counts,
  };
}

function runsOf(kinds: readonly EditRun["kind"][]): EditRun[] {
  const runs: EditRun[] = [];
  let [reference, hypothesis] = [0, 0];
  for (let at = 0; at < kinds.length; ) {
    const kind = kinds[at]!;
    let length = 1;
    while (kinds[at + length] === kind) length++;
    at += length;
    const [before, beforeHypothesis] = [reference, hypothesis];
    if (kind !== "insert") reference += length;
    if (kind !== "delete") hypothesis += length;
    runs.push({ kind, reference: [before, reference], hypothesis: [beforeHypothesis, hypothesis] });
  }
  return runs;
}
