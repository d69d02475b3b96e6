import { ClassifierConfig } from "@nacre/models";
import { z } from "zod";
import { EvaluationConfig } from "../classifier-evaluation.ts";
import { recipeBase } from "../recipe.ts";
import { TrainingConfig } from "../training.ts";

/** Where pictures come from. */
const ImageSource = z.discriminatedUnion("from", [
  z.strictObject({
    from: z.literal("generator"),
    generator: z.literal("digits").describe("hand-written-like digits, drawn as they are asked for"),
    count: z.int().min(100).default(10_000).describe("pictures in all, before splitting"),
    test: z.number().gt(0).lt(1).default(0.2).describe("share held out for the final scores"),
  }),
  z.strictObject({
    from: z.literal("catalogue"),
    name: z.enum(["mnist"]).describe("a data set of `nacre data list`"),
  }),
  z.strictObject({
    from: z.literal("folder"),
    path: z.string().describe("one folder per class, with PNG or JPEG files; relative to the recipe"),
    height: z.int().positive().default(28).describe("pixels"),
    width: z.int().positive().default(28).describe("pixels"),
    channels: z
      .union([z.literal(1), z.literal(3)])
      .default(1)
      .describe("1 grey, 3 colour"),
    test: z.number().gt(0).lt(1).default(0.2).describe("share held out for the final scores"),
  }),
]);

const Augmentation = z.strictObject({
  shift: z.number().nonnegative().default(0).describe("pixels, either way"),
  rotate: z.number().nonnegative().default(0).describe("degrees, either way"),
  scale: z.number().min(0).lt(1).default(0).describe("0.1: from 90 % to 110 %"),
});

export const ImageClassificationRecipe = z.strictObject({
  ...recipeBase,
  task: z.literal("image-classification"),
  data: z.strictObject({
    source: ImageSource,
    validation: z.number().gt(0).lt(1).default(0.1).describe("share of the training part that scores every epoch"),
    augment: Augmentation.optional().describe("random changes to training pictures, new ones in every epoch"),
  }),
  model: ClassifierConfig,
  train: TrainingConfig,
  evaluate: EvaluationConfig.prefault({}),
});
export type ImageClassificationRecipe = z.infer<typeof ImageClassificationRecipe>;
