import * as tf from "@tensorflow/tfjs-core";
import { fits, gradient, run, together } from "./kernel.ts";
import { normalizeColumns } from "./normalize-columns.ts";
import { standardize } from "./standardize.ts";

/**
 * Each row to mean 0 and variance 1, then scaled and shifted: […, C] → […, C]. Ba, Kiros and Hinton 2016.
 *
 * @param gain [C]
 * @param bias [C]
 * @param epsilon added to the variance
 */
export function layerNorm(x: tf.Tensor, gain: tf.Tensor, bias: tf.Tensor, epsilon = 1e-5): tf.Tensor {
  if (fits("LayerNorm", x, gain, bias)) return run("LayerNorm", { x, gain, bias }, { epsilon })[0]!;
  return tf.tidy(() => tf.add(tf.mul(standardize(x, { axes: [x.rank - 1], epsilon }), gain), bias));
}

gradient("LayerNorm", {
  inputs: ["x", "gain"],
  outputs: [false, true, true],
  compute: (dy, { x, gain, output1: means, output2: scales }) =>
    together(["x", "gain", "bias"], run("LayerNormGrad", { dy, x, gain, means, scales })),
});

/**
 * Each row divided by its root mean square, then scaled: […, C] → […, C]. Zhang and Sennrich 2019.
 *
 * @param gain [C]
 * @param epsilon added to the mean square
 */
export function rmsNorm(x: tf.Tensor, gain: tf.Tensor, epsilon = 1e-6): tf.Tensor {
  if (fits("RmsNorm", x, gain)) return run("RmsNorm", { x, gain }, { epsilon })[0]!;
  return tf.tidy(() => {
    const power = tf.mean(tf.square(x), -1, true);
    return tf.mul(tf.mul(x, tf.rsqrt(tf.add(power, epsilon))), gain);
  });
}

gradient("RmsNorm", {
  inputs: ["x", "gain"],
  outputs: [false, true, true],
  compute: (dy, { x, gain, output1: means, output2: scales }) =>
    together(["x", "gain"], run("RmsNormGrad", { dy, x, gain, means, scales })),
});

/**
 * Each column normalised by its own mean and biased variance, then scaled and shifted: [N, C] → [N, C]; what batch
 * normalisation is in training. Ioffe and Szegedy 2015, algorithm 1.
 *
 * @param gain [C]
 * @param bias [C]
 * @param observe sees the mean and the biased variance, C values each; it must copy what it keeps
 */
export function batchNormTraining(
  x: tf.Tensor2D,
  gain: tf.Tensor,
  bias: tf.Tensor,
  epsilon: number,
  observe?: (mean: tf.Tensor, variance: tf.Tensor) => void,
): tf.Tensor2D {
  if (!fits("BatchNormTraining", x, gain, bias)) {
    return normalizeColumns(x, { weight: gain, bias, epsilon, ...(observe && { observe }) });
  }
  const [y, mean, variance] = run("BatchNormTraining", { x, gain, bias }, { epsilon });
  observe?.(mean!, variance!);
  return y as tf.Tensor2D;
}

gradient("BatchNormTraining", {
  inputs: ["x", "gain"],
  outputs: [false, true, true],
  compute: (dy, { x, gain, output1: mean, output2: variance }, { epsilon }) =>
    together(["x", "gain", "bias"], run("BatchNormTrainingGrad", { dy, x, gain, mean, variance }, { epsilon })),
});

/**
 * Normalisation over groups of channels of one example: [B, …, C] → [B, …, C]. Wu and He 2018.
 *
 * @param gain [C]
 * @param bias [C]
 * @param groups runs of neighbouring channels, which they divide
 */
export function groupNorm(x: tf.Tensor, gain: tf.Tensor, bias: tf.Tensor, groups: number, epsilon = 1e-5): tf.Tensor {
  if (fits("GroupNorm", x, gain, bias)) return run("GroupNorm", { x, gain, bias }, { groups, epsilon })[0]!;
  return tf.tidy(() => {
    const channels = x.shape.at(-1)!;
    const grouped = tf.reshape(x, [x.shape[0]!, -1, groups, channels / groups]); // [B, S, G, C/G]
    const normalized = tf.reshape(standardize(grouped, { axes: [1, 3], epsilon }), x.shape);
    return tf.add(tf.mul(normalized, gain), bias);
  });
}

gradient("GroupNorm", {
  inputs: ["x", "gain"],
  outputs: [false, true, true],
  compute: (dy, { x, gain, output1: means, output2: scales }, { groups }) =>
    together(["x", "gain", "bias"], run("GroupNormGrad", { dy, x, gain, means, scales }, { groups })),
});
