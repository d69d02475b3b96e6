import type { Decoder } from "./decoder.ts";

/** Prompts as one batch, padded at the left. */
export interface PromptBatch {
  /** [R, longest] row by row; padding has id 0. */
  readonly ids: Int32Array;
  readonly padding: readonly number[];
  /** How many tokens may be generated: what was asked for, or what the context has room for. */
  readonly most: number;
}

/** @throws Error for no prompt, an empty one, ids outside the vocabulary, or one that fills the context. */
export function batchPrompts(
  { vocabulary, context }: Decoder,
  { prompts, most }: { prompts: readonly (readonly number[])[]; most: number },
): PromptBatch {
  if (prompts.length === 0) throw new Error("Expected at least one prompt. Received none.");
  prompts.forEach((prompt, row) => {
    if (prompt.length === 0) {
      throw new Error(
        `Expected prompts of at least one token; the model's begin token will do. Prompt ${row} has none.`,
      );
    }
    const strange = prompt.find((id) => !Number.isInteger(id) || id < 0 || id >= vocabulary);
    if (strange !== undefined) {
      throw new RangeError(`Expected token ids from 0 to ${vocabulary - 1}. Received ${strange} in prompt ${row}.`);
    }
  });
  const longest = Math.max(...prompts.map((prompt) => prompt.length));
  if (longest >= context) {
    throw new RangeError(
      `Expected prompts shorter than the model's context of ${context} tokens. Received ${longest}: keep the end of the prompt.`,
    );
  }
  const ids = new Int32Array(prompts.length * longest);
  const padding = prompts.map((prompt) => longest - prompt.length);
  prompts.forEach((prompt, row) => void ids.set(prompt, row * longest + padding[row]!));
  return { ids, padding, most: Math.min(most, context - longest) };
}
