import { tf } from "@nacre/tensor";

/**
 * x Wᵀ: x [N, I], weight [O, I] → [N, O].
 *
 * The same as `tf.matMul(x, weight, false, true)`, made for training on wasm: products there are some fifteen times faster
 * after an explicit transposition, in both directions; and the gradient of x, which the first layer of a model does not
 * need, is a node of its own on the tape and is computed only if something asks for it.
 */
export function linear(x: tf.Tensor2D, weight: tf.Tensor2D): tf.Tensor2D {
  const product = tf.customGrad((input, save) => {
    const [left, right] = [input as tf.Tensor2D, weight];
    (save as tf.GradSaveFunc)([right]);
    return {
      value: tf.matMul(left, tf.transpose(right)),
      gradFunc: (gradient, saved) => tf.matMul(gradient as tf.Tensor2D, (saved as tf.Tensor[])[0] as tf.Tensor2D),
    };
  })(x);
  return tf.customGrad((output, _weight, save) => {
    (save as tf.GradSaveFunc)([x]);
    return {
      value: tf.clone(output as tf.Tensor2D),
      gradFunc: (gradient, saved) => {
        const [input] = saved as [tf.Tensor2D];
        return [gradient, tf.matMul(tf.transpose(gradient), input as tf.Tensor)];
      },
    };
  })(product, weight) as tf.Tensor2D;
}
