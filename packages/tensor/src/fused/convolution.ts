import * as tf from "@tensorflow/tfjs-core";
import { fits, gradient, run } from "./kernel.ts";
import { isRecording } from "./recording.ts";

export interface ConvolutionOptions {
  /** Default: 1. */
  readonly stride?: number;
  /** Default: "valid". */
  readonly padding?: "valid" | "same" | number;
  readonly bias?: tf.Tensor | undefined;
  /** Default: linear. */
  readonly activation?: "linear" | "relu";
}

/**
 * σ(x ∗ filter + b): [B, H, W, I] → [B, H', W', O], cross-correlation as everywhere in the field.
 *
 * @param filter [K, L, I, O]
 * @param options.bias [O]
 */
export function convolution(x: tf.Tensor4D, filter: tf.Tensor4D, options: ConvolutionOptions = {}): tf.Tensor4D {
  const { stride: strides = 1, padding: pad = "valid", bias, activation = "linear" } = options;
  if (bias !== undefined && fits("BiasedConv2D", x, filter, bias)) {
    const attributes = { strides, pad, dataFormat: "NHWC", dilations: 1, activation };
    return run("BiasedConv2D", { x, filter, bias }, attributes)[0] as tf.Tensor4D;
  }
  return tf.tidy(() => {
    if (!isRecording()) return tf.fused.conv2d({ x, filter, strides, pad, activation, ...(bias && { bias }) });
    // Not fused: the gradient of tf.fused computes that of x even where nobody asks, as in a first layer.
    const product = tf.conv2d(x, filter, strides, pad);
    const sum = bias === undefined ? product : tf.add(product, bias);
    return (activation === "relu" ? tf.relu(sum) : sum) as tf.Tensor4D;
  });
}

gradient("BiasedConv2D", {
  inputs: ["x", "filter"],
  outputs: [true],
  compute: (dy, { x, filter, output0: y }, { activation, ...attributes }) => {
    const upstream = activation === "relu" ? run("ReluGrad", { dy, y })[0]! : dy;
    return {
      x: () => run("Conv2DBackpropInput", { dy: upstream, filter }, { ...attributes, inputShape: x!.shape })[0]!,
      filter: () => run("Conv2DBackpropFilter", { x, dy: upstream }, { ...attributes, filterShape: filter!.shape })[0]!,
      bias: () => tf.sum(upstream, [0, 1, 2]),
    };
  },
});
