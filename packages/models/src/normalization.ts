import { groupNorm, layerNorm, rmsNorm, type tf } from "@nacre/tensor";
import { checkLastAxis, checkSizes } from "./check.ts";
import type { ForwardContext, Layer } from "./layer.ts";
import { variable } from "./variable.ts";

/**
 * Each position's features to mean 0 and variance 1, then scaled and shifted: […, C] → […, C]. Ba, Kiros, Hinton 2016.
 * weight [C] and bias [C] are as in PyTorch's `nn.LayerNorm`.
 */
export class LayerNorm implements Layer {
  readonly weight: tf.Variable;
  readonly bias: tf.Variable;
  readonly features: number;
  readonly epsilon: number;

  constructor({ features, epsilon = 1e-5 }: { features: number; epsilon?: number }) {
    checkSizes("LayerNorm", { features });
    this.features = features;
    this.epsilon = epsilon;
    this.weight = variable(new Float32Array(features).fill(1), [features]);
    this.bias = variable(new Float32Array(features), [features]);
  }

  forward(input: tf.Tensor, _context?: ForwardContext): tf.Tensor {
    checkLastAxis("LayerNorm", input.shape, { size: this.features });
    return layerNorm(input, this.weight, this.bias, this.epsilon);
  }
}

/**
 * Each position's features divided by their root mean square, then scaled: […, C] → […, C]. Zhang, Sennrich 2019. weight [C]
 * is as in PyTorch's `nn.RMSNorm`, whose default ε is smaller.
 */
export class RmsNorm implements Layer {
  readonly weight: tf.Variable;
  readonly features: number;
  readonly epsilon: number;

  constructor({ features, epsilon = 1e-6 }: { features: number; epsilon?: number }) {
    checkSizes("RmsNorm", { features });
    this.features = features;
    this.epsilon = epsilon;
    this.weight = variable(new Float32Array(features).fill(1), [features]);
  }

  forward(input: tf.Tensor, _context?: ForwardContext): tf.Tensor {
    checkLastAxis("RmsNorm", input.shape, { size: this.features });
    return rmsNorm(input, this.weight, this.epsilon);
  }
}

export interface GroupNormOptions {
  channels: number;
  /** The channels are split into this many runs of neighbours, each with one mean and variance per example. */
  groups: number;
  /** Default: 1e-5. */
  epsilon?: number;
}

/** Normalisation over groups of channels of one example: [B, …, C] → [B, …, C]. Wu, He 2018. */
export class GroupNorm implements Layer {
  readonly weight: tf.Variable;
  readonly bias: tf.Variable;
  readonly channels: number;
  readonly groups: number;
  readonly epsilon: number;

  /** @throws RangeError unless the groups divide the channels. */
  constructor({ channels, groups, epsilon = 1e-5 }: GroupNormOptions) {
    checkSizes("GroupNorm", { channels, groups });
    if (channels % groups !== 0) {
      throw new RangeError(`GroupNorm: expected \`groups\` to divide ${channels} channels. Received ${groups}.`);
    }
    this.channels = channels;
    this.groups = groups;
    this.epsilon = epsilon;
    this.weight = variable(new Float32Array(channels).fill(1), [channels]);
    this.bias = variable(new Float32Array(channels), [channels]);
  }

  forward(input: tf.Tensor, _context?: ForwardContext): tf.Tensor {
    checkLastAxis("GroupNorm", input.shape, { size: this.channels });
    return groupNorm(input, this.weight, this.bias, this.groups, this.epsilon);
  }
}
