import { inference, type SequenceClassifier } from "@nacre/models";
import { tf } from "@nacre/tensor";

export interface IntegratedGradientsOptions {
  /** Ids [T] of a text that says nothing: padding in place of words. */
  readonly baseline: Int32Array;
  /** The class that is explained. */
  readonly index: number;
  /** Points on the way from the baseline to the text. Default: 32. */
  readonly steps?: number;
}

/**
 * Integrated gradients (Sundararajan, Taly, Yan 2017, equation 1) over the vectors of a text's tokens: what each adds to the logit
 * of a class, above the mean of all classes' logits, on the straight way from a text that says nothing. They add up to the
 * difference that the text makes (their completeness), as nearly as the integral is computed: by the midpoint rule.
 *
 * @param ids [T], special tokens included, without padding
 * @returns a number for each token, [T]
 */
export async function integratedGradients(
  model: SequenceClassifier,
  ids: Int32Array,
  { baseline, index, steps = 32 }: IntegratedGradientsOptions,
): Promise<Float32Array> {
  const time = ids.length;
  const values = tf.tidy(() => {
    const table = model.encoder.tokens;
    const vectors = (own: Int32Array) => table.forward(tf.tensor2d(own, [1, time], "int32")) as tf.Tensor3D; // [1, T, C]
    const start = vectors(baseline);
    const way = tf.sub(vectors(ids), start);
    const rows = tf.tile(tf.tensor2d(ids, [1, time], "int32"), [chunk, 1]);
    const slope = tf.grad((embedded: tf.Tensor) => {
      const logits = model.forward(rows, { ...inference, embedded: embedded as tf.Tensor3D }); // [S, K]
      const own = tf.slice(logits, [0, index], [chunk, 1]);
      return tf.sum(tf.sub(own, tf.mean(logits, 1, true)));
    });
    const total = tf.variable(tf.zerosLike(way), false);
    for (let from = 0; from < steps; from += chunk) {
      tf.tidy(() => {
        // Points beyond the last, where steps is no multiple of the chunk, count 0.
        const places = Float32Array.from({ length: chunk }, (_, row) => Math.min(1, (from + row + 0.5) / steps));
        const counts = Float32Array.from({ length: chunk }, (_, row) => (from + row < steps ? 1 : 0));
        const points = tf.add(start, tf.mul(way, tf.tensor3d(places, [chunk, 1, 1]))); // [S, T, C]
        const slopes = tf.mul(slope(points), tf.tensor3d(counts, [chunk, 1, 1]));
        total.assign(tf.add(total, tf.sum(slopes, 0, true)));
      });
    }
    const sums = tf.div(tf.sum(tf.mul(total, way), 2), steps); // [1, T]
    total.dispose();
    return sums;
  });
  try {
    return ((await values.data()) as Float32Array).slice();
  } finally {
    values.dispose();
  }
}

/** Points computed at once. */
const chunk = 16;
