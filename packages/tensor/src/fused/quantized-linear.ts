import * as tf from "@tensorflow/tfjs-core";
import { dequantize, type QuantizedWeights, quantizedMatMul } from "./quantized.ts";
import { isRecording } from "./recording.ts";

/**
 * x Wᵀ + b on the last axis with quantised weights, which are constants: […, k] → […, n]. Where a gradient will be asked for, the
 * weights are made floats for the moment, so that value and gradient are exact in x; else `quantizedMatMul` rounds x, too.
 *
 * @param options.bias [n]
 */
export function quantizedLinear(
  x: tf.Tensor,
  weights: QuantizedWeights,
  { bias }: { readonly bias?: tf.Tensor | undefined } = {},
): tf.Tensor {
  const [n, k] = weights.shape;
  return tf.tidy(() => {
    const rows = tf.reshape(x, [-1, k]) as tf.Tensor2D; // [N, k]
    const product = isRecording() ? frozen(rows, weights) : quantizedMatMul(rows, weights);
    const sum = bias === undefined ? product : tf.add(product, bias);
    return tf.reshape(sum, [...x.shape.slice(0, -1), n]);
  });
}

/** Neither pass keeps the floats. */
function frozen(rows: tf.Tensor2D, weights: QuantizedWeights): tf.Tensor {
  const product = tf.customGrad((x) => ({
    value: tf.matMul(x as tf.Tensor2D, dequantize(weights), false, true),
    gradFunc: (dy: tf.Tensor) => tf.tidy(() => tf.matMul(dy as tf.Tensor2D, dequantize(weights))),
  }));
  return product(rows);
}
