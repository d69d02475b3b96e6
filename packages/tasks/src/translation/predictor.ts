import { crossAttention, type Transformer } from "@nacre/models";
import { disposeModel } from "@nacre/tensor";
import { z } from "zod";
import type { Predictor, TextTranslation } from "../predictor.ts";
import type { PairTokenizer } from "./pair-tokenizer.ts";
import { type TranslatedIds, translateTexts } from "./translate-texts.ts";

const settings = z.object({ beams: z.int().positive(), lengthPenalty: z.number() });

/** `preprocessor_config.json` of a translator. */
export const TranslationPreparation = z.object({
  task: z.literal("translation"),
  source: z.string().describe("language it translates from, by its code"),
  target: z.string().describe("language it translates into"),
  example: z.string().describe("a text to try"),
  settings,
});
export type TranslationPreparation = z.infer<typeof TranslationPreparation>;

/** A text as it comes over JSON; `defaults` hold for what it leaves out. */
function translationInput(defaults: z.infer<typeof settings>) {
  return z.strictObject({
    text: z
      .string()
      .trim()
      .min(1, "expected a text that is not empty")
      .max(2 ** 14)
      .describe("what to translate"),
    beams: z.int().min(1).max(16).default(defaults.beams).describe("width of the search; 1 takes the likeliest token"),
    lengthPenalty: z.number().min(-5).max(5).default(defaults.lengthPenalty).describe("above 0 favours long texts"),
  });
}
export type TranslationInput = z.infer<ReturnType<typeof translationInput>>;

export interface Translator {
  readonly model: Transformer;
  readonly pairs: PairTokenizer;
  readonly preparation: TranslationPreparation;
}

/** Translates texts and tells where the model looked. */
export function translationPredictor({
  model,
  pairs,
  preparation,
}: Translator): Predictor<TranslationInput, TextTranslation> {
  const { source, target, example } = preparation;
  return {
    input: { kind: "translation", source, target, example, settings: preparation.settings },
    output: { kind: "translation" },
    inputSchema: translationInput(preparation.settings) as z.ZodType<TranslationInput>,
    async predict(inputs, signal) {
      const outputs: TextTranslation[] = [];
      for (const { text, beams, lengthPenalty } of inputs) {
        const [ids] = await translateTexts(model, pairs, { texts: [text], beams, lengthPenalty, signal });
        signal?.throwIfAborted();
        outputs.push({
          source: text,
          text: pairs.tokenizer.decode(ids!.target).trim(),
          ...(await attended(model, pairs, ids!)),
        });
      }
      return outputs;
    },
    dispose: () => disposeModel(model),
  };
}

/** Tokens of both sides as texts, ends included, and how much each target token attended to each source token. */
export async function attended(
  model: Transformer,
  { tokenizer, end }: PairTokenizer,
  { source, target }: TranslatedIds,
): Promise<Pick<TextTranslation, "sourceTokens" | "targetTokens" | "attention">> {
  const shown = (id: number): string => tokenizer.decode([id], { skipSpecial: false });
  const written = [...target, end].slice(0, model.context);
  return {
    sourceTokens: source.map(shown),
    targetTokens: written.map(shown),
    attention: await crossAttention(model, { source, target: written }),
  };
}
