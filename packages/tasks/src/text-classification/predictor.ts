import { disposeModel, type Model } from "@nacre/tensor";
import { z } from "zod";
import { classPrediction } from "../class-predictions.ts";
import type { ClassPrediction, Predictor } from "../predictor.ts";
import { askedExamples, type TextFamily, textProbabilities } from "./text-family.ts";

/** A text as it comes over JSON. Other fields are passed over: files for training can be predicted as they are. */
export const TextInput = z.object({
  text: z
    .string()
    .min(1)
    .max(2 ** 20)
    .describe("the text to classify"),
  attributions: z.boolean().default(false).describe("whether to say what each token did for the predicted class"),
});
export type TextInput = z.infer<typeof TextInput>;

export interface TextModel {
  readonly family: TextFamily;
  readonly model: Model;
  readonly classes: readonly string[];
  /** A typical text. */
  readonly example: string;
}

/** Classifies texts, those of a call in batches of like length. */
export function textPredictor({ family, model, classes, example }: TextModel): Predictor<TextInput, ClassPrediction> {
  return {
    input: { kind: "text", example },
    output: { kind: "classes", classes },
    inputSchema: TextInput,
    async predict(inputs, signal) {
      const texts = askedExamples(
        family,
        inputs.map(({ text }) => ({ text, label: 0 })),
      );
      const rows = await textProbabilities(family, model, texts, { signal });
      const predictions: ClassPrediction[] = [];
      for (const [index, { text, attributions }] of inputs.entries()) {
        signal?.throwIfAborted();
        const prediction = classPrediction(rows[index]!, classes);
        predictions.push(
          attributions
            ? { ...prediction, attributions: await family.attribute(model, text, prediction.index) }
            : prediction,
        );
      }
      return predictions;
    },
    dispose: () => disposeModel(model),
  };
}
