import { tf } from "@nacre/tensor";

/**
 * Mean binary cross-entropy, straight from logits: max(x, 0) - x t + log(1 + e^-|x|), with the positive part weighted.
 *
 * @param logits any shape
 * @param targets the same shape, 0 to 1
 * @param options `positiveWeight`: per last axis, multiplies the loss of positive targets, as PyTorch's pos_weight
 */
export function binaryCrossEntropy(
  logits: tf.Tensor,
  targets: tf.Tensor,
  { positiveWeight }: { readonly positiveWeight?: readonly number[] } = {},
): tf.Scalar {
  same("binaryCrossEntropy", logits, targets);
  return tf.tidy(() => {
    // log(1 + e^-x) = softplus(-x); (1 - t) x + (1 + (w - 1) t) softplus(-x)
    const stable = tf.add(tf.relu(tf.neg(logits)), tf.log1p(tf.exp(tf.neg(tf.abs(logits)))));
    const weight =
      positiveWeight === undefined
        ? undefined
        : tf.add(tf.mul(tf.sub(tf.tensor1d([...positiveWeight]), 1), targets), 1);
    const loss = tf.add(tf.mul(tf.sub(1, targets), logits), weight === undefined ? stable : tf.mul(weight, stable));
    return tf.mean(loss) as tf.Scalar;
  });
}

/** Mean of (x - y)². */
export function meanSquaredError(predictions: tf.Tensor, targets: tf.Tensor): tf.Scalar {
  same("meanSquaredError", predictions, targets);
  return tf.tidy(() => tf.mean(tf.squaredDifference(predictions, targets)) as tf.Scalar);
}

/** Mean of |x - y|. */
export function meanAbsoluteError(predictions: tf.Tensor, targets: tf.Tensor): tf.Scalar {
  same("meanAbsoluteError", predictions, targets);
  return tf.tidy(() => tf.mean(tf.abs(tf.sub(predictions, targets))) as tf.Scalar);
}

/** Mean of ½ d² where |d| ≤ delta, else delta (|d| - ½ delta): Huber 1964. */
export function huber(
  predictions: tf.Tensor,
  targets: tf.Tensor,
  { delta = 1 }: { readonly delta?: number } = {},
): tf.Scalar {
  same("huber", predictions, targets);
  return tf.tidy(() => {
    const distance = tf.abs(tf.sub(predictions, targets));
    // With q = min(d, delta): ½ q² + delta (d - q), one expression for both parts.
    const near = tf.minimum(distance, delta);
    return tf.mean(tf.add(tf.mul(tf.square(near), 0.5), tf.mul(tf.sub(distance, near), delta))) as tf.Scalar;
  });
}

/**
 * KL(target ‖ prediction), summed over the last axis and averaged over the rest.
 *
 * @param logPredictions log-probabilities [..., K]
 * @param targets probabilities [..., K]
 */
export function klDivergence(logPredictions: tf.Tensor, targets: tf.Tensor): tf.Scalar {
  same("klDivergence", logPredictions, targets);
  return tf.tidy(() => {
    // 0 · log 0 counts as 0.
    const entropy = tf.mul(targets, tf.log(tf.maximum(targets, 1e-38)));
    const rows = Math.max(1, targets.size / targets.shape.at(-1)!);
    return tf.div(tf.sum(tf.sub(entropy, tf.mul(targets, logPredictions))), rows) as tf.Scalar;
  });
}

function same(name: string, left: tf.Tensor, right: tf.Tensor): void {
  if (left.rank === right.rank && left.shape.every((size, axis) => size === right.shape[axis])) return;
  throw new Error(`${name}: expected two tensors of the same shape. Received [${left.shape}] and [${right.shape}].`);
}
