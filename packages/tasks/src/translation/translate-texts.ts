import { generateText, sequenceDecoder, type Transformer } from "@nacre/models";
import type { PairTokenizer } from "./pair-tokenizer.ts";

export interface TranslateOptions {
  /** Width of the beam search; 1 takes the likeliest token each time. */
  readonly beams: number;
  readonly lengthPenalty: number;
  readonly signal?: AbortSignal | undefined;
  readonly onTexts?: (done: number) => void;
}

/** A translation as ids, without its end token. */
export interface TranslatedIds {
  readonly source: readonly number[];
  readonly target: readonly number[];
}

const rows = 32;

/** Translations of texts, those of like length together. What is longer than the model's context is cut. */
export async function translateTexts(
  model: Transformer,
  { tokenizer, end }: Pick<PairTokenizer, "tokenizer" | "end">,
  { texts, ...options }: TranslateOptions & { readonly texts: readonly string[] },
): Promise<TranslatedIds[]> {
  const { beams, lengthPenalty, signal, onTexts } = options;
  const sources = texts.map((text) => sourceIds(text, { tokenizer, end, context: model.context }));
  const order = sources.map((_, index) => index).sort((one, other) => sources[one]!.length - sources[other]!.length);
  const translated: TranslatedIds[] = [];
  for (let at = 0; at < order.length; at += rows) {
    signal?.throwIfAborted();
    const group = order.slice(at, at + rows);
    const own = group.map((index) => sources[index]!);
    const found = await generateText(sequenceDecoder(model, own), {
      prompts: own.map(() => [model.start]),
      config: {
        maxNewTokens: Math.min(model.context - 1, 2 * Math.max(...own.map((source) => source.length)) + 10),
        temperature: 0,
        beams,
        lengthPenalty,
        endTokens: [end],
      },
      signal,
    });
    group.forEach((index, row) => {
      const { ids, finishReason } = found[row]!;
      translated[index] = { source: sources[index]!, target: finishReason === "end" ? ids.slice(0, -1) : ids };
    });
    onTexts?.(Math.min(order.length, at + rows));
  }
  return translated;
}

function sourceIds(
  text: string,
  { tokenizer, end, context }: Pick<PairTokenizer, "tokenizer" | "end"> & { readonly context: number },
): number[] {
  return [...tokenizer.encodeIds(text, { special: false }).subarray(0, context - 1), end];
}
