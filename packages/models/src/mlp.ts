import type { Random } from "@nacre/random";
import { tf } from "@nacre/tensor";
import { z } from "zod";
import { ActivationName } from "./activations.ts";
import type { ClassifierShape } from "./classifier-shape.ts";
import { Dense } from "./dense.ts";
import { Dropout } from "./dropout.ts";
import { Flatten } from "./flatten.ts";
import type { ForwardContext, Layer } from "./layer.ts";

/** Multi-layer perceptron (Rumelhart, Hinton, Williams 1986). Shapes: B batch, F features, K classes. */
export const MlpConfig = z.strictObject({
  family: z.literal("mlp"),
  hidden: z.array(z.int().positive()).default([128]).describe("width of each hidden layer, in units"),
  activation: ActivationName.default("relu").describe("activation of the hidden layers"),
  dropout: z.number().min(0).lt(1).default(0).describe("share of each hidden layer that is dropped in training"),
});
export type MlpConfig = z.infer<typeof MlpConfig>;

export class Mlp implements Layer<tf.Tensor, tf.Tensor2D> {
  readonly flatten = new Flatten();
  readonly hidden: readonly Dense[];
  readonly dropout: Dropout;
  readonly output: Dense;

  constructor(config: MlpConfig, { input, classes }: ClassifierShape, random: Random) {
    const features = input.reduce((product, size) => product * size, 1);
    const widths = [features, ...config.hidden];
    this.hidden = config.hidden.map((outputs, index) => {
      const options = { inputs: widths[index]!, outputs, activation: config.activation };
      return new Dense(options, random.fork("hidden", index));
    });
    this.dropout = new Dropout(config.dropout);
    this.output = new Dense({ inputs: widths.at(-1)!, outputs: classes }, random.fork("output"));
  }

  /** Features [B, F] or images [B, H, W, C], which are flattened → logits [B, K]. */
  forward(input: tf.Tensor, context: ForwardContext): tf.Tensor2D {
    return tf.tidy(() => {
      let x: tf.Tensor = this.flatten.forward(input); // [B, F]
      for (const layer of this.hidden) x = this.dropout.forward(layer.forward(x, context), context); // [B, width]
      return this.output.forward(x, context) as tf.Tensor2D; // [B, K]
    });
  }
}

/** A configuration with these hidden widths: `mlp(128)`, `mlp(256, 64)`. */
export function mlp(...hidden: number[]): MlpConfig {
  return MlpConfig.parse({ family: "mlp", hidden });
}
