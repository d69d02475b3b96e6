import { tf } from "@nacre/tensor";
import { checkSizes } from "./check.ts";
import type { Padding } from "./convolution.ts";
import type { ForwardContext, Layer } from "./layer.ts";

export interface PoolingOptions {
  /** Side of the window. Default: 2. */
  size?: number;
  /** Default: the size, so that windows do not overlap. */
  stride?: number;
  /** Default: "valid". */
  padding?: Padding;
}

/** The largest of every window: [B, H, W, C] → [B, H', W', C]. */
export class MaxPool2d implements Layer<tf.Tensor4D, tf.Tensor4D> {
  readonly size: number;
  readonly stride: number;
  readonly padding: Padding;

  constructor({ size = 2, stride = size, padding = "valid" }: PoolingOptions = {}) {
    checkSizes("MaxPool2d", { size, stride });
    this.size = size;
    this.stride = stride;
    this.padding = padding;
  }

  forward(input: tf.Tensor4D, _context?: ForwardContext): tf.Tensor4D {
    checkImages("MaxPool2d", input);
    return tf.maxPool(input, this.size, this.stride, this.padding);
  }
}

/** The mean of every window, padding not counted: [B, H, W, C] → [B, H', W', C]. */
export class AveragePool2d implements Layer<tf.Tensor4D, tf.Tensor4D> {
  readonly size: number;
  readonly stride: number;
  readonly padding: Padding;

  constructor({ size = 2, stride = size, padding = "valid" }: PoolingOptions = {}) {
    checkSizes("AveragePool2d", { size, stride });
    this.size = size;
    this.stride = stride;
    this.padding = padding;
  }

  forward(input: tf.Tensor4D, _context?: ForwardContext): tf.Tensor4D {
    checkImages("AveragePool2d", input);
    return tf.avgPool(input, this.size, this.stride, this.padding);
  }
}

/** The mean of every channel: [B, H, W, C] → [B, C]. Lin, Chen, Yan 2014, "Network in network", section 3.2. */
export class GlobalAveragePool2d implements Layer<tf.Tensor4D, tf.Tensor2D> {
  forward(input: tf.Tensor4D, _context?: ForwardContext): tf.Tensor2D {
    checkImages("GlobalAveragePool2d", input);
    return tf.mean(input, [1, 2]) as tf.Tensor2D;
  }
}

function checkImages(where: string, input: tf.Tensor): void {
  if (input.rank !== 4) {
    throw new Error(
      `${where}: expected an input of shape [batch, height, width, channels]. Received [${input.shape}].`,
    );
  }
}
