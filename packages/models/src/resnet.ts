import type { Random } from "@nacre/random";
import { tf } from "@nacre/tensor";
import { z } from "zod";
import { BatchNorm } from "./batch-norm.ts";
import { type ClassifierShape, checkImageShape } from "./classifier-shape.ts";
import { Conv2d } from "./convolution.ts";
import { Dense } from "./dense.ts";
import { heNormal } from "./initializers.ts";
import type { ForwardContext, Layer } from "./layer.ts";
import { GlobalAveragePool2d } from "./pooling.ts";

/**
 * The residual network for small images of He, Zhang, Ren, Sun 2016, "Deep residual learning for image recognition",
 * section 4.2: 6n + 2 layers. Shapes: B batch, H × W pixels, C channels, K classes.
 */
export const ResNetConfig = z.strictObject({
  family: z.literal("resnet"),
  blocks: z
    .int()
    .positive()
    .default(1)
    .describe("residual blocks of each stage, n; the depth is 6n + 2 with three stages"),
  widths: z
    .array(z.int().positive())
    .min(1)
    .default([16, 32, 64])
    .describe("channels of each stage; each but the first halves the side"),
});
export type ResNetConfig = z.infer<typeof ResNetConfig>;

/** 3 × 3 convolution without bias, then batch normalisation: [B, H, W, C] → [B, H', W', C']. */
class NormalizedConv implements Layer<tf.Tensor4D, tf.Tensor4D> {
  readonly convolution: Conv2d;
  readonly normalization: BatchNorm;

  constructor(sizes: { inputs: number; outputs: number; stride: number }, random: Random) {
    this.convolution = new Conv2d({ ...sizes, kernel: 3, padding: 1, bias: false, initializer: heNormal }, random);
    this.normalization = new BatchNorm({ channels: sizes.outputs });
  }

  forward(x: tf.Tensor4D, context: ForwardContext): tf.Tensor4D {
    return tf.tidy(() => this.normalization.forward(this.convolution.forward(x, context), context) as tf.Tensor4D);
  }
}

/** y = relu(x + F(x)), F two convolutions: [B, H, W, C] → [B, H/stride, W/stride, C']. */
class ResidualBlock implements Layer<tf.Tensor4D, tf.Tensor4D> {
  readonly first: NormalizedConv;
  readonly second: NormalizedConv;
  readonly stride: number;
  readonly growth: number;

  constructor(sizes: { inputs: number; outputs: number; stride: number }, random: Random) {
    const { inputs, outputs, stride } = sizes;
    this.first = new NormalizedConv(sizes, random.fork("first"));
    this.second = new NormalizedConv({ inputs: outputs, outputs, stride: 1 }, random.fork("second"));
    this.stride = stride;
    this.growth = outputs - inputs;
  }

  forward(x: tf.Tensor4D, context: ForwardContext): tf.Tensor4D {
    return tf.tidy(() => {
      const residual = this.second.forward(tf.relu(this.first.forward(x, context)), context);
      return tf.relu(tf.add(this.#shortcut(x), residual)) as tf.Tensor4D;
    });
  }

  /** Option A of the paper, without parameters: every second pixel, and zeros for the new channels. */
  #shortcut(x: tf.Tensor4D): tf.Tensor4D {
    const pixels = this.stride === 1 ? x : tf.maxPool(x, 1, this.stride, "valid");
    return this.growth === 0
      ? pixels
      : tf.pad4d(pixels, [
          [0, 0],
          [0, 0],
          [0, 0],
          [0, this.growth],
        ]);
  }
}

export class ResNet implements Layer<tf.Tensor, tf.Tensor2D> {
  readonly stem: NormalizedConv;
  readonly stages: readonly (readonly ResidualBlock[])[];
  readonly pooling = new GlobalAveragePool2d();
  readonly output: Dense;

  constructor({ blocks, widths }: ResNetConfig, { input, classes }: ClassifierShape, random: Random) {
    const [, , channels] = checkImageShape("ResNet", input, 1);
    widths.forEach((width, stage) => {
      if (width >= (widths[stage - 1] ?? 0)) return;
      throw new Error(
        `ResNet: expected \`widths\` that do not shrink: shortcuts have no weights. Received [${widths}].`,
      );
    });
    this.stem = new NormalizedConv({ inputs: channels, outputs: widths[0]!, stride: 1 }, random.fork("stem"));
    this.stages = widths.map((outputs, stage) =>
      Array.from({ length: blocks }, (_, index) => {
        const opens = index === 0 && stage > 0;
        const sizes = { inputs: opens ? widths[stage - 1]! : outputs, outputs, stride: opens ? 2 : 1 };
        return new ResidualBlock(sizes, random.fork("stages", stage, index));
      }),
    );
    this.output = new Dense({ inputs: widths.at(-1)!, outputs: classes }, random.fork("output"));
  }

  /** Images [B, H, W, C] → logits [B, K]. */
  forward(input: tf.Tensor, context: ForwardContext): tf.Tensor2D {
    return tf.tidy(() => {
      let x = tf.relu(this.stem.forward(input as tf.Tensor4D, context)); // [B, H, W, widths[0]]
      for (const block of this.stages.flat()) x = block.forward(x, context); // [B, H/4, W/4, widths[2]] at the end
      return this.output.forward(this.pooling.forward(x), context) as tf.Tensor2D; // [B, K]
    });
  }
}

/** 8 layers, 75,290 parameters on colour images of 10 classes. */
export function resnet8(): ResNetConfig {
  return ResNetConfig.parse({ family: "resnet", blocks: 1 });
}

/** 20 layers, the smallest of the paper's table 6: 269,722 parameters on colour images of 10 classes. */
export function resnet20(): ResNetConfig {
  return ResNetConfig.parse({ family: "resnet", blocks: 3 });
}
