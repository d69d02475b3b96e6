import { softmaxCrossEntropy, tf } from "@nacre/tensor";

export interface CrossEntropyOptions {
  /** Share of the probability spread evenly over all classes, [0, 1). Szegedy et al. 2016, section 7. */
  readonly labelSmoothing?: number;
  /** One weight per class; the loss is the weighted mean, as in PyTorch. */
  readonly classWeights?: readonly number[];
  /** Examples with this label do not count. */
  readonly ignoreIndex?: number;
  /** Adds this times the mean of log²Z, Z the softmax's denominator: it keeps logits near 0 (Chowdhery et al. 2022, section 5). */
  readonly zLoss?: number;
}

/**
 * Mean cross-entropy of a softmax, straight from logits: stable for any size of logit, and its gradient is
 * (softmax - target) · weight, without going through the logarithm.
 *
 * @param logits [..., K]
 * @param labels [...] int32, classes from 0
 * @returns scalar; NaN when every example is ignored, as in PyTorch
 */
export function crossEntropy(logits: tf.Tensor, labels: tf.Tensor, options: CrossEntropyOptions = {}): tf.Scalar {
  const { labelSmoothing = 0, classWeights, ignoreIndex, zLoss = 0 } = options;
  const classes = logits.shape.at(-1)!;
  checkShapes(logits, labels);
  if (!(labelSmoothing >= 0 && labelSmoothing < 1)) {
    throw new RangeError(`crossEntropy: expected label smoothing in [0, 1). Received ${labelSmoothing}.`);
  }
  if (classWeights !== undefined && classWeights.length !== classes) {
    throw new RangeError(`crossEntropy: expected ${classes} class weights. Received ${classWeights.length}.`);
  }
  if (classWeights !== undefined && zLoss !== 0) {
    throw new Error("crossEntropy: expected class weights or a z-loss. Received both.");
  }
  return tf.tidy(() => {
    const flat = tf.reshape(logits, [-1, classes]) as tf.Tensor2D; // [N, K]
    const wanted = tf.reshape(labels, [-1]) as tf.Tensor1D; // [N]
    if (classWeights === undefined) {
      const losses = rowCrossEntropy(flat, wanted, { labelSmoothing, ignoreIndex, zLoss });
      if (ignoreIndex === undefined) return tf.mean(losses);
      return tf.div(tf.sum(losses), tf.sum(tf.cast(tf.notEqual(wanted, ignoreIndex), "float32")));
    }
    const target = targets(wanted, { classes, labelSmoothing, classWeights, ignoreIndex });
    return weightedCrossEntropy(flat, target);
  });
}

export interface RowLossOptions extends Pick<CrossEntropyOptions, "labelSmoothing" | "zLoss"> {
  readonly ignoreIndex?: number | undefined;
}

/** The loss of each row, 0 for those that do not count: logits [N, K], labels [N] → [N]. */
export function rowCrossEntropy(
  logits: tf.Tensor2D,
  labels: tf.Tensor1D,
  { labelSmoothing = 0, zLoss = 0, ignoreIndex }: RowLossOptions,
): tf.Tensor1D {
  const losses = softmaxCrossEntropy(logits, labels, { labelSmoothing, ignoreIndex });
  if (zLoss === 0) return losses;
  // log Z = (log Z - x₀) + x₀, and the first is the cross-entropy of the label 0.
  const first = tf.zerosLike(labels);
  const marked = ignoreIndex === undefined ? first : tf.where(tf.equal(labels, ignoreIndex), labels, first);
  const known = tf.squeeze(tf.slice(logits, [0, 0], [-1, 1]), [1]); // [N]
  const kept = ignoreIndex === undefined ? known : tf.mul(known, tf.cast(tf.notEqual(labels, ignoreIndex), "float32"));
  const logZ = tf.add(softmaxCrossEntropy(logits, marked as tf.Tensor1D, { ignoreIndex }), kept);
  return tf.add(losses, tf.mul(tf.square(logZ), zLoss));
}

interface Target {
  /** [N, K]: what each class's -log p is multiplied by; weights and smoothing are in it. */
  readonly shares: tf.Tensor2D;
  /** Scalar: what the sum is divided by. */
  readonly total: tf.Scalar;
}

/** Σ shares · -log softmax(logits) / total, for targets that need no gradient. */
function weightedCrossEntropy(logits: tf.Tensor2D, { shares, total }: Target): tf.Scalar {
  const loss = tf.customGrad((x, save) => {
    const logProbabilities = tf.logSoftmax(x as tf.Tensor2D); // [N, K]
    const value = tf.div(tf.neg(tf.sum(tf.mul(shares, logProbabilities))), total) as tf.Scalar;
    (save as tf.GradSaveFunc)([tf.exp(logProbabilities), shares, total]);
    return {
      value,
      gradFunc: (upstream: tf.Tensor, saved: tf.Tensor[]) => {
        const [probabilities, weights, divisor] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
        const gradient = tf.sub(tf.mul(probabilities, tf.sum(weights, -1, true)), weights);
        return tf.mul(gradient, tf.div(upstream, divisor));
      },
    };
  });
  return loss(logits) as tf.Scalar;
}

function targets(
  labels: tf.Tensor1D,
  options: {
    classes: number;
    labelSmoothing: number;
    classWeights: readonly number[];
    ignoreIndex: number | undefined;
  },
): Target {
  const { classes, labelSmoothing, classWeights, ignoreIndex } = options;
  const kept = ignoreIndex === undefined ? undefined : tf.cast(tf.notEqual(labels, ignoreIndex), "float32"); // [N]
  // An ignored label may be no class at all; any row does, for it is multiplied by 0.
  const safe = kept === undefined ? labels : tf.mul(labels, tf.cast(kept, "int32"));
  const oneHot = tf.cast(tf.oneHot(safe as tf.Tensor1D, classes), "float32"); // [N, K]
  const weights = tf.tensor1d([...classWeights]); // [K]
  let shares = tf.mul(tf.add(tf.mul(oneHot, 1 - labelSmoothing), labelSmoothing / classes), weights);
  if (kept !== undefined) shares = tf.mul(shares, tf.expandDims(kept, 1));
  let counted = tf.sum(tf.mul(oneHot, weights), 1);
  if (kept !== undefined) counted = tf.mul(counted, kept);
  return { shares: shares as tf.Tensor2D, total: tf.sum(counted) as tf.Scalar };
}

function checkShapes(logits: tf.Tensor, labels: tf.Tensor): void {
  const expected = logits.shape.slice(0, -1);
  if (
    logits.rank < 1 ||
    expected.length !== labels.rank ||
    expected.some((size, axis) => size !== labels.shape[axis])
  ) {
    throw new Error(
      `crossEntropy: expected labels [${expected}] for logits [${logits.shape}]. Received [${labels.shape}].`,
    );
  }
  if (labels.dtype !== "int32") throw new Error(`crossEntropy: expected int32 labels. Received ${labels.dtype}.`);
}
