import { dropout, tf } from "@nacre/tensor";
import type { ForwardContext, Layer } from "./layer.ts";

/**
 * In training every value becomes 0 with probability `rate` and is otherwise divided by 1 − rate, so that the mean stays; in
 * use it passes. Any shape → the same. Srivastava et al. 2014.
 */
export class Dropout implements Layer {
  readonly rate: number;

  /** @throws RangeError unless `rate` is in [0, 1). */
  constructor(rate: number) {
    if (!(rate >= 0 && rate < 1)) throw new RangeError(`Dropout: expected a rate in [0, 1). Received ${rate}.`);
    this.rate = rate;
  }

  /** @throws Error in training without `context.random`. */
  forward(input: tf.Tensor, context: ForwardContext): tf.Tensor {
    if (!context.training || this.rate === 0) return tf.clone(input);
    if (!context.random) {
      throw new Error("Dropout: expected `context.random` in training, to draw what to drop. Received none.");
    }
    const stream = context.random.fork("dropout", context.random.uint32());
    return dropout(input, { rate: this.rate, random: stream });
  }
}
