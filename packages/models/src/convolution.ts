import type { Random } from "@nacre/random";
import { convolution, tf } from "@nacre/tensor";
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
    const shape = [kernel, kernel, inputs, outputs];
    const fans = convolutionFans([kernel, kernel], inputs, outputs);
    this.weight = variable(initializerOf(options)(random.fork("weight"), shape, fans), shape);
    this.bias = bias ? variable(new Float32Array(outputs), [outputs]) : undefined;
  }

  forward(input: tf.Tensor4D, _context?: ForwardContext): tf.Tensor4D {
    const { inputs, stride = 1, padding = "valid", activation: name = "linear" } = this.options;
    checkLastAxis("Conv2d", input.shape, { size: inputs, rank: 4 });
    const options = { stride, padding, bias: this.bias };
    const filter = this.weight as tf.Tensor4D;
    if (name === "linear" || name === "relu") return convolution(input, filter, { ...options, activation: name });
    return tf.tidy(() => activation(name)(convolution(input, filter, options)) as tf.Tensor4D);
  }
}

/**
 * 1-D convolution (cross-correlation): x [B, T, I] → y [B, T', O].
 *
 * weight [K, I, O]; PyTorch's `nn.Conv1d` has [O, I, K]: `weight.permute(2, 1, 0)` there gives this one.
 */
export class Conv1d implements Layer<tf.Tensor3D, tf.Tensor3D> {
  readonly weight: tf.Variable;
  readonly bias: tf.Variable | undefined;
  readonly options: Readonly<ConvolutionOptions>;

  constructor(options: ConvolutionOptions, random: Random) {
    const { inputs, outputs, kernel, stride = 1, bias = true } = options;
    checkSizes("Conv1d", { inputs, outputs, kernel, stride });
    this.options = options;
    const shape = [kernel, inputs, outputs];
    const fans = convolutionFans([kernel], inputs, outputs);
    this.weight = variable(initializerOf(options)(random.fork("weight"), shape, fans), shape);
    this.bias = bias ? variable(new Float32Array(outputs), [outputs]) : undefined;
  }

  forward(input: tf.Tensor3D, _context?: ForwardContext): tf.Tensor3D {
    const { inputs, outputs, stride = 1, padding = "valid", activation: name = "linear" } = this.options;
    checkLastAxis("Conv1d", input.shape, { size: inputs, rank: 3 });
    return tf.tidy(() => {
      const images = tf.expandDims(input, 1) as tf.Tensor4D; // [B, 1, T, I]
      const weight = tf.expandDims(this.weight, 0) as tf.Tensor4D; // [1, K, I, O]
      const product = tf.conv2d(images, weight, [1, stride], alongWidth(padding)); // [B, 1, T', O]
      const y = tf.reshape(product, [product.shape[0], product.shape[2], outputs]) as tf.Tensor3D;
      return activation(name)(this.bias ? tf.add(y, this.bias) : y) as tf.Tensor3D;
    });
  }
}

export interface DepthwiseConvolutionOptions extends Omit<ConvolutionOptions, "inputs" | "outputs"> {
  channels: number;
  /** Outputs of each channel. Default: 1. */
  multiplier?: number;
}

/**
 * Every channel convolved on its own: x [B, H, W, C] → y [B, H', W', C·M]. Howard et al. 2017, "MobileNets", section 3.1.
 *
 * weight [K, K, C, M]; PyTorch's `nn.Conv2d` with `groups=C` has [C·M, 1, K, K].
 */
export class DepthwiseConv2d implements Layer<tf.Tensor4D, tf.Tensor4D> {
  readonly weight: tf.Variable;
  readonly bias: tf.Variable | undefined;
  readonly options: Readonly<DepthwiseConvolutionOptions>;

  constructor(options: DepthwiseConvolutionOptions, random: Random) {
    const { channels, multiplier = 1, kernel, stride = 1, bias = true } = options;
    checkSizes("DepthwiseConv2d", { channels, multiplier, kernel, stride });
    this.options = options;
    const shape = [kernel, kernel, channels, multiplier];
    const fans = convolutionFans([kernel, kernel], 1, multiplier);
    this.weight = variable(initializerOf(options)(random.fork("weight"), shape, fans), shape);
    const outputs = channels * multiplier;
    this.bias = bias ? variable(new Float32Array(outputs), [outputs]) : undefined;
  }

  forward(input: tf.Tensor4D, _context?: ForwardContext): tf.Tensor4D {
    const { channels, stride = 1, padding = "valid", activation: name = "linear" } = this.options;
    checkLastAxis("DepthwiseConv2d", input.shape, { size: channels, rank: 4 });
    return tf.tidy(() => {
      const product = tf.depthwiseConv2d(input, this.weight as tf.Tensor4D, stride, padding);
      return activation(name)(this.bias ? tf.add(product, this.bias) : product) as tf.Tensor4D;
    });
  }
}

function initializerOf({ initializer, activation: name }: Pick<ConvolutionOptions, "initializer" | "activation">) {
  return initializer ?? initializerFor(name ?? "linear");
}

type ExplicitPadding = [[number, number], [number, number], [number, number], [number, number]];

function alongWidth(padding: Padding): "valid" | "same" | ExplicitPadding {
  if (typeof padding !== "number") return padding;
  return [
    [0, 0],
    [0, 0],
    [padding, padding],
    [0, 0],
  ];
}
