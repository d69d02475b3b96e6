import { bootstrap } from "./bootstrap.ts";
import { ClassificationTally } from "./classification-tally.ts";
import { type ClassScores, perClass } from "./metrics/confusion.ts";
import { type ClassifiedExample, mostProbable, surprise } from "./metrics/probability.ts";
import { type CurvePoint, precisionRecallCurve, rocAucOf, rocCurve } from "./metrics/ranking.ts";

/** A score with its interval and what exactly it is. */
export interface Score {
  readonly name: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly signature: string;
}

export interface ClassRow extends ClassScores {
  readonly label: string;
  /** Of this class against all others; NaN, which JSON shows as null, when there are only such or only others. */
  readonly rocAuc: number | null;
}

export interface CalibrationBin {
  readonly low: number;
  readonly high: number;
  readonly count: number;
  /** Mean confidence and share of hits; null in an empty bin. */
  readonly confidence: number | null;
  readonly accuracy: number | null;
}

export interface Curve {
  readonly label: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

export interface WorstExample {
  /** Place in the evaluated examples. */
  readonly index: number;
  readonly label: string;
  readonly predicted: string;
  /** What the model gave the true class. */
  readonly probability: number;
  /** -log of it. */
  readonly loss: number;
}

/** Everything about a classifier's predictions on a set of examples: JSON. */
export interface ClassificationEvaluation {
  readonly kind: "classification";
  readonly examples: number;
  readonly classes: readonly string[];
  readonly scores: readonly Score[];
  readonly perClass: readonly ClassRow[];
  /** Rows: true class; columns: predicted class. */
  readonly confusion: readonly (readonly number[])[];
  readonly calibration: readonly CalibrationBin[];
  /** One per class; for two classes, of the second alone. */
  readonly roc: readonly Curve[];
  readonly precisionRecall: readonly Curve[];
  /** Greatest loss first, wrong ones before right ones. */
  readonly worst: readonly WorstExample[];
  readonly resamples: number;
  readonly seed: number;
}

export interface ClassificationOptions {
  /** Names, by label. */
  readonly classes: readonly string[];
  readonly examples: readonly ClassifiedExample[];
  readonly seed: number;
  /** Bootstrap resamples. Default 1000. */
  readonly resamples?: number;
  /** Default 24. */
  readonly worst?: number;
}

/**
 * Scores with bootstrap intervals, tables, curves, calibration and the worst examples.
 *
 * @throws RangeError without examples, or for one whose label or probabilities make no sense, naming it.
 */
export function evaluateClassification(options: ClassificationOptions): ClassificationEvaluation {
  const { classes, examples, seed, resamples = 1000, worst = 24 } = options;
  check(classes, examples);
  const tally = new ClassificationTally(classes.length, examples);
  const once = new Uint16Array(examples.length).fill(1);
  const scores = tally.scores(once);
  const intervals = bootstrap(examples.length, (weights) => tally.scores(weights).map(({ value }) => value), {
    seed,
    resamples,
  });
  const confusion = tally.confusion(once);
  const rankings = tally.rankings(once);
  const labels = tally.rankedClasses;
  return {
    kind: "classification",
    examples: examples.length,
    classes,
    scores: scores.map((score, index) => ({ ...score, ...intervals[index]! })),
    perClass: perClass(confusion).map((row, index) => ({
      label: classes[index]!,
      ...row,
      rocAuc: finite(rocAucOf(rankings[classes.length === 2 ? 0 : index]!)),
    })),
    confusion: classes.map((_, row) => [
      ...confusion.counts.subarray(row * classes.length, (row + 1) * classes.length),
    ]),
    calibration: tally.calibration(once),
    roc: rankings.map((ranking, index) => curve(classes[labels[index]!]!, rocCurve(ranking))),
    precisionRecall: rankings.map((ranking, index) => curve(classes[labels[index]!]!, precisionRecallCurve(ranking))),
    worst: worstExamples(classes, examples, worst),
    resamples,
    seed,
  };
}

/** Whether each example was right, as 1 and 0: what significance tests compare. */
export function hits(examples: readonly ClassifiedExample[]): Uint8Array {
  return Uint8Array.from(examples, ({ probabilities, label }) => (mostProbable(probabilities) === label ? 1 : 0));
}

const mostPoints = 200;

/** Curves keep their ends and about `mostPoints` in between; points that cannot be drawn are left out. */
function curve(label: string, points: readonly CurvePoint[]): Curve {
  const drawable = points.filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y));
  const stride = Math.max(1, Math.ceil(drawable.length / mostPoints));
  const kept = drawable.filter((_, index) => index % stride === 0 || index === drawable.length - 1);
  return { label, points: kept.map(({ x, y }) => ({ x: rounded(x), y: rounded(y) })) };
}

function worstExamples(
  classes: readonly string[],
  examples: readonly ClassifiedExample[],
  count: number,
): WorstExample[] {
  return examples
    .map((example, index) => ({
      index,
      example,
      loss: surprise(example),
      predicted: mostProbable(example.probabilities),
    }))
    .sort((left, right) => {
      const wrong = Number(right.predicted !== right.example.label) - Number(left.predicted !== left.example.label);
      return wrong || right.loss - left.loss || left.index - right.index;
    })
    .slice(0, count)
    .map(({ index, example, loss, predicted }) => ({
      index,
      label: classes[example.label]!,
      predicted: classes[predicted]!,
      probability: example.probabilities[example.label]!,
      loss,
    }));
}

function check(classes: readonly string[], examples: readonly ClassifiedExample[]): void {
  if (classes.length < 2) throw new RangeError(`Expected two or more classes. Received ${classes.length}.`);
  if (examples.length === 0) throw new RangeError("Expected examples to evaluate. Received none.");
  for (const [index, { probabilities, label }] of examples.entries()) {
    if (!Number.isInteger(label) || label < 0 || label >= classes.length) {
      throw new RangeError(`Example ${index}: expected a label from 0 to ${classes.length - 1}. Received ${label}.`);
    }
    if (probabilities.length !== classes.length) {
      throw new RangeError(
        `Example ${index}: expected ${classes.length} probabilities. Received ${probabilities.length}.`,
      );
    }
    for (let each = 0; each < probabilities.length; each++) {
      const value = probabilities[each]!;
      if (value >= -1e-6 && value <= 1 + 1e-6) continue;
      throw new RangeError(
        `Example ${index}, class ${classes[each]}: expected a probability from 0 to 1. Received ${value}.`,
      );
    }
  }
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function rounded(value: number): number {
  return Math.round(value * 1e5) / 1e5;
}
