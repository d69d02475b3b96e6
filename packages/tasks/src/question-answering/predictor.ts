import type { Tokenizer } from "@nacre/data";
import type { SpanClassifier } from "@nacre/models";
import { disposeModel } from "@nacre/tensor";
import { z } from "zod";
import type { FoundAnswer, Predictor } from "../predictor.ts";
import { answerQuestions } from "./rows.ts";

/** `preprocessor_config.json` of a model that answers questions. */
export const AnswerPreparation = z.object({
  task: z.literal("question-answering"),
  length: z.int().positive().describe("tokens of a row at most"),
  stride: z.int().positive().describe("tokens after which the next window begins"),
  question: z.int().positive().describe("tokens of a question at most"),
  longestAnswer: z.int().positive().describe("tokens of an answer at most"),
  candidates: z.int().positive().describe("first and last tokens that are tried with each other"),
  batch: z.int().positive().describe("rows at once"),
  example: z.object({ question: z.string(), passage: z.string() }).describe("a question to try"),
});
export type AnswerPreparation = z.infer<typeof AnswerPreparation>;

/** A question as it comes over JSON. Other fields are passed over: files with answers can be predicted as they are. */
const QuestionInput = z.object({
  question: z
    .string()
    .trim()
    .min(1)
    .max(2 ** 12)
    .describe("what is asked"),
  passage: z
    .string()
    .min(1)
    .max(2 ** 18)
    .describe("the text in which the answer is looked for"),
  answers: z.int().min(1).max(20).default(5).describe("answers told: the likeliest and further ones"),
});
type QuestionInput = z.infer<typeof QuestionInput>;

export interface AnswerModel {
  readonly model: SpanClassifier;
  readonly tokenizer: Tokenizer;
  readonly preparation: AnswerPreparation;
}

/** Finds answers in passages, the windows of all questions of a call in common batches. */
export function answerPredictor({ model, tokenizer, preparation }: AnswerModel): Predictor<QuestionInput, FoundAnswer> {
  return {
    input: { kind: "question", example: preparation.example },
    output: { kind: "answer" },
    inputSchema: QuestionInput as z.ZodType<QuestionInput>,
    async predict(inputs, signal) {
      const found = await answerQuestions(model, inputs, { ...preparation, tokenizer, signal });
      return inputs.map(({ question, answers }, index) => {
        const [best, ...further] = found[index]!.slice(0, answers);
        return { question, ...(best ?? { text: "", start: 0, end: 0, score: 0 }), further };
      });
    },
    dispose: () => disposeModel(model),
  };
}
