import { z } from "zod";
import { recipeBase } from "../recipe.ts";
import { TrainingConfig } from "../training.ts";
import { PairTokenizerConfig } from "./pair-tokenizer.ts";

const language = z.string().regex(/^[a-z]{2,3}$/, "expected a language's code, as de");

/** Where sentences and their translations come from. */
const PairSource = z.discriminatedUnion("from", [
  z.strictObject({
    from: z.literal("generator"),
    generator: z
      .literal("phrases")
      .describe("Chinese phrases of a small grammar with their English, made as asked for"),
    count: z.int().min(100).default(8000).describe("pairs in all, before splitting"),
    test: z.number().gt(0).lt(1).default(0.05).describe("share of the pairs held out for the final scores"),
  }),
  z.strictObject({
    from: z.literal("catalogue"),
    name: z.enum(["multi30k", "cmn-eng"]).describe("a data set of `nacre data list`"),
    source: language.optional().describe("language to translate from; the data set's own order if absent"),
    target: language.optional().describe("language to translate into"),
  }),
  z.strictObject({
    from: z.literal("files"),
    path: z
      .string()
      .describe("JSONL with `source` and `target`, or lines of source, tab, target; relative to the recipe"),
    source: language.describe("language to translate from"),
    target: language.describe("language to translate into"),
    test: z.number().gt(0).lt(1).default(0.05).describe("share of the pairs held out for the final scores"),
  }),
]);

/** The original Transformer, Vaswani et al. 2017. */
const TranslatorSizes = z
  .strictObject({
    family: z.literal("transformer"),
    layers: z.int().positive().default(3).describe("blocks of the encoder, and of the decoder"),
    decoderLayers: z.int().positive().optional().describe("blocks of the decoder, where these are another number"),
    heads: z.int().positive().default(4).describe("attention heads of each block"),
    width: z.int().positive().default(128).describe("features of a token"),
    hidden: z.int().positive().default(256).describe("features inside the feed-forward layers"),
    dropout: z.number().min(0).lt(1).default(0.1).describe("share of embeddings and outputs dropped in training"),
    normalize: z
      .enum(["after", "before"])
      .default("after")
      .describe("layer normalisation after each sum, as published, or before each layer: trains with less warm-up"),
    tied: z.boolean().default(true).describe("whether the output's weight is the tokens' embedding"),
  })
  .refine(({ width, heads }) => width % heads === 0, { message: "width must be a multiple of heads", path: ["width"] });

export const TranslationRecipe = z.strictObject({
  ...recipeBase,
  task: z.literal("translation"),
  data: z.strictObject({
    source: PairSource,
    validation: z
      .number()
      .gt(0)
      .lt(1)
      .default(0.05)
      .describe("share of the training part that scores every epoch, where the data set has no part of its own for it"),
    tokenizer: PairTokenizerConfig.prefault({ kind: "bpe" }).describe(
      "how both languages become tokens of one vocabulary",
    ),
    context: z.int().min(4).default(128).describe("longest source or target, in tokens; longer pairs do not train"),
  }),
  model: TranslatorSizes,
  train: TrainingConfig.safeExtend({
    batch: z.int().positive().default(512).describe("most pairs of an update"),
    batchTokens: z.int().positive().default(2048).describe("most tokens of an update, of both sides with padding"),
    labelSmoothing: z.number().min(0).lt(1).default(0.1).describe("share of probability spread over all tokens"),
  }),
  evaluate: z
    .strictObject({
      resamples: z.int().min(100).default(1000).describe("bootstrap resamples behind each interval"),
      lowercase: z.boolean().default(false).describe("whether scores ignore case"),
      baselines: z.boolean().default(true).describe("whether word-by-word translation and copying are tried"),
      shown: z.int().positive().default(24).describe("pairs shown in the report"),
    })
    .prefault({}),
  translate: z
    .strictObject({
      beams: z.int().min(1).max(32).default(4).describe("width of the beam search; 1 takes the likeliest token"),
      lengthPenalty: z
        .number()
        .default(1)
        .describe("scores are divided by length to this power: above 0 favours long texts"),
    })
    .prefault({})
    .describe("how translations are searched for, in the report and by the finished model"),
});
export type TranslationRecipe = z.infer<typeof TranslationRecipe>;
