import type { Classifier } from "@nacre/models";
import { disposeModel } from "@nacre/tensor";
import { z } from "zod";
import { classPrediction } from "../class-predictions.ts";
import { predictProbabilities } from "../classifier-batch.ts";
import type { ClassPrediction, Predictor } from "../predictor.ts";
import { type BagConfig, writeBuckets } from "./bag.ts";

/** A text as it comes over JSON. Other fields are passed over: files for training can be predicted as they are. */
export const TextInput = z.object({
  text: z
    .string()
    .min(1)
    .max(2 ** 20)
    .describe("the text to classify"),
});
export type TextInput = z.infer<typeof TextInput>;

export interface TextModel {
  readonly classifier: Classifier;
  readonly model: BagConfig;
  readonly classes: readonly string[];
  /** A typical text. */
  readonly example: string;
}

/** Classifies texts, all of a call in one batch. */
export function textPredictor({
  classifier,
  model,
  classes,
  example,
}: TextModel): Predictor<TextInput, ClassPrediction> {
  const { length } = model;
  return {
    input: { kind: "text", example },
    output: { kind: "classes", classes },
    inputSchema: TextInput,
    async predict(inputs, signal) {
      const features = new Float32Array(inputs.length * length);
      inputs.forEach(({ text }, row) => writeBuckets(text, features.subarray(row * length, (row + 1) * length), model));
      const batch = { features, labels: new Int32Array(inputs.length), size: inputs.length };
      const rows = await predictProbabilities(classifier, once(batch), { shape: [length], signal });
      return rows.map((row) => classPrediction(row, classes));
    },
    dispose: () => disposeModel(classifier),
  };
}

async function* once<T>(item: T): AsyncGenerator<T, void> {
  yield item;
}
