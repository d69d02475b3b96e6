import type { Random } from "@nacre/random";
import type { tf } from "@nacre/tensor";
import { z } from "zod";
import { checkSizes } from "./check.ts";
import type { ClassifierShape } from "./classifier-shape.ts";
import type { Layer } from "./layer.ts";
import { LeNet, LeNetConfig } from "./lenet.ts";
import { Mlp, MlpConfig } from "./mlp.ts";
import { ResNet, ResNetConfig } from "./resnet.ts";

/** Any classifier family's configuration, told apart by `family`. A new family is a file of its own and its lines here. */
export const ClassifierConfig = z.discriminatedUnion("family", [MlpConfig, LeNetConfig, ResNetConfig]);
export type ClassifierConfig = z.infer<typeof ClassifierConfig>;

/** Features [B, F] or images [B, H, W, C] → logits [B, K]. */
export type Classifier = Layer<tf.Tensor, tf.Tensor2D>;

/** The classifier of that configuration, with new weights drawn from `random`. */
export function buildClassifier(config: ClassifierConfig, shape: ClassifierShape, random: Random): Classifier {
  checkSizes("buildClassifier", { classes: shape.classes });
  switch (config.family) {
    case "mlp":
      return new Mlp(config, shape, random);
    case "lenet":
      return new LeNet(config, shape, random);
    case "resnet":
      return new ResNet(config, shape, random);
  }
}
