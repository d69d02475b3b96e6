import { tf } from "@nacre/tensor";
import type { ForwardContext, Layer } from "./layer.ts";

/** [B, …] → [B, product of the rest], row-major: images [B, H, W, C] flatten channel by channel within a pixel. */
export class Flatten implements Layer<tf.Tensor, tf.Tensor2D> {
  forward(input: tf.Tensor, _context?: ForwardContext): tf.Tensor2D {
    const [batch = 1, ...rest] = input.shape;
    return tf.reshape(input, [batch, rest.reduce((product, size) => product * size, 1)]);
  }
}
