import { SentencePooling } from "@nacre/models";
import { disposeModel } from "@nacre/tensor";
import { z } from "zod";
import type { Predictor, SearchResult } from "../predictor.ts";
import { embedTexts, nearest, type TextEncoder, type TextVectors } from "./text-encoder.ts";

/** `preprocessor_config.json` of a search. */
export const RetrievalPreparation = z.object({
  task: z.literal("text-retrieval"),
  example: z.string().describe("a query to try"),
  sides: z.object({ query: z.string(), document: z.string() }).describe("what the sides of the pairs are called"),
  pooling: SentencePooling,
  normalize: z.boolean(),
  longest: z.int().positive().describe("tokens of a text that count"),
  candidates: z.array(z.string()).describe("what is searched where an input brings no texts"),
});
export type RetrievalPreparation = z.infer<typeof RetrievalPreparation>;

const text = z
  .string()
  .min(1)
  .max(2 ** 16);

/** A search as it comes over JSON. */
export function searchInput(candidates: number) {
  const own = z.array(text).min(1).max(4096);
  return z.strictObject({
    query: text.describe("what to look for"),
    texts:
      candidates === 0
        ? own.describe("the texts to search")
        : own.optional().describe(`the texts to search; the model's own ${candidates} if absent`),
    count: z.int().positive().max(100).default(10).describe("hits to give at most"),
  });
}
export type SearchInput = z.infer<ReturnType<typeof searchInput>>;

export interface SearchModel extends TextEncoder {
  readonly preparation: RetrievalPreparation;
}

/** Finds the texts that mean what a query says. */
export function searchPredictor({ model, tokenizer, preparation }: SearchModel): Predictor<SearchInput, SearchResult> {
  const encoder: TextEncoder = { model, tokenizer };
  const { example, candidates, sides } = preparation;
  let own: Promise<TextVectors> | undefined;
  const ownVectors = (): Promise<TextVectors> => {
    own ??= embedTexts(encoder, candidates);
    return own;
  };
  const find = async ({ query, texts, count }: SearchInput, signal?: AbortSignal): Promise<SearchResult> => {
    const searched = texts ?? candidates;
    const documents = texts === undefined ? await ownVectors() : await embedTexts(encoder, texts, { signal });
    const [found] = await nearest(await embedTexts(encoder, [query], { signal }), documents, count);
    return { query, hits: found!.map(({ index, score }) => ({ index, text: searched[index]!, score })) };
  };
  return {
    input: { kind: "search", example, candidates: candidates.length, sides: [sides.query, sides.document] },
    output: { kind: "hits" },
    inputSchema: searchInput(candidates.length) as z.ZodType<SearchInput>,
    async predict(inputs, signal) {
      const results: SearchResult[] = [];
      for (const [inputIndex, input] of inputs.entries()) {
        signal?.throwIfAborted();
        try {
          results.push(await find(input, signal));
        } catch (error) {
          // Some texts have no tokens, which the schema cannot see.
          throw error instanceof RangeError ? Object.assign(error, { inputIndex }) : error;
        }
      }
      return results;
    },
    dispose: () => disposeModel(model),
  };
}
