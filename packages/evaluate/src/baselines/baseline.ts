/** Features and classes. */
export interface LabelledRows {
  readonly features: readonly Float32Array[];
  /** From 0. */
  readonly labels: ArrayLike<number>;
}

/** What a baseline is trained with. */
export interface BaselineContext {
  readonly classes: number;
  readonly seed: number;
  /** Lets others run, and throws when asked to stop. `share`: how far this baseline is. */
  readonly pause: (share: number) => Promise<void>;
}

/** Class probabilities [N, K] for rows of features. */
export type Predict = (features: readonly Float32Array[]) => Promise<Float64Array[]>;

/** A simple algorithm. */
export interface Baseline {
  readonly name: string;
  /** Most rows to learn from, and to predict, within seconds. */
  readonly limits: { readonly train: number; readonly test: number };
  fit(train: LabelledRows, context: BaselineContext): Promise<Predict>;
}

/** Examples of each class. */
export function classCounts(labels: ArrayLike<number>, classes: number): Float64Array {
  const counts = new Float64Array(classes);
  for (let index = 0; index < labels.length; index++) counts[labels[index]!]! += 1;
  return counts;
}

/** Logits to probabilities, in place. */
export function softmax(logits: Float64Array): Float64Array {
  let largest = Number.NEGATIVE_INFINITY;
  for (const value of logits) largest = Math.max(largest, value);
  let sum = 0;
  for (let index = 0; index < logits.length; index++) {
    logits[index] = Math.exp(logits[index]! - largest);
    sum += logits[index]!;
  }
  for (let index = 0; index < logits.length; index++) logits[index] = logits[index]! / sum;
  return logits;
}
