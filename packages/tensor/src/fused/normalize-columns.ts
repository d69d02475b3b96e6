import * as tf from "@tensorflow/tfjs-core";

export interface ColumnNormalization {
  /** γ [C]. */
  weight: tf.Tensor;
  /** β [C]. */
  bias: tf.Tensor;
  /** Added to the variance. */
  epsilon: number;
  /** Sees the mean [1, C] and the biased variance [1, C]. It must copy what it keeps. */
  observe?: (mean: tf.Tensor, variance: tf.Tensor) => void;
}

/**
 * y = γ (x − μ) / √(σ² + ε) + β, with μ and σ² of each column: x [N, C] → [N, C].
 *
 * One node on the tape, with the gradient of Ioffe, Szegedy 2015, section 3, put together. With x̂ = (x − μ) / √(σ² + ε):
 * dβ = Σ dy, dγ = Σ dy x̂, dx = γ / √(σ² + ε) · (dy − dβ / N − x̂ dγ / N).
 */
export function normalizeColumns(x: tf.Tensor2D, { weight, bias, epsilon, observe }: ColumnNormalization): tf.Tensor2D {
  const count = x.shape[0];
  const normalized = tf.customGrad((...inputs) => {
    const [input, scale, shift, save] = inputs as unknown as [tf.Tensor2D, tf.Tensor1D, tf.Tensor1D, tf.GradSaveFunc];
    const mean = columnMeans(input); // [1, C]
    const centered = tf.sub(input, mean) as tf.Tensor2D;
    const variance = columnMeans(tf.square(centered));
    observe?.(mean, variance);
    const inverse = tf.rsqrt(tf.add(variance, epsilon));
    save([centered, inverse, scale]);
    const gradFunc = (gradient: tf.Tensor, saved: tf.Tensor[] | tf.NamedTensorMap): tf.Tensor[] => {
      const [residual, factor, gain] = saved as [tf.Tensor2D, tf.Tensor2D, tf.Tensor1D];
      const dy = gradient as tf.Tensor2D;
      const meanDy = columnMeans(dy); // [1, C]
      const meanProduct = tf.mul(columnMeans(tf.mul(dy, residual)), factor); // of dy and x̂
      const along = tf.mul(residual, tf.mul(meanProduct, factor));
      const dx = tf.mul(tf.sub(tf.sub(dy, meanDy), along), tf.mul(factor, gain));
      const sum = (mean: tf.Tensor) => tf.reshape(tf.mul(mean, count), gain.shape);
      return [dx, sum(meanProduct), sum(meanDy)];
    };
    return { value: tf.add(tf.mul(centered, tf.mul(inverse, scale)), shift), gradFunc };
  });
  return normalized(x, weight, bias) as tf.Tensor2D;
}

/**
 * Means of columns: [N, C] → [1, C]. As average pooling, eight times as fast on wasm as `tf.mean`; in two steps of about √N
 * terms, so that rounding errors stay small.
 */
function columnMeans(x: tf.Tensor2D): tf.Tensor2D {
  const [count, columns] = x.shape;
  const outer = divisorNear(Math.sqrt(count), count);
  const inner = count / outer;
  const partial = tf.avgPool(tf.reshape(x, [outer, inner, 1, columns]) as tf.Tensor4D, [inner, 1], 1, "valid");
  const mean = tf.avgPool(tf.reshape(partial, [1, outer, 1, columns]) as tf.Tensor4D, [outer, 1], 1, "valid");
  return tf.reshape(mean, [1, columns]);
}

/** The largest divisor of `count` that is at most `limit`. */
function divisorNear(limit: number, count: number): number {
  let divisor = Math.max(1, Math.floor(limit));
  while (count % divisor !== 0) divisor--;
  return divisor;
}
