import { AdapterConfig } from "@nacre/models";
import { z } from "zod";
import { pretrainedFolder } from "../../pretrained-folder.ts";
import { recipeBase } from "../../recipe.ts";
import { TrainingConfig } from "../../training.ts";

/** What of conversations is learnt. */
const Objective = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("answers").describe("the assistant's answers, token by token") }),
  z.strictObject({
    kind: z.literal("preference").describe("to prefer chosen answers to rejected ones: DPO, Rafailov et al. 2023"),
    beta: z.number().positive().default(0.1).describe("how far the model may go from what it was: small is far"),
    loss: z
      .enum(["sigmoid", "ipo"])
      .default("sigmoid")
      .describe("sigmoid as in DPO, or the squared one of Azar et al. 2023 on means per token"),
  }),
]);

/** A pretrained model that learns from conversations. */
export const FineTuningRecipe = z.strictObject({
  ...recipeBase,
  task: z.literal("text-generation"),
  data: z.strictObject({
    source: z.strictObject({
      from: z.literal("conversations"),
      path: z
        .string()
        .describe(
          "JSONL, relative to the recipe: { messages: [{ role, content }, …] }; for preferences { prompt, chosen, rejected }",
        ),
      test: z.number().gt(0).lt(1).default(0.1).describe("share of the conversations held out for the final scores"),
    }),
    validation: z.number().gt(0).lt(1).default(0.05).describe("share of the training part that scores every epoch"),
    context: z
      .int()
      .min(8)
      .optional()
      .describe("tokens of a row; longer conversations are cut at their end. The model's, up to 1024, if absent"),
    rows: z
      .enum(["packed", "padded"])
      .default("packed")
      .describe("several conversations in a row, which do not see each other; or one, padded. Pairs are padded always"),
  }),
  model: z.strictObject({
    pretrained: pretrainedFolder("a decoder-only model, with its tokenizer and chat template"),
    adapter: AdapterConfig.optional().describe("low-rank changes that are trained instead of the weights"),
    template: z
      .string()
      .min(1)
      .optional()
      .describe("a chat template in place of the folder's: chatml, qwen2 or llama3, or Jinja"),
  }),
  objective: Objective.prefault({ kind: "answers" }),
  train: TrainingConfig,
  evaluate: z
    .strictObject({
      resamples: z.int().min(100).default(1000).describe("bootstrap resamples behind each interval"),
    })
    .prefault({}),
  generate: z
    .strictObject({
      prompts: z
        .array(z.string().min(1))
        .default([])
        .describe("messages answered in the report; the first ones of the test part if absent"),
      samples: z.int().nonnegative().default(8).describe("test conversations answered in the report"),
      maxNewTokens: z.int().positive().default(200).describe("tokens of an answer at most"),
      temperature: z.number().min(0).default(0.7).describe("below 1 sharper, above 1 flatter; 0 takes the likeliest"),
      topK: z.int().nonnegative().default(0).describe("draw from this many likeliest tokens; 0 is off"),
      topP: z.number().gt(0).max(1).default(0.95).describe("draw from the likeliest tokens with this probability"),
    })
    .prefault({})
    .describe("settings of samples, and the defaults of the finished model"),
});
export type FineTuningRecipe = z.infer<typeof FineTuningRecipe>;
