import { type CausalLanguageModel, type GeneratedText, generateText, type TokenProbability } from "@nacre/models";
import type { GenerationDefaults } from "../predictor.ts";

export interface ContinueOptions extends GenerationDefaults {
  readonly endTokens: readonly number[];
  readonly seed: number;
  /** Likeliest tokens reported at each place. */
  readonly alternatives: number;
  readonly signal?: AbortSignal | undefined;
  readonly onTokens?: (done: number) => void;
}

export interface ContinuedText {
  readonly ids: readonly number[];
  readonly logProbabilities: readonly number[];
  readonly topAlternatives: readonly (readonly TokenProbability[])[];
  readonly finishReason: "end" | "length";
}

/**
 * Continues prompts of ids beyond the model's context: when it is full, the last half of it is read again as a new prompt. The
 * same seed gives the same texts.
 */
export async function continueTexts(
  model: CausalLanguageModel,
  prompts: readonly (readonly number[])[],
  options: ContinueOptions,
): Promise<ContinuedText[]> {
  const { endTokens, maxNewTokens, seed, signal, onTokens, temperature, topK, topP, alternatives } = options;
  const kept = Math.max(1, Math.floor(model.context / 2));
  const texts = prompts.map((prompt) => ({ prompt, parts: [] as GeneratedText[], length: 0, ended: false }));
  for (let window = 0; ; window++) {
    const active = texts.filter(({ ended, length }) => !ended && length < maxNewTokens);
    if (active.length === 0) break;
    const pieces = active.map(({ prompt, parts }) => {
      const ids = [...prompt, ...parts.flatMap((part) => part.ids)];
      return ids.length < model.context ? ids.slice(-(model.context - 1)) : ids.slice(-kept);
    });
    // A batch stops at its longest row: shorten the others' past only when it is over half of the context.
    const longest = Math.max(...pieces.map((ids) => ids.length));
    const rows = longest > kept ? pieces.map((ids) => ids.slice(-kept)) : pieces;
    const room = model.context - Math.max(...rows.map((ids) => ids.length));
    const wanted = Math.min(room, Math.max(...active.map(({ length }) => maxNewTokens - length)));
    const drawn = await generateText(model, {
      prompts: rows,
      config: {
        maxNewTokens: wanted,
        temperature,
        topK,
        topP,
        endTokens: [...endTokens],
        logProbabilities: true,
        alternatives,
        seed: seed + window,
      },
      signal,
    });
    drawn.forEach((text, index) => {
      const state = active[index]!;
      state.parts.push(text);
      state.length += text.ids.length;
      state.ended = text.finishReason === "end";
    });
    onTokens?.(texts.reduce((sum, { length }) => sum + length, 0));
  }
  return texts.map(({ parts, ended }) => {
    const whole = <T>(of: (part: GeneratedText) => readonly T[]): T[] => parts.flatMap(of).slice(0, maxNewTokens);
    return {
      ids: whole(({ ids }) => ids),
      logProbabilities: whole(({ logProbabilities }) => logProbabilities),
      topAlternatives: whole(({ topAlternatives }) => topAlternatives),
      finishReason: ended ? ("end" as const) : ("length" as const),
    };
  });
}
