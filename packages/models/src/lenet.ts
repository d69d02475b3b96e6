import type { Random } from "@nacre/random";
import { tf } from "@nacre/tensor";
import { z } from "zod";
import { Activation, ActivationName, initializerFor } from "./activations.ts";
import { BatchNorm } from "./batch-norm.ts";
import { type ClassifierShape, checkImageShape } from "./classifier-shape.ts";
import { Conv2d } from "./convolution.ts";
import { Dense } from "./dense.ts";
import { Dropout } from "./dropout.ts";
import { Flatten } from "./flatten.ts";

import type { ForwardContext, Layer } from "./layer.ts";
import { AveragePool2d, MaxPool2d } from "./pooling.ts";

/**
 * LeNet (LeCun, Bottou, Bengio, Haffner 1998, section II.B) as it is built today: rectifiers, max pooling, every feature map
 * connected, a linear output. Shapes: B batch, H × W pixels, C channels, F features, K classes.
 */
export const LeNetConfig = z.strictObject({
  family: z.literal("lenet"),
  channels: z.array(z.int().positive()).min(1).default([6, 16]).describe("feature maps of each convolution"),
  kernel: z.int().positive().default(5).describe("side of the convolution kernels, in pixels"),
  pooling: z.enum(["max", "average"]).default("max").describe("how 2 × 2 pixels become one"),
  hidden: z.array(z.int().positive()).default([120, 84]).describe("width of each dense layer, in units"),
  activation: ActivationName.default("relu").describe("activation of all layers but the last"),
  normalization: z.enum(["none", "batch"]).default("none").describe("normalisation after each convolution"),
  dropout: z.number().min(0).lt(1).default(0).describe("share of each dense layer's input that is dropped in training"),
});
export type LeNetConfig = z.infer<typeof LeNetConfig>;

/** Convolution, normalisation, activation, pooling: [B, H, W, C] → [B, H'/2, W'/2, C']. */
class Stage implements Layer<tf.Tensor4D, tf.Tensor4D> {
  readonly convolution: Conv2d;
  readonly normalization: BatchNorm | undefined;
  readonly activation: Activation;
  readonly pooling: Layer<tf.Tensor4D, tf.Tensor4D>;

  constructor(
    config: LeNetConfig,
    sizes: { inputs: number; outputs: number; padding: "same" | "valid" },
    random: Random,
  ) {
    const { kernel, activation, normalization, pooling } = config;
    const batch = normalization === "batch";
    const initializer = initializerFor(activation);
    this.convolution = new Conv2d({ ...sizes, kernel, bias: !batch, initializer }, random);
    this.normalization = batch ? new BatchNorm({ channels: sizes.outputs }) : undefined;
    this.activation = new Activation(activation);
    this.pooling = pooling === "max" ? new MaxPool2d() : new AveragePool2d();
  }

  forward(input: tf.Tensor4D, context: ForwardContext): tf.Tensor4D {
    return tf.tidy(() => {
      const maps: tf.Tensor = this.convolution.forward(input, context);
      const normalized = this.normalization?.forward(maps, context) ?? maps;
      return this.pooling.forward(this.activation.forward(normalized) as tf.Tensor4D, context);
    });
  }
}

export class LeNet implements Layer<tf.Tensor, tf.Tensor2D> {
  readonly stages: readonly Stage[];
  readonly flatten = new Flatten();
  readonly dropout: Dropout;
  readonly hidden: readonly Dense[];
  readonly output: Dense;

  constructor(config: LeNetConfig, { input, classes }: ClassifierShape, random: Random) {
    let [height, width, maps] = checkImageShape("LeNet", input, 2);
    // The paper's 32 × 32 images are 28 × 28 digits with a margin of 2: "same" in the first layer, "valid" after it.
    this.stages = config.channels.map((outputs, index) => {
      const padding = index === 0 ? "same" : "valid";
      const stage = new Stage(config, { inputs: maps, outputs, padding }, random.fork("stages", index));
      const margin = padding === "same" ? 0 : config.kernel - 1;
      [height, width, maps] = [(height - margin) >> 1, (width - margin) >> 1, outputs];
      return stage;
    });
    if (height < 1 || width < 1) {
      throw new Error(
        `LeNet: expected images large enough for ${config.channels.length} convolutions of ${config.kernel} × ` +
          `${config.kernel}. Received [${input}]. Use fewer \`channels\` or a smaller \`kernel\`.`,
      );
    }
    const widths = [height * width * maps, ...config.hidden];
    this.hidden = config.hidden.map((outputs, index) => {
      const options = { inputs: widths[index]!, outputs, activation: config.activation };
      return new Dense(options, random.fork("hidden", index));
    });
    this.dropout = new Dropout(config.dropout);
    this.output = new Dense({ inputs: widths.at(-1)!, outputs: classes }, random.fork("output"));
  }

  /** Images [B, H, W, C] → logits [B, K]. */
  forward(input: tf.Tensor, context: ForwardContext): tf.Tensor2D {
    return tf.tidy(() => {
      let maps = input as tf.Tensor4D; // [B, H, W, C]
      for (const stage of this.stages) maps = stage.forward(maps, context);
      let x: tf.Tensor = this.flatten.forward(maps); // [B, F]
      for (const layer of this.hidden) x = layer.forward(this.dropout.forward(x, context), context);
      return this.output.forward(this.dropout.forward(x, context), context) as tf.Tensor2D; // [B, K]
    });
  }
}

/** The paper's sizes: 6 and 16 feature maps, 120 and 84 units; 61,706 parameters on 28 × 28 × 1 images of 10 classes. */
export function lenet5(): LeNetConfig {
  return LeNetConfig.parse({ family: "lenet" });
}

/** For MNIST at 99.2 % and more: 16 and 32 maps, batch normalisation, one dense layer, dropout. */
export function lenetNormalized(): LeNetConfig {
  return LeNetConfig.parse({
    family: "lenet",
    channels: [16, 32],
    kernel: 3,
    hidden: [128],
    normalization: "batch",
    dropout: 0.3,
  });
}
