import type { Random } from "@nacre/random";
import { linear, tf } from "@nacre/tensor";
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

/**
 * y = σ(W x + b) on the last axis: x […, I] → y […, O].
 *
 * weight [O, I] and bias [O] are as in PyTorch's `nn.Linear`, so a state dict goes in and out as it is.
 */
export class Dense implements Layer {
  readonly weight: tf.Variable;
  readonly bias: tf.Variable | undefined;
  readonly inputs: number;
  readonly outputs: number;
  readonly activation: ActivationName;

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

  forward(input: tf.Tensor, _context?: ForwardContext): tf.Tensor {
    checkLastAxis("Dense", input.shape, { size: this.inputs });
    const { weight, bias, activation: name } = this;
    const fused = name === "relu" || name === "linear";
    if (fused) return linear(input, weight as tf.Tensor2D, { bias, activation: name });
    return tf.tidy(() => activation(name)(linear(input, weight as tf.Tensor2D, { bias })));
  }
}
