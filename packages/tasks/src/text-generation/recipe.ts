import { z } from "zod";
import { recipeBase } from "../recipe.ts";
import { TokenizerConfig } from "../text-tokenizer.ts";
import { TrainingConfig } from "../training.ts";
import { FineTuningRecipe } from "./fine-tuning/recipe.ts";

const testShare = z.number().gt(0).lt(1).default(0.1).describe("share of the documents held out for the final scores");

/** Where texts come from. */
const TextSource = z.discriminatedUnion("from", [
  z.strictObject({
    from: z.literal("generator"),
    generator: z.literal("sentences").describe("sentences of a small English grammar, made as they are asked for"),
    count: z.int().min(100).default(8000).describe("sentences in all, before splitting"),
    test: testShare,
  }),
  z.strictObject({
    from: z.literal("catalogue"),
    name: z.enum(["tinyshakespeare", "names", "chinese-poetry"]).describe("a data set of `nacre data list`"),
    collections: z.array(z.string()).optional().describe("only these collections of chinese-poetry, as 全唐诗"),
    form: z
      .enum(["any", "quatrain"])
      .default("any")
      .describe("quatrain: only poems of four lines of 5 or 7 characters"),
  }),
  z.strictObject({
    from: z.literal("files"),
    path: z
      .string()
      .describe("a text file, a folder, or JSONL, CSV or Parquet with a field `text`; relative to the recipe"),
    field: z.string().default("text").describe("the field with the text, where files have records"),
    test: testShare,
  }),
]);

const sizes = {
  layers: z.int().positive().default(4).describe("blocks"),
  heads: z.int().positive().default(4).describe("attention heads of each block"),
  width: z.int().positive().default(128).describe("features of the residual stream"),
  hidden: z.int().positive().optional().describe("features inside the feed-forward layers; the family's own if absent"),
  tied: z.boolean().default(true).describe("whether the output's weight is the tokens' embedding"),
  dropout: z.number().min(0).lt(1).default(0).describe("share of embeddings and outputs dropped in training"),
  attentionDropout: z.number().min(0).lt(1).default(0).describe("share of attention weights dropped in training"),
};

const DecoderSizes = z
  .discriminatedUnion("family", [
    z.strictObject({ family: z.literal("gpt2"), ...sizes }),
    z.strictObject({
      family: z.literal("llama"),
      ...sizes,
      keyValueHeads: z.int().positive().optional().describe("heads of keys and values; all if absent"),
    }),
  ])
  .refine(({ width, heads }) => width % heads === 0, { message: "width must be a multiple of heads", path: ["width"] });

/** A new model that learns whole texts. */
export const TextsRecipe = z.strictObject({
  ...recipeBase,
  task: z.literal("text-generation"),
  data: z.strictObject({
    source: TextSource,
    validation: z.number().gt(0).lt(1).default(0.05).describe("share of the training part that scores every epoch"),
    tokenizer: TokenizerConfig.prefault({ kind: "characters" }).describe("how texts become tokens"),
    context: z.int().min(4).default(64).describe("tokens that the model sees at once"),
    rows: z
      .enum(["crops", "documents"])
      .default("crops")
      .describe("a row is a random place of all the text, documents joined by end tokens; or a document, padded"),
  }),
  model: DecoderSizes,
  train: TrainingConfig,
  evaluate: z
    .strictObject({
      resamples: z.int().min(100).default(1000).describe("bootstrap resamples behind each interval"),
      stride: z.int().positive().optional().describe("how far the scoring window moves; half the context if absent"),
      validationTokens: z
        .int()
        .positive()
        .default(100_000)
        .describe("most tokens of the validation part scored each time"),
      baselines: z.boolean().default(true).describe("whether n-gram models of characters are tried on the same text"),
      form: z.enum(["none", "quatrain"]).default("none").describe("also score the form of generated poems"),
    })
    .prefault({}),
  generate: z
    .strictObject({
      prompts: z.array(z.string()).min(1).default([""]).describe("what the samples of the report begin with"),
      samples: z.int().positive().default(4).describe("samples for each prompt"),
      maxNewTokens: z.int().positive().default(200).describe("tokens of a sample at most"),
      temperature: z.number().min(0).default(0.8).describe("below 1 sharper, above 1 flatter"),
      topK: z.int().nonnegative().default(0).describe("draw from this many likeliest tokens; 0 is off"),
      topP: z.number().gt(0).max(1).default(0.95).describe("draw from the likeliest tokens with this probability"),
    })
    .prefault({})
    .describe("settings of samples, and the defaults of the finished model"),
});
export type TextsRecipe = z.infer<typeof TextsRecipe>;

/** With a pretrained model the recipe goes on with that one; it makes a new one else. */
export const TextGenerationRecipe: z.ZodType<TextsRecipe | FineTuningRecipe> = z
  .unknown()
  .transform((recipe, { issues }) => {
    const model = (recipe as { readonly model?: { readonly pretrained?: unknown } | null } | null)?.model;
    const result = (model?.pretrained === undefined ? TextsRecipe : FineTuningRecipe).safeParse(recipe);
    if (result.success) return result.data;
    issues.push(...(result.error.issues as typeof issues));
    return z.NEVER;
  });
export type TextGenerationRecipe = z.infer<typeof TextGenerationRecipe>;

export function isFineTuning(recipe: TextGenerationRecipe): recipe is FineTuningRecipe {
  return "pretrained" in recipe.model;
}
