import { SentencePooling } from "@nacre/models";
import { z } from "zod";
import { recipeBase } from "../recipe.ts";
import { TrainingConfig } from "../training.ts";

const testShare = z.number().gt(0).lt(1).default(0.1).describe("share of the pairs held out for the final scores");

/** Where pairs of texts come from. Neither text of a pair is in two parts. */
const PairSource = z.discriminatedUnion("from", [
  z.strictObject({
    from: z.literal("generator"),
    generator: z
      .literal("phrases")
      .describe("sentences of a small grammar in Chinese and English: made, not collected"),
    count: z.int().min(100).default(4000).describe("pairs in all, before splitting"),
    test: testShare,
  }),
  z.strictObject({
    from: z.literal("catalogue"),
    name: z.enum(["cmn-eng", "multi30k"]).describe("a data set of `nacre data list`"),
    query: z.string().optional().describe("language of the queries, by its code; the data set's first if absent"),
    document: z.string().optional().describe("language of what is searched; the data set's other one if absent"),
  }),
  z.strictObject({
    from: z.literal("file"),
    path: z.string().describe(".tsv, .csv or .jsonl, gzipped or not; relative to the recipe"),
    query: z.string().default("query").describe("column of the queries"),
    document: z.string().default("document").describe("column of what answers them"),
    test: testShare,
  }),
]);

const TokenizerConfig = z.strictObject({
  model: z
    .enum(["bpe", "wordpiece", "unigram"])
    .default("bpe")
    .describe("bpe works on bytes, as GPT-2's; wordpiece as BERT's; unigram as T5's"),
  vocabularySize: z.int().min(300).default(8000).describe("tokens in all, of both languages"),
  lowercase: z.boolean().default(true).describe("lowers letters and takes accents away first"),
});

const EncoderConfig = z.union([
  z
    .strictObject({
      family: z.literal("bert"),
      layers: z
        .int()
        .nonnegative()
        .default(0)
        .describe("blocks; 0 makes it a bag of tokens: the mean of their vectors"),
      heads: z.int().positive().default(4).describe("attention heads of each block"),
      width: z.int().positive().default(256).describe("features of a token, and of a text's vector"),
      hidden: z.int().positive().optional().describe("features inside the feed-forward layers; four widths if absent"),
      dropout: z
        .number()
        .min(0)
        .lt(1)
        .default(0.1)
        .describe("share of each layer's output that is dropped in training"),
      pooling: SentencePooling.default("mean"),
    })
    .refine(({ width, heads }) => width % heads === 0, {
      message: "width must be a multiple of heads",
      path: ["width"],
    }),
  z.strictObject({
    pretrained: z
      .string()
      .describe(
        "a folder as sentence-transformers or Hugging Face have them, tokenizer included; relative to the recipe",
      ),
  }),
]);
export type EncoderConfig = z.infer<typeof EncoderConfig>;

export const TextRetrievalRecipe = z.strictObject({
  ...recipeBase,
  task: z.literal("text-retrieval"),
  data: z.strictObject({
    source: PairSource,
    validation: z.number().gt(0).lt(1).default(0.1).describe("share of the training part that scores every epoch"),
    tokenizer: TokenizerConfig.prefault({}).describe("learnt from both sides of the training part"),
    context: z.int().min(4).default(64).describe("tokens of a text that count; what is longer is cut"),
  }),
  model: EncoderConfig,
  loss: z
    .strictObject({
      temperature: z.number().positive().default(0.05).describe("what similarities are divided by"),
      symmetric: z.boolean().default(true).describe("whether documents also look for their queries"),
    })
    .prefault({})
    .describe("contrastive: every other document of the batch is a wrong one"),
  train: TrainingConfig,
  evaluate: z
    .strictObject({
      resamples: z.int().min(100).default(1000).describe("bootstrap resamples behind each interval"),
      pool: z
        .enum(["test", "all"])
        .default("test")
        .describe("what is searched: the test part's texts, or those of all parts"),
      baselines: z
        .boolean()
        .default(true)
        .describe("whether BM25 is tried, on the texts and on their words translated"),
      candidates: z
        .int()
        .nonnegative()
        .default(2000)
        .describe("most texts that the finished model can search by itself"),
    })
    .prefault({}),
});
export type TextRetrievalRecipe = z.infer<typeof TextRetrievalRecipe>;
