import * as tf from "@tensorflow/tfjs-core";
import { activate, type FusedActivation } from "./activations.ts";
import { fits, gradient, run } from "./kernel.ts";
import { isRecording } from "./recording.ts";

export interface LinearOptions {
  readonly bias?: tf.Tensor | undefined;
  /** Default: linear. */
  readonly activation?: FusedActivation;
}

/**
 * σ(x Wᵀ + b) on the last axis: […, I] → […, O].
 *
 * @param weight [O, I]
 * @param options.bias [O]
 */
export function linear(
  x: tf.Tensor,
  weight: tf.Tensor2D,
  { bias, activation = "linear" }: LinearOptions = {},
): tf.Tensor {
  const [outputs, inputs] = weight.shape;
  if (x.shape.at(-1) !== inputs) {
    throw new Error(
      `linear: expected a last axis of ${inputs} for the weight [${weight.shape}]. Received [${x.shape}].`,
    );
  }
  // The gradients of the others need what was there before them.
  if (activation !== "linear" && activation !== "relu" && isRecording()) {
    return tf.tidy(() => activate(linear(x, weight, { bias }), activation));
  }
  if (fits("Linear", x, weight, bias)) {
    return run(bias === undefined ? "Linear" : "BiasedLinear", { x, weight, bias }, { activation })[0]!;
  }
  return tf.tidy(() => {
    const rows = tf.reshape(x, [-1, inputs]) as tf.Tensor2D; // [N, I]
    return tf.reshape(isRecording() ? inSteps(rows) : atOnce(rows), [...x.shape.slice(0, -1), outputs]);
  });

  /** Not fused: the gradient of tf.fused computes that of x even where nobody asks, as in a first layer. */
  function inSteps(rows: tf.Tensor2D): tf.Tensor {
    const product = tf.matMul(rows, weight, false, true);
    const sum = bias === undefined ? product : tf.add(product, bias);
    return activate(sum, activation);
  }

  /** Transposed before, because with `transposeB` wasm reads the bias wrongly (4.22). */
  function atOnce(rows: tf.Tensor2D): tf.Tensor {
    const fused = activation === "relu" ? activation : "linear";
    const product = tf.fused.matMul({ a: rows, b: tf.transpose(weight), activation: fused, ...(bias && { bias }) });
    return fused === activation ? product : activate(product, activation);
  }
}

for (const [kernelName, biased] of [
  ["Linear", false],
  ["BiasedLinear", true],
] as const) {
  gradient(kernelName, {
    inputs: ["x", "weight"],
    outputs: [true],
    compute: (dy, { x, weight, output0: y }, { activation }) => {
      const [outputs, inputs] = weight!.shape as [number, number];
      // Before the activation, [N, O].
      const upstream = tf.reshape(activation === "relu" ? run("ReluGrad", { dy, y })[0]! : dy, [
        -1,
        outputs,
      ]) as tf.Tensor2D;
      return {
        x: () => tf.reshape(tf.matMul(upstream, weight as tf.Tensor2D), x!.shape),
        weight: () => tf.matMul(upstream, tf.reshape(x!, [-1, inputs]) as tf.Tensor2D, true, false),
        ...(biased && { bias: () => tf.sum(upstream, 0) }),
      };
    },
  });
}
