import type { Dataset } from "@nacre/data";
import type { Random } from "@nacre/random";
import type { Model, tf } from "@nacre/tensor";
import type { Transform } from "./transform.ts";

/** A loss, and what else is known of it. */
export interface LossParts {
  /** Mean over what it counts. */
  readonly loss: tf.Scalar;
  /**
   * How much this batch counts among the accumulated ones: what its loss is a mean over, as its real tokens. Then accumulating is
   * the same as one large batch. Default: its examples.
   */
  readonly weight?: number;
  /** Means over the same, told in the step: parts of the loss, accuracies. They get no gradient of their own. */
  readonly scalars?: Readonly<Record<string, tf.Scalar>>;
}

export interface LossContext<Batch = unknown> {
  readonly training: true;
  /** A stream of its own for each batch: a function of seed, step and batch alone. */
  readonly random: Random;
  /** Updates made so far. */
  readonly step: number;
  /** All batches of this update, this one included: one, or as many as are accumulated. */
  readonly batches: readonly Batch[];
}

export interface Validation<M extends Model> {
  /** After each epoch, or each that many updates. */
  readonly every: "epoch" | number;
  /** Scores by name. It sees the moving average of the weights, where one is kept. */
  readonly measure: (model: M) => Promise<Readonly<Record<string, number>>>;
  /** The score that says what is best. */
  readonly monitor: string;
  readonly mode: "min" | "max";
  /** Stop after this many validations without a better score. */
  readonly patience?: number;
  /** End with the weights of the best validation instead of the last ones. */
  readonly restoreBest?: boolean;
}

export interface Checkpointing {
  readonly folder: string;
  /** After each epoch, or each that many updates; always after the last update, and when asked to stop. */
  readonly every: "epoch" | number;
  /** How many with the best validation scores to keep, beside the last ones. Default 0. */
  readonly keepBest?: number;
  /** How many of the last to keep. Default 2. */
  readonly keepLast?: number;
  /**
   * Which of the model's parameters are kept. `trained`: those that training moves alone, where others never change and are there
   * again before it resumes, as a pretrained model's under adapters. Default: all.
   */
  readonly parameters?: "all" | "trained";
  /** Told of a checkpoint that is damaged and passed over when resuming. */
  readonly warn?: (message: string) => void;
}

export interface TrainOptions<M extends Model, Batch> {
  readonly model: M;
  /** One pass is one epoch; epochs 0, 1, 2 … are opened in turn, so what it shuffles is shuffled anew. */
  readonly data: Dataset<Batch>;
  /** Mean loss over the batch, alone or with what else is to be told. Runs in a tidy. */
  readonly loss: (model: M, batch: Batch, context: LossContext<Batch>) => tf.Scalar | LossParts;
  readonly optimizer: Transform;
  /** How long: passes over the data, or updates. One of the two. */
  readonly epochs?: number;
  readonly steps?: number;
  readonly seed: number;
  /** Examples in a batch. Default: its `size`, else its `length`, else 1. */
  readonly examplesIn?: (batch: Batch) => number;
  /** Largest global norm of the gradient. */
  readonly clipNorm?: number;
  /** Batches whose gradients are averaged, by their weights (`LossParts`) or numbers of examples, into one update. Default 1. */
  readonly accumulate?: number;
  /** Keep a moving average of the weights; the model ends with it. */
  readonly movingAverage?: { readonly decay: number };
  readonly validate?: Validation<M>;
  readonly checkpoints?: Checkpointing;
  /** Continue from the newest intact checkpoint, if there is one, to the same bits as if nothing had happened. */
  readonly resume?: boolean;
  /** Ends the training after the step at hand, with a checkpoint; its reason is thrown. */
  readonly signal?: AbortSignal;
}

/** @throws RangeError or Error that names the option, what was expected and what came. */
export function checkOptions<M extends Model, Batch>(options: TrainOptions<M, Batch>): void {
  const { epochs, steps, validate, checkpoints } = options;
  if ((epochs === undefined) === (steps === undefined)) {
    throw new Error(`train: expected exactly one of epochs and steps. Received epochs ${epochs} and steps ${steps}.`);
  }
  whole("epochs", epochs, 1);
  whole("steps", steps, 1);
  whole("accumulate", options.accumulate, 1);
  whole("validate.patience", validate?.patience, 1);
  whole("checkpoints.keepBest", checkpoints?.keepBest, 0);
  whole("checkpoints.keepLast", checkpoints?.keepLast, 1);
  if (validate !== undefined && validate.every !== "epoch") whole("validate.every", validate.every, 1);
  if (checkpoints !== undefined && checkpoints.every !== "epoch") whole("checkpoints.every", checkpoints.every, 1);
  if (options.clipNorm !== undefined && !(options.clipNorm > 0)) {
    throw new RangeError(`train: expected clipNorm above 0. Received ${options.clipNorm}.`);
  }
  const decay = options.movingAverage?.decay;
  if (decay !== undefined && !(decay > 0 && decay < 1)) {
    throw new RangeError(`train: expected movingAverage.decay between 0 and 1. Received ${decay}.`);
  }
  if (options.resume && checkpoints === undefined) {
    throw new Error("train: expected `checkpoints` to resume from. Received none.");
  }
}

function whole(name: string, value: number | undefined, least: number): void {
  if (value === undefined || (Number.isSafeInteger(value) && value >= least)) return;
  throw new RangeError(`train: expected ${name} to be a whole number, at least ${least}. Received ${value}.`);
}
