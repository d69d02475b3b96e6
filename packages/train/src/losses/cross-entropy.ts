import { softmaxCrossEntropy, tf } from "@nacre/tensor";

export interface CrossEntropyOptions {
  /** Share of the probability spread evenly over all classes, [0, 1). Szegedy et al. 2016, section 7. */
  readonly labelSmoothing?: number;
  /** One weight per class; the loss is the weighted mean, as in PyTorch. */
  readonly classWeights?: readonly number[];
  /** Examples with this label do not count. */
  readonly ignoreIndex?: number;
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
  const { labelSmoothing = 0, classWeights, ignoreIndex } = options;
  const classes = logits.shape.at(-1)!;
  checkShapes(logits, labels);
  if (!(labelSmoothing >= 0 && labelSmoothing < 1)) {
    throw new RangeError(`crossEntropy: expected label smoothing in [0, 1). Received ${labelSmoothing}.`);
  }
  if (classWeights !== undefined && classWeights.length !== classes) {
    throw new RangeError(`crossEntropy: expected ${classes} class weights. Received ${classWeights.length}.`);
  }
  return tf.tidy(() => {
    const flat = tf.reshape(logits, [-1, classes]) as tf.Tensor2D; // [N, K]
    const wanted = tf.reshape(labels, [-1]) as tf.Tensor1D; // [N]
    if (classWeights === undefined) {
      const losses = softmaxCrossEntropy(flat, wanted, { labelSmoothing, ignoreIndex });
      if (ignoreIndex === undefined) return tf.mean(losses);
      return tf.div(tf.sum(losses), tf.sum(tf.cast(tf.notEqual(wanted, ignoreIndex), "float32")));
    }
    const target = targets(wanted, { classes, labelSmoothing, classWeights, ignoreIndex });
    return weightedCrossEntropy(flat, target);
  });
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
