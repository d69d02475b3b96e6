import type { Metric } from "../metric.ts";

/** Examples by true class (row) and predicted class (column), row-major [K, K]; counts may be weights. */
export interface Confusion {
  readonly classes: number;
  readonly counts: Float64Array;
}

/** A hard prediction: classes from 0. */
export interface Decision {
  readonly label: number;
  readonly predicted: number;
}

export interface Value {
  readonly value: number;
}

/** How scores of classes become one: `macro` mean, `weighted` by true examples, `micro` over all decisions. */
export type Average = "macro" | "micro" | "weighted";

export function emptyConfusion(classes: number): Confusion {
  return { classes, counts: new Float64Array(classes * classes) };
}

/** A metric that is a function of the confusion matrix. `score` is NaN without examples. */
function ofConfusion(
  classes: number,
  signature: string,
  value: (confusion: Confusion) => number,
): Metric<Decision, Confusion, Value> {
  return {
    signature,
    empty: emptyConfusion(classes),
    observe({ label, predicted }) {
      inRange(label, classes, "label");
      inRange(predicted, classes, "predicted class");
      const one = emptyConfusion(classes);
      one.counts[label * classes + predicted] = 1;
      return one;
    },
    merge: (left, right) => ({ classes, counts: left.counts.map((count, index) => count + right.counts[index]!) }),
    score: (total) => ({ value: value(total) }),
  };
}

export function confusionMatrix(classes: number): Metric<Decision, Confusion, Value & { readonly matrix: number[][] }> {
  const base = ofConfusion(classes, `confusion|classes:${classes}`, accuracyOf);
  return {
    ...base,
    score: (total) => ({
      value: accuracyOf(total),
      matrix: Array.from({ length: classes }, (_, row) => [
        ...total.counts.subarray(row * classes, (row + 1) * classes),
      ]),
    }),
  };
}

export function accuracy(classes: number): Metric<Decision, Confusion, Value> {
  return ofConfusion(classes, "accuracy", accuracyOf);
}

/** Mean recall of the classes that occur. */
export function balancedAccuracy(classes: number): Metric<Decision, Confusion, Value> {
  return ofConfusion(classes, "balanced-accuracy|classes:present", (confusion) => {
    const present = perClass(confusion).filter(({ support }) => support > 0);
    return present.reduce((sum, { recall }) => sum + recall, 0) / present.length;
  });
}

export interface AverageOptions {
  readonly average: Average | { readonly positive: number };
  readonly beta?: number;
}

/** Precision; 0 where nothing was predicted. */
export function precision(classes: number, options: AverageOptions): Metric<Decision, Confusion, Value> {
  return averaged(classes, "precision", options, ({ precision: value }) => value);
}

/** Recall; 0 where there is nothing to find. */
export function recall(classes: number, options: AverageOptions): Metric<Decision, Confusion, Value> {
  return averaged(classes, "recall", options, ({ recall: value }) => value);
}

/** F_β = (1 + β²) P R / (β² P + R); 0 where both are 0. */
export function fScore(classes: number, options: AverageOptions): Metric<Decision, Confusion, Value> {
  const { beta = 1 } = options;
  return averaged(classes, `f${beta}`, options, ({ precision: p, recall: r }) => harmonic(p, r, beta));
}

/** Cohen 1960: agreement beyond what the margins give by chance. */
export function kappa(classes: number): Metric<Decision, Confusion, Value> {
  return ofConfusion(classes, "kappa|weights:none", (confusion) => {
    const { rows, columns, total } = margins(confusion);
    const chance = rows.reduce((sum, row, index) => sum + (row * columns[index]!) / total ** 2, 0);
    return (accuracyOf(confusion) - chance) / (1 - chance);
  });
}

/** Matthews 1975 for two classes, Gorodkin 2004 for more: the correlation of truth and prediction; 0 where one is constant. */
export function matthews(classes: number): Metric<Decision, Confusion, Value> {
  return ofConfusion(classes, "matthews", (confusion) => {
    const { rows, columns, total } = margins(confusion);
    const dot = (left: readonly number[], right: readonly number[]) =>
      left.reduce((sum, value, index) => sum + value * right[index]!, 0);
    const covariance = accuracyOf(confusion) * total ** 2 - dot(rows, columns);
    const scale = Math.sqrt((total ** 2 - dot(rows, rows)) * (total ** 2 - dot(columns, columns)));
    return scale === 0 ? 0 : covariance / scale;
  });
}

export interface ClassScores {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** Examples of the class. */
  readonly support: number;
}

/** Precision, recall and F1 of each class; 0 where there is nothing to divide by, as scikit-learn's zero_division=0. */
export function perClass(confusion: Confusion): ClassScores[] {
  const { rows, columns } = margins(confusion);
  return rows.map((support, index) => {
    const hits = confusion.counts[index * confusion.classes + index]!;
    const found = columns[index]! === 0 ? 0 : hits / columns[index]!;
    const reached = support === 0 ? 0 : hits / support;
    return { precision: found, recall: reached, f1: harmonic(found, reached, 1), support };
  });
}

function averaged(
  classes: number,
  name: string,
  { average }: AverageOptions,
  value: (scores: Pick<ClassScores, "precision" | "recall">) => number,
): Metric<Decision, Confusion, Value> {
  const how = typeof average === "string" ? `average:${average}` : `positive:${average.positive}`;
  return ofConfusion(classes, `${name}|${how}|zero-division:0`, (confusion) => {
    const all = perClass(confusion);
    if (typeof average === "object") return value(all[average.positive]!);
    // Over all decisions precision and recall are both the accuracy.
    if (average === "micro") return value({ precision: accuracyOf(confusion), recall: accuracyOf(confusion) });
    const present = all.filter((_, index) => occurs(confusion, index));
    const weights = present.map(({ support }) => (average === "weighted" ? support : 1));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return present.reduce((sum, scores, index) => sum + weights[index]! * value(scores), 0) / total;
  });
}

/** Whether a class is among the labels or the predictions: scikit-learn averages over those. */
function occurs(confusion: Confusion, index: number): boolean {
  const { rows, columns } = margins(confusion);
  return rows[index]! + columns[index]! > 0;
}

function harmonic(found: number, reached: number, beta: number): number {
  const scale = beta ** 2 * found + reached;
  return scale === 0 ? 0 : ((1 + beta ** 2) * found * reached) / scale;
}

function accuracyOf({ classes, counts }: Confusion): number {
  let hits = 0;
  let total = 0;
  for (let index = 0; index < counts.length; index++) {
    total += counts[index]!;
    if (index % (classes + 1) === 0) hits += counts[index]!;
  }
  return hits / total;
}

function margins({ classes, counts }: Confusion): { rows: number[]; columns: number[]; total: number } {
  const rows = Array.from({ length: classes }, () => 0);
  const columns = Array.from({ length: classes }, () => 0);
  let total = 0;
  for (let row = 0; row < classes; row++) {
    for (let column = 0; column < classes; column++) {
      const count = counts[row * classes + column]!;
      rows[row]! += count;
      columns[column]! += count;
      total += count;
    }
  }
  return { rows, columns, total };
}

function inRange(value: number, classes: number, what: string): void {
  if (Number.isInteger(value) && value >= 0 && value < classes) return;
  throw new RangeError(`Expected a ${what} from 0 to ${classes - 1}. Received ${value}.`);
}
