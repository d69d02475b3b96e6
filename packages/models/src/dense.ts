import type { Random } from "@nacre/random";
import { tf } from "@nacre/tensor";
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

  forward(input: tf.Tensor, context: ForwardContext): tf.Tensor {
    checkLastAxis("Dense", input.shape, { size: this.inputs });
    return tf.tidy(() => {
      const x = tf.reshape(input, [-1, this.inputs]) as tf.Tensor2D; // [N, I]
      const y = context.training ? this.#train(x) : this.#infer(x); // [N, O]
      return tf.reshape(y, [...input.shape.slice(0, -1), this.outputs]);
    });
  }

  /** Not fused: the fused kernel's gradient computes the input's gradient even where nobody asks, as in a first layer. */
  #train(x: tf.Tensor2D): tf.Tensor {
    const product = tf.matMul(x, this.weight as tf.Tensor2D, false, true);
    return activation(this.activation)(this.bias ? tf.add(product, this.bias) : product);
  }

  /** One kernel for product, bias and relu. Transposed before, because with `transposeB` wasm reads the bias wrongly (4.22). */
  #infer(x: tf.Tensor2D): tf.Tensor {
    const fused = this.activation === "relu";
    const y = tf.fused.matMul({
      a: x,
      b: tf.transpose(this.weight),
      activation: fused ? "relu" : "linear",
      ...(this.bias ? { bias: this.bias } : {}),
    });
    return fused ? y : activation(this.activation)(y);
  }
}
