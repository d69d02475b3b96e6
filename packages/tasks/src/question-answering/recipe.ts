import { answerRules } from "@nacre/evaluate";
import { z } from "zod";
import { pretrainedFolder } from "../pretrained-folder.ts";
import { recipeBase } from "../recipe.ts";
import { TrainingConfig } from "../training.ts";

const share = z.number().gt(0).lt(1);

/** Where questions about passages come from. */
const QuestionSource = z.discriminatedUnion("from", [
  z.strictObject({
    from: z.literal("generator"),
    generator: z.literal("notes").describe("notes about made-up people, and questions about them"),
    language: z.enum(["en", "zh", "both"]).default("both").describe("language of the notes"),
    count: z.int().min(100).default(4000).describe("questions in all, before splitting"),
    test: share.default(0.1).describe("share of the passages held out for the final scores"),
  }),
  z.strictObject({
    from: z.literal("catalogue"),
    name: z.enum(["xquad", "cmrc2018"]).describe("a data set of `nacre data list`"),
    language: z.enum(["en", "zh", "de"]).optional().describe("of xquad: en if absent"),
  }),
  z.strictObject({
    from: z.literal("files"),
    train: z.string().describe("JSON as SQuAD's files have it; relative to the recipe"),
    held: z.string().optional().describe("the same for the final scores; a share of `train` if absent"),
    test: share.default(0.1).describe("share of the passages of `train` held out where there is no other file"),
  }),
]);

const vocabularySize = (size: number) => z.int().min(300).default(size).describe("tokens in all");

const attentionDropout = z
  .number()
  .min(0)
  .lt(1)
  .default(0)
  .describe("share of the attention weights that is dropped in training; without, attention takes its fast way");

const EncoderSizes = z
  .strictObject({
    family: z.literal("bert"),
    layers: z.int().positive().default(4).describe("blocks of attention and feed-forward layer"),
    heads: z.int().positive().default(4).describe("attention heads of each block"),
    width: z.int().positive().default(128).describe("features of a token"),
    hidden: z
      .int()
      .positive()
      .optional()
      .describe("features inside a feed-forward layer; four times the width if absent"),
    dropout: z.number().min(0).lt(1).default(0.1).describe("share of each layer's output that is dropped in training"),
    attentionDropout,
    tokenizer: z
      .discriminatedUnion("kind", [
        z.strictObject({
          kind: z.literal("wordpiece"),
          vocabularySize: vocabularySize(8000),
          lowercase: z.boolean().default(true).describe("whether letters are lowered and accents taken away first"),
        }),
        z.strictObject({ kind: z.literal("bpe"), vocabularySize: vocabularySize(8000) }),
        z.strictObject({
          kind: z.literal("file"),
          path: z.string().describe("tokenizer.json or a folder with one; relative to the recipe"),
        }),
      ])
      .prefault({ kind: "wordpiece" })
      .describe("learnt from the training part, or opened"),
  })
  .refine(({ width, heads }) => width % heads === 0, { message: "width must be a multiple of heads", path: ["width"] });

export const QuestionAnsweringRecipe = z.strictObject({
  ...recipeBase,
  task: z.literal("question-answering"),
  data: z.strictObject({
    source: QuestionSource,
    validation: share
      .default(0.1)
      .describe("share of the other passages that scores every epoch, where no part is set aside"),
    length: z.int().min(16).default(384).describe("tokens of a row: question, window of the passage and special ones"),
    stride: z.int().positive().default(128).describe("tokens after which the next window of a long passage begins"),
    question: z.int().positive().default(64).describe("tokens of a question at most; what is longer is cut"),
  }),
  model: z.union([
    EncoderSizes,
    z.strictObject({
      pretrained: pretrainedFolder("BERT or RoBERTa"),
      dropout: z
        .number()
        .min(0)
        .lt(1)
        .optional()
        .describe("share of each layer's output that is dropped; the folder's if absent"),
      attentionDropout,
    }),
  ]),
  train: TrainingConfig,
  evaluate: z
    .strictObject({
      rule: z
        .enum(answerRules)
        .exclude(["squad-2.0"])
        .optional()
        .describe("whose EM and F1; CMRC's where passages are Chinese"),
      longestAnswer: z.int().positive().default(30).describe("tokens of an answer at most"),
      candidates: z.int().positive().default(20).describe("first and last tokens that are tried with each other"),
      batch: z.int().positive().default(32).describe("rows at once"),
      baselines: z.boolean().default(true).describe("whether simple algorithms answer the same questions"),
      baselineLimit: z.int().positive().default(1000).describe("questions that the log-linear model learns from"),
      resamples: z.int().min(100).default(1000).describe("bootstrap resamples behind each interval"),
    })
    .prefault({}),
});
export type QuestionAnsweringRecipe = z.infer<typeof QuestionAnsweringRecipe>;
