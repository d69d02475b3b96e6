import { isCausalLanguageModel } from "@nacre/models";
import { bundledModel } from "../bundled-model.ts";
import type { Predictor } from "../predictor.ts";
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

async function loadTextPredictor({ preprocessor, tokenizer, ...parts }: BundleParts): Promise<Predictor> {
  const preparation = TextPreparation.parse(preprocessor);
  const text = bundledTokenizer(tokenizer, preparation.conversation?.end[0]);
  const model = await bundledModel(parts, isCausalLanguageModel, "a causal language model");
  return textPredictor({ model: model as Decoder, text, preparation });
}
