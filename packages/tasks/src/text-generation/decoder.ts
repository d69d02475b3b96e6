import { join } from "node:path";
import { Tokenizer } from "@nacre/data";
import {
  type CausalLanguageModel,
  Gpt2,
  Gpt2Config,
  type Layer,
  Llama,
  LlamaConfig,
  savePretrained,
  summarize,
} from "@nacre/models";
import type { Random } from "@nacre/random";
import type { Model } from "@nacre/tensor";
import type { GenerationDefaults } from "../predictor.ts";
import type { Built } from "../task.ts";
import type { TextTokenizer } from "../text-tokenizer.ts";
import { writeWhole } from "../write-whole.ts";
import type { TextsRecipe } from "./recipe.ts";

export type Decoder = CausalLanguageModel & Model;

/** A new decoder of a recipe's sizes. */
export function buildDecoder(
  { model, data }: TextsRecipe,
  { tokenizer, end }: TextTokenizer,
  random: Random,
): Built<Decoder> {
  const { layers: blocks, heads, width, tied } = model;
  const sizes = { layers: blocks, heads, width, tied, vocabulary: tokenizer.vocabularySize, context: data.context };
  const specialTokens = { begin: end, end: [end], padding: end };
  const built: Decoder =
    model.family === "gpt2"
      ? new Gpt2(Gpt2Config.parse({ ...sizes, ...model, specialTokens }), random)
      : new Llama(
          // Touvron et al. 2023, section 2.2: two thirds of four times the width, here in multiples of 32.
          LlamaConfig.parse({ ...sizes, hidden: Math.ceil((8 * width) / 3 / 32) * 32, ...model, specialTokens }),
          random,
        );
  const layers = summarize(built as unknown as Layer<never, never>, [data.context], { dtype: "int32" });
  const total = layers.reduce((sum, { parameters }) => sum + parameters, 0);
  return {
    model: built,
    architecture: { name: model.family, parameters: total, input: [null, data.context], layers },
  };
}

/** A folder that Python's transformers opens, tokenizer included. */
export async function saveDecoder(
  model: Decoder,
  folder: string,
  { tokenizer, end, settings }: TextTokenizer & { readonly settings: GenerationDefaults },
): Promise<void> {
  const token = tokenizer.idToToken(end)!;
  const names = { bos_token: token, eos_token: token, pad_token: token, clean_up_tokenization_spaces: false };
  await Tokenizer.fromJson(tokenizer.toJson(), { ...names, ...tokenizer.config }).save(folder);
  await savePretrained(model, folder);
  const ids = { bos_token_id: end, eos_token_id: end, pad_token_id: end };
  await writeWhole(join(folder, "generation_config.json"), generationConfig(settings, ids));
}

/** `generation_config.json`, with what else it has. */
export function generationConfig(
  { temperature, topK, topP, maxNewTokens }: GenerationDefaults,
  further: Readonly<Record<string, unknown>>,
): string {
  const sampling =
    temperature === 0 ? { do_sample: false } : { do_sample: true, temperature, top_k: topK, top_p: topP };
  return `${JSON.stringify({ ...further, max_new_tokens: maxNewTokens, ...sampling }, undefined, 2)}\n`;
}
