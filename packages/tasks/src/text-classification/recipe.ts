import { z } from "zod";
import { EvaluationConfig } from "../classifier-evaluation.ts";
import { pretrainedFolder } from "../pretrained-folder.ts";
import { recipeBase } from "../recipe.ts";
import { TrainingConfig } from "../training.ts";
import { BagConfig } from "./bag.ts";
import { EncoderSizes, EncoderVotes } from "./encoder-family.ts";

const share = z.number().gt(0).lt(1);

/** Where texts come from. */
const TextSource = z.discriminatedUnion("from", [
  z.strictObject({
    from: z.literal("generator"),
    generator: z.literal("reviews").describe("sentences of a small grammar, negative or positive: made, not collected"),
    count: z.int().min(100).default(4000).describe("sentences in all, before splitting"),
    test: share.default(0.2).describe("share held out for the final scores"),
  }),
  z.strictObject({
    from: z.literal("catalogue"),
    name: z.enum(["sentiment-sentences", "banking77", "csl-category-zh"]).describe("a data set of `nacre data list`"),
  }),
  z.strictObject({
    from: z.literal("file"),
    path: z.string().describe(".csv, .tsv or .jsonl, gzipped or not; relative to the recipe"),
    text: z.string().default("text").describe("column of the texts"),
    label: z.string().default("label").describe("column of the classes"),
    test: share.default(0.2).describe("share held out for the final scores"),
  }),
]);

/** A pretrained encoder that is trained on. */
const PretrainedEncoderConfig = z.strictObject({
  family: z.literal("pretrained"),
  folder: pretrainedFolder("BERT or RoBERTa"),
  length: z.int().min(4).default(64).describe("longest text, in tokens; longer ones are cut"),
  dropout: z
    .number()
    .min(0)
    .lt(1)
    .default(0.1)
    .describe("share of each layer's output that is dropped in training; attention weights are kept"),
  votes: EncoderVotes,
});

export const TextClassificationRecipe = z.strictObject({
  ...recipeBase,
  task: z.literal("text-classification"),
  data: z.strictObject({
    source: TextSource,
    validation: share
      .optional()
      .describe(
        "share of all texts outside the test part that scores every epoch. Default: the data set's own validation part, or a tenth",
      ),
  }),
  model: z.discriminatedUnion("family", [BagConfig, EncoderSizes, PretrainedEncoderConfig]),
  train: TrainingConfig,
  evaluate: EvaluationConfig.extend({
    folds: z
      .int()
      .min(2)
      .max(100)
      .optional()
      .describe(
        "scores by cross-validation: each of so many parts, chosen by the hash of the text, is predicted by a model that was " +
          "trained on the others; the finished model is trained on all parts. For data sets too small for one test part",
      ),
  }).prefault({}),
});
export type TextClassificationRecipe = z.infer<typeof TextClassificationRecipe>;
