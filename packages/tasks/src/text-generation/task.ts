import { fromPretrainedParts, isCausalLanguageModel } from "@nacre/models";
import { disposeModel } from "@nacre/tensor";
import type { Predictor } from "../predictor.ts";
import { settleLoaded } from "../settle-loaded.ts";
import type { BundleParts, Task } from "../task.ts";
import { bundledTokenizer } from "../text-tokenizer.ts";
import type { Decoder } from "./decoder.ts";
import { prepareFineTuning } from "./fine-tuning/fine-tuning.ts";
import { TextPreparation, textPredictor } from "./predictor.ts";
import { isFineTuning, TextGenerationRecipe } from "./recipe.ts";
import { prepareTexts } from "./texts.ts";

/** Texts of which the model learns to write more, or conversations in which it learns to answer. */
export const textGeneration: Task<TextGenerationRecipe> = {
  name: "text-generation",
  recipe: TextGenerationRecipe,
  monitor: { name: "loss", mode: "min" },
  prepare: (recipe, context) =>
    isFineTuning(recipe) ? prepareFineTuning(recipe, context) : prepareTexts(recipe, context),
  async load(parts) {
    return loadTextPredictor(parts);
  },
};

async function loadTextPredictor({ config, preprocessor, tokenizer, weights, order }: BundleParts): Promise<Predictor> {
  const preparation = TextPreparation.parse(preprocessor);
  const text = bundledTokenizer(tokenizer, preparation.conversation?.end[0]);
  const model = await fromPretrainedParts({ config: config as Readonly<Record<string, unknown>>, weights });
  if (!isCausalLanguageModel(model)) {
    disposeModel(model);
    throw new Error(`Expected a causal language model in the bundle. Received a ${model.constructor.name}.`);
  }
  settleLoaded(model, { order });
  return textPredictor({ model: model as Decoder, text, preparation });
}
