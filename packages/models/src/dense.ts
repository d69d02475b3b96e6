import type { Random } from "@nacre/random";
import { dequantize, fusedActivations, linear, type QuantizedWeights, quantizedLinear, tf } from "@nacre/tensor";
import { type ActivationName, activation, initializerFor } from "./activations.ts";
import { checkLastAxis, checkSizes } from "./check.ts";
import { denseFans, type Initializer } from "./initializers.ts";
import type { ForwardContext, Layer } from "./layer.ts";
import { variable } from "./variable.ts";

export interface DenseOptions {
  inputs: number;
  outputs: number;
  /** Default: linear. */
  activation?: ActivationName;
  /** Whether there is a bias, 0 at first. Default: true. */
  bias?: boolean;
  /** Default: He normal before rectifiers, else Glorot uniform. */
  initializer?: Initializer;
}

/** Changes what a dense layer computes, as low-rank adapters do. */
export interface DenseAdapter {
  /** x […, I] → what takes the place of W x + b, […, O]. */
  apply(input: tf.Tensor, layer: Dense, context: ForwardContext | undefined): tf.Tensor;
}

/**
 * y = σ(W x + b) on the last axis: x […, I] → y […, O].
 *
 * weight [O, I] and bias [O] are as in PyTorch's `nn.Linear`, so a state dict goes in and out as it is.
 */
export class Dense implements Layer {
  /** Gone while the layer is quantised. */
  weight: tf.Variable;
  readonly bias: tf.Variable | undefined;
  readonly inputs: number;
  readonly outputs: number;
  readonly activation: ActivationName;
  /** Put here by `attachAdapters`. */
  adapter: DenseAdapter | undefined;
  /** The weight in 8 or 4 bits, put here by `quantizeBase`: it gets no gradient. */
  quantized: QuantizedWeights | undefined;

  constructor(options: DenseOptions, random: Random) {
    const { inputs, outputs, bias = true } = options;
    checkSizes("Dense", { inputs, outputs });
    this.inputs = inputs;
    this.outputs = outputs;
    this.activation = options.activation ?? "linear";
    const initialize = options.initializer ?? initializerFor(this.activation);
    const shape = [outputs, inputs];
    this.weight = variable(initialize(random.fork("weight"), shape, denseFans(inputs, outputs)), shape);
    this.bias = bias ? variable(new Float32Array(outputs), [outputs]) : undefined;
  }

  forward(input: tf.Tensor, context?: ForwardContext): tf.Tensor {
    checkLastAxis("Dense", input.shape, { size: this.inputs });
    const { weight, bias, adapter, activation: name } = this;
    if (adapter !== undefined || this.quantized !== undefined) {
      return tf.tidy(() => activation(name)(adapter?.apply(input, this, context) ?? this.product(input)));
    }
    const fused = fusedActivations.find((known) => known === name);
    if (fused !== undefined) return linear(input, weight as tf.Tensor2D, { bias, activation: fused });
    return tf.tidy(() => activation(name)(linear(input, weight as tf.Tensor2D, { bias })));
  }

  /** W x + b, or W x: without adapter and activation. */
  product(input: tf.Tensor, { biased = true }: { biased?: boolean } = {}): tf.Tensor {
    const bias = biased ? this.bias : undefined;
    if (this.quantized !== undefined) return quantizedLinear(input, this.quantized, { bias });
    return linear(input, this.weight as tf.Tensor2D, { bias });
  }

  /** W [O, I] as floats: the variable itself, or what the quantised weight stands for, a new tensor. */
  matrix(): tf.Tensor2D {
    return this.quantized === undefined ? (this.weight as tf.Tensor2D) : dequantize(this.quantized);
  }
}
