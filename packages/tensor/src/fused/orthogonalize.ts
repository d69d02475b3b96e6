import * as tf from "@tensorflow/tfjs-core";
import { fits, run } from "./kernel.ts";

/**
 * U S' Vᵀ of a matrix U S Vᵀ with S' between about 0.7 and 1.2, by the quintic iteration of Jordan et al. 2024, "Muon: an
 * optimizer for hidden layers in neural networks": X ← a X + (b A + c A²) X with A = X Xᵀ, from X / max(‖X‖, 1e-7) on.
 * [R, C] → [R, C]. It has no gradient.
 *
 * @param iterations at least 0; five are usual
 * @throws RangeError for other iterations, Error for another rank
 */
export function orthogonalize(matrix: tf.Tensor2D, iterations = 5): tf.Tensor2D {
  if (!Number.isInteger(iterations) || iterations < 0) {
    throw new RangeError(`orthogonalize: expected 0 or more iterations. Received ${iterations}.`);
  }
  if (matrix.rank !== 2) throw new Error(`orthogonalize: expected a matrix [R, C]. Received [${matrix.shape}].`);
  if (fits("Orthogonalize", matrix)) return run("Orthogonalize", { x: matrix }, { iterations })[0] as tf.Tensor2D;
  const [a, b, c] = [3.4445, -4.775, 2.0315];
  return tf.tidy(() => {
    const [rows, columns] = matrix.shape;
    const tall = rows > columns;
    const wide = tall ? tf.transpose(matrix) : matrix;
    let x = tf.div(wide, tf.maximum(tf.norm(wide), 1e-7)) as tf.Tensor2D;
    for (let iteration = 0; iteration < iterations; iteration++) {
      x = tf.tidy(() => {
        const gram = tf.matMul(x, x, false, true);
        const polynomial = tf.add(tf.mul(gram, b), tf.mul(tf.matMul(gram, gram), c)) as tf.Tensor2D;
        return tf.add(tf.mul(x, a), tf.matMul(polynomial, x));
      });
    }
    return tall ? tf.transpose(x) : x;
  });
}
