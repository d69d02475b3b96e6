import { type Dataset, from } from "@nacre/data";
import type { ForwardContext } from "@nacre/models";
import type { Random } from "@nacre/random";
import { type Model, tf } from "@nacre/tensor";
import { crossEntropy, type LossContext } from "@nacre/train";
import type { TokenAttribution } from "../predictor.ts";
import type { FolderDigest } from "../pretrained-folder.ts";
import type { Built } from "../task.ts";
import type { TextExample } from "./source.ts";

/**
 * A family of models of texts, fitted on training texts or read from a bundle: what makes ids of a text, and a model over those.
 * Shapes: B texts, T ids, K classes.
 */
export interface TextFamily<M extends Model = Model> {
  /** The id that fills shorter texts of a batch, and stands for nothing else. */
  readonly padding: number;
  /** Most ids of a text, L. */
  readonly longest: number;
  /** At most L. */
  idsOf(text: string): Int32Array;
  /** The pretrained model that it begins with. */
  readonly base?: FolderDigest;
  build(random: Random): Built<M>;
  /** ids [B, T] int32 → logits [B, K]. */
  logits(model: M, ids: tf.Tensor2D, context: ForwardContext): tf.Tensor2D;
  /** What is added to a text's logits when the model predicts, [K]; nothing when absent. */
  offset?(text: string): Float32Array;
  /** What each token adds to the logit of class `index`, above the mean of all classes' logits. */
  attribute(model: M, text: string, index: number): Promise<TokenAttribution[]>;
  /** `config.json` and `preprocessor_config.json`. */
  readonly config: object;
  readonly preprocessor: object;
  /** Writes the model's folder in place of `config` and plain weights. */
  readonly save?: (model: M, folder: string) => Promise<void>;
}

/** B texts of T ids, the shorter ones padded at the right. */
export interface IdBatch {
  /** [B, T] */
  readonly ids: Int32Array;
  /** [B] */
  readonly labels: Int32Array;
  readonly size: number;
  readonly time: number;
}

/** A text as ids. */
export interface IdExample {
  readonly ids: Int32Array;
  readonly label: number;
}

/** A text to be predicted. */
export interface AskedExample extends IdExample {
  /** Its family's `offset`, [K]. */
  readonly offset: Float32Array | undefined;
}

export function idExamples(family: TextFamily, part: readonly TextExample[]): IdExample[] {
  return part.map(({ text, label }) => ({ ids: family.idsOf(text), label }));
}

export function askedExamples(family: TextFamily, part: readonly TextExample[]): AskedExample[] {
  return part.map(({ text, label }) => ({ ids: family.idsOf(text), label, offset: family.offset?.(text) }));
}

/** Batches in another order in each pass. */
export function trainingBatches(
  family: TextFamily,
  examples: readonly IdExample[],
  { batch, seed }: { readonly batch: number; readonly seed: number },
): Dataset<IdBatch> {
  return from(examples)
    .shuffle({ seed })
    .batch(batch)
    .map((group) => idBatch(group, family));
}

const multipleOf = 8;

/** T is a multiple of 8, so that few shapes occur, or L. */
export function idBatch(
  examples: readonly IdExample[],
  { padding, longest }: Pick<TextFamily, "padding" | "longest">,
): IdBatch {
  const needed = Math.max(1, ...examples.map(({ ids }) => ids.length));
  const time = Math.min(longest, Math.ceil(needed / multipleOf) * multipleOf);
  const ids = new Int32Array(examples.length * time).fill(padding);
  examples.forEach((example, row) => ids.set(example.ids, row * time));
  return { ids, labels: Int32Array.from(examples, ({ label }) => label), size: examples.length, time };
}

export interface TextLossOptions {
  readonly labelSmoothing: number;
  readonly classWeights: readonly number[] | undefined;
}

/** Cross-entropy of a batch. */
export function textLoss<M extends Model>(family: TextFamily<M>, { labelSmoothing, classWeights }: TextLossOptions) {
  return (model: M, batch: IdBatch, context: LossContext): tf.Scalar => {
    const logits = family.logits(model, idTensor(batch), context); // [B, K]
    const weights = classWeights === undefined ? {} : { classWeights };
    return crossEntropy(logits, tf.tensor1d(batch.labels, "int32"), { labelSmoothing, ...weights });
  };
}

export interface ProbabilityOptions {
  /** Texts of a batch. Default: 64. */
  readonly batch?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onTexts?: (done: number) => void;
}

/** Class probabilities [N, K], a row for each text, in order; texts of like length share a batch. Leaves no tensors. */
export async function textProbabilities<M extends Model>(
  family: TextFamily<M>,
  model: M,
  texts: readonly AskedExample[],
  { batch = 64, signal, onTexts }: ProbabilityOptions = {},
): Promise<Float32Array[]> {
  const order = texts
    .map((_, index) => index)
    .sort((left, right) => texts[left]!.ids.length - texts[right]!.ids.length);
  const rows = new Array<Float32Array>(texts.length);
  for (let start = 0; start < order.length; start += batch) {
    signal?.throwIfAborted();
    const chosen = order.slice(start, start + batch);
    const group = chosen.map((index) => texts[index]!);
    const probabilities = tf.tidy(() => {
      const logits = family.logits(model, idTensor(idBatch(group, family)), { training: false });
      return tf.softmax(family.offset === undefined ? logits : tf.add<tf.Tensor2D>(logits, offsetTensor(group)));
    });
    const classes = probabilities.shape[1];
    const values = (await probabilities.data()) as Float32Array;
    probabilities.dispose();
    // A copy each: the backend may own the memory behind `values`.
    chosen.forEach((index, row) => void (rows[index] = values.slice(row * classes, (row + 1) * classes)));
    onTexts?.(start + chosen.length);
  }
  return rows;
}

function offsetTensor(group: readonly AskedExample[]): tf.Tensor2D {
  return tf.stack(group.map(({ offset }) => tf.tensor1d(offset!))) as tf.Tensor2D;
}

function idTensor({ ids, size, time }: IdBatch): tf.Tensor2D {
  return tf.tensor2d(ids, [size, time], "int32");
}
