import { type DropoutOptions, dropout, tf } from "@nacre/tensor";
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
    const options = this.draw(context);
    return options ? dropout(input, options) : tf.clone(input);
  }

  /**
   * What is dropped this time, for an operation that drops by itself; undefined where everything passes.
   *
   * @throws Error in training without `context.random`.
   */
  draw({ training, random }: ForwardContext): DropoutOptions | undefined {
    if (!training || this.rate === 0) return undefined;
    if (!random) {
      throw new Error("Dropout: expected `context.random` in training, to draw what to drop. Received none.");
    }
    return { rate: this.rate, random: random.fork("dropout", random.uint32()) };
  }
}
