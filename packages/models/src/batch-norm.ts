import { batchNormTraining, tf } from "@nacre/tensor";
import { checkLastAxis, checkSizes } from "./check.ts";
import type { ForwardContext, Layer } from "./layer.ts";
import { variable } from "./variable.ts";

export interface BatchNormOptions {
  channels: number;
  /** Added to the variance. Default: 1e-5. */
  epsilon?: number;
  /** How far the running statistics move towards the batch's: running ← (1 − m) · running + m · batch. Default: 0.1. */
  momentum?: number;
}

/**
 * Batch normalisation over all axes but the last: […, C] → […, C]. Ioffe, Szegedy 2015, algorithms 1 and 2.
 *
 * Names aside, conventions are PyTorch's: momentum is the share of the new batch (Keras's is 1 minus it), the batch is
 * normalised by its biased variance, and the running variance gathers the unbiased one.
 */
export class BatchNorm implements Layer {
  readonly weight: tf.Variable;
  readonly bias: tf.Variable;
  readonly runningMean: tf.Variable;
  readonly runningVariance: tf.Variable;
  readonly channels: number;
  readonly epsilon: number;
  readonly momentum: number;

  constructor({ channels, epsilon = 1e-5, momentum = 0.1 }: BatchNormOptions) {
    checkSizes("BatchNorm", { channels });
    this.channels = channels;
    this.epsilon = epsilon;
    this.momentum = momentum;
    this.weight = variable(new Float32Array(channels).fill(1), [channels]);
    this.bias = variable(new Float32Array(channels), [channels]);
    this.runningMean = variable(new Float32Array(channels), [channels], false);
    this.runningVariance = variable(new Float32Array(channels).fill(1), [channels], false);
  }

  /** @throws Error in training when each channel has only one value: its variance is 0. */
  forward(input: tf.Tensor, context: ForwardContext): tf.Tensor {
    checkLastAxis("BatchNorm", input.shape, { size: this.channels });
    return tf.tidy(() => {
      const x = tf.reshape(input, [-1, this.channels]) as tf.Tensor2D; // [N, C]
      const y = context.training ? this.#train(x) : this.#infer(x);
      return tf.reshape(y, input.shape);
    });
  }

  #train(x: tf.Tensor2D): tf.Tensor {
    const [count] = x.shape;
    if (count < 2) {
      throw new Error(
        "BatchNorm: expected more than one value of each channel in training. Received one: use larger batches.",
      );
    }
    const observe = (mean: tf.Tensor, variance: tf.Tensor) => {
      this.#move(this.runningMean, mean);
      this.#move(this.runningVariance, tf.mul(variance, count / (count - 1)));
    };
    return batchNormTraining(x, this.weight, this.bias, this.epsilon, observe);
  }

  /** Two elementwise operations: a third of the time of wasm's own kernel. */
  #infer(x: tf.Tensor2D): tf.Tensor {
    const scale = tf.mul(this.weight, tf.rsqrt(tf.add(this.runningVariance, this.epsilon)));
    return tf.add(tf.mul(x, scale), tf.sub(this.bias, tf.mul(this.runningMean, scale)));
  }

  #move(running: tf.Variable, batch: tf.Tensor): void {
    const target = tf.reshape(batch, [this.channels]);
    running.assign(tf.add(tf.mul(running, 1 - this.momentum), tf.mul(target, this.momentum)));
  }
}
