import type { Random } from "@nacre/random";
import { tf } from "@nacre/tensor";
import { type ActivationName, activation, initializerFor } from "./activations.ts";
import { checkLastAxis, checkSizes } from "./check.ts";
import { convolutionFans, type Initializer } from "./initializers.ts";
import type { ForwardContext, Layer } from "./layer.ts";
import { variable } from "./variable.ts";

/** "valid": none; "same": the output has ⌈input / stride⌉ positions, as in TensorFlow; a number: zeros at every edge, as in PyTorch. */
export type Padding = "valid" | "same" | number;

export interface ConvolutionOptions {
  /** Channels in. */
  inputs: number;
  /** Channels out. */
  outputs: number;
  /** Side of the kernel. */
  kernel: number;
  /** Default: 1. */
  stride?: number;
  /** Default: "valid". */
  padding?: Padding;
  /** Default: linear. */
  activation?: ActivationName;
  /** Default: true. */
  bias?: boolean;
  /** Default: He normal before rectifiers, else Glorot uniform. */
  initializer?: Initializer;
}

/**
 * 2-D convolution (cross-correlation): x [B, H, W, I] → y [B, H', W', O].
 *
 * weight [K, K, I, O] is TensorFlow's order, in memory and on disk, because the kernels want it; PyTorch's `nn.Conv2d` has
 * [O, I, K, K]: `weight.permute(2, 3, 1, 0)` there gives this one.
 */
export class Conv2d implements Layer<tf.Tensor4D, tf.Tensor4D> {
  readonly weight: tf.Variable;
  readonly bias: tf.Variable | undefined;
  readonly options: Readonly<ConvolutionOptions>;

  constructor(options: ConvolutionOptions, random: Random) {
    const { inputs, outputs, kernel, stride = 1, bias = true } = options;
    checkSizes("Conv2d", { inputs, outputs, kernel, stride });
    this.options = options;
    const initialize = options.initializer ?? initializerFor(options.activation ?? "linear");
    const shape = [kernel, kernel, inputs, outputs];
    this.weight = variable(
      initialize(random.fork("weight"), shape, convolutionFans([kernel, kernel], inputs, outputs)),
      shape,
    );
    this.bias = bias ? variable(new Float32Array(outputs), [outputs]) : undefined;
  }

  forward(input: tf.Tensor4D, context: ForwardContext): tf.Tensor4D {
    const { inputs, stride = 1, padding = "valid", activation: name = "linear" } = this.options;
    checkLastAxis("Conv2d", input.shape, { size: inputs, rank: 4 });
    const weight = this.weight as tf.Tensor4D;
    return tf.tidy(() => {
      // The fused kernel's gradient computes the input's gradient even where nobody asks, as in a first layer.
      if (context.training) {
        const product = tf.conv2d(input, weight, stride, padding);
        return activation(name)(this.bias ? tf.add(product, this.bias) : product) as tf.Tensor4D;
      }
      const fused = name === "relu";
      const y = tf.fused.conv2d({
        x: input,
        filter: weight,
        strides: stride,
        pad: padding,
        activation: fused ? "relu" : "linear",
        ...(this.bias ? { bias: this.bias } : {}),
      });
      return (fused ? y : activation(name)(y)) as tf.Tensor4D;
    });
  }
}
