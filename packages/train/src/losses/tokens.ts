import { tf } from "@nacre/tensor";
import type { LossParts } from "../options.ts";
import { ignored } from "../token-batch.ts";
import { type RowLossOptions, rowCrossEntropy } from "./cross-entropy.ts";

export interface TokenLossOptions extends Omit<RowLossOptions, "ignoreIndex"> {
  /** Whether the share of labels with the largest logit is told, too. Default: false. */
  readonly accuracy?: boolean;
}

/**
 * Mean cross-entropy over the labels that count, straight from logits: of next tokens (labels of `tokenBatch`), of masked tokens
 * (`maskTokens`), of a translation's tokens, or of classes of tokens. What does not count is -100. Its weight is the number
 * of labels that count, so batches with different numbers of them accumulate to what one large batch gives; without any it
 * is 0.
 *
 * @param logits [B, T, K] or any shape [..., K]
 * @param labels [B · T], as many as there are rows of logits; -100 or 0 to K - 1
 */
export function tokenLoss(logits: tf.Tensor, labels: Int32Array, options: TokenLossOptions = {}): LossParts {
  const classes = logits.shape.at(-1)!;
  if (logits.size !== labels.length * classes) {
    throw new Error(`tokenLoss: expected as many labels as rows of [${logits.shape}]. Received ${labels.length}.`);
  }
  const weight = labels.reduce((count, label) => count + Number(label !== ignored), 0);
  const divisor = Math.max(1, weight);
  const { accuracy = false, ...rowOptions } = options;
  const flat = tf.reshape(logits, [-1, classes]) as tf.Tensor2D; // [N, K]
  const wanted = tf.tensor1d(labels, "int32"); // [N]
  const rows = rowCrossEntropy(flat, wanted, { ...rowOptions, ignoreIndex: ignored });
  const loss = tf.div(tf.sum(rows), divisor) as tf.Scalar;
  if (!accuracy) return { loss, weight };
  const right = tf.sum(tf.cast(tf.equal(tf.argMax(flat, 1), wanted), "float32")); // -100 is never right
  return { loss, weight, scalars: { accuracy: tf.div(right, divisor) as tf.Scalar } };
}

/** Log-probability that a model gives each row's counted labels: logits [B, T, K], labels [B · T] → [B]. */
export function sequenceLogProbabilities(
  logits: tf.Tensor3D,
  labels: Int32Array,
  { mean = false }: { /** Per label instead of their sum. Default: false. */ readonly mean?: boolean } = {},
): tf.Tensor1D {
  const [batch, time, classes] = logits.shape;
  if (labels.length !== batch * time) {
    throw new Error(`sequenceLogProbabilities: expected ${batch * time} labels. Received ${labels.length}.`);
  }
  const flat = tf.reshape(logits, [-1, classes]) as tf.Tensor2D;
  const losses = rowCrossEntropy(flat, tf.tensor1d(labels, "int32"), { ignoreIndex: ignored });
  const sums = tf.neg(tf.sum(tf.reshape(losses, [batch, time]), 1)) as tf.Tensor1D;
  if (!mean) return sums;
  const counts = Float32Array.from({ length: batch }, (_, row) =>
    Math.max(1, labels.subarray(row * time, (row + 1) * time).filter((label) => label !== ignored).length),
  );
  return tf.div(sums, tf.tensor1d(counts)) as tf.Tensor1D;
}

/** Where answers start and end: token numbers, both included. Outside of 0 … T - 1: not in this text; it does not count. */
export interface Spans {
  readonly starts: ArrayLike<number>;
  readonly ends: ArrayLike<number>;
}

/**
 * Mean of the cross-entropies of an answer's first and last token (Devlin et al. 2019, section 4.2), over the answers that are in
 * their texts.
 *
 * @param startLogits [B, T]
 * @param endLogits [B, T]
 */
export function spanLoss(startLogits: tf.Tensor2D, endLogits: tf.Tensor2D, { starts, ends }: Spans): LossParts {
  const [batch, time] = startLogits.shape;
  tf.util.assertShapesMatch(startLogits.shape, endLogits.shape, "spanLoss: logits of starts and ends: ");
  if (starts.length !== batch || ends.length !== batch) {
    throw new Error(`spanLoss: expected ${batch} starts and ends. Received ${starts.length} and ${ends.length}.`);
  }
  const inside = (place: number): boolean => place >= 0 && place < time;
  const counts = Array.from({ length: batch }, (_, row) => inside(starts[row]!) && inside(ends[row]!));
  const part = (logits: tf.Tensor2D, places: ArrayLike<number>): LossParts =>
    tokenLoss(
      logits,
      Int32Array.from(counts, (counted, row) => (counted ? places[row]! : ignored)),
    );
  const [start, end] = [part(startLogits, starts), part(endLogits, ends)];
  return { loss: tf.mul(tf.add(start.loss, end.loss), 0.5), weight: start.weight! };
}
