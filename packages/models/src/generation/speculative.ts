import { decoderOf, type GenerativeModel } from "./causal-decoder.ts";
import { type Drafter, LookupDrafter, ModelDrafter } from "./drafters.ts";
import { type Generation, rowsOf } from "./generate.ts";
import type { GenerationPiece } from "./piece.ts";
import { batchPrompts } from "./prompts.ts";

/** Who guesses tokens ahead, so that the model reads several at once. What is generated keeps the model's distribution. */
export type Speculation =
  /** A small model with the same vocabulary. */
  | { readonly draft: GenerativeModel; readonly tokens?: number }
  /** What followed the last few tokens earlier in the text: for texts that repeat their prompt. */
  | { readonly lookup: { readonly longest?: number }; readonly tokens?: number };

const usualTokens = 5;
const usualNgram = 3;

/** Speculative decoding (Leviathan et al. 2023; n-gram lookup: Saxena 2023) of one text. */
export async function* speculativePieces(
  generation: Generation,
  speculation: Speculation,
): AsyncGenerator<GenerationPiece, void> {
  const { decoder, settings, prompts, signal } = generation;
  const { tokens = usualTokens } = speculation;
  const { ids, padding, most } = batchPrompts(decoder, { prompts, most: settings.maxNewTokens });
  const [row] = rowsOf(generation, most);
  const drafter = drafterOf(generation, speculation);
  const session = decoder.open({ padding, capacity: ids.length + most, rewind: tokens });
  let proposed = 0;
  let accepted = 0;
  try {
    row!.step(await session.advance(ids));
    for (;;) {
      const piece = row!.piece({ proposed, accepted });
      if (piece) yield piece;
      if (row!.finishReason) return;
      signal?.throwIfAborted();
      const guesses = await drafter.propose(row!.history, Math.min(tokens, row!.remaining - 1));
      const known = session.length;
      const block = Int32Array.from([row!.history.ids.at(-1)!, ...guesses.map(({ token }) => token)]);
      const logits = await session.advance(block, block.length);
      proposed += guesses.length;
      let right = 0;
      for (let at = 0; at < block.length && !row!.finishReason; at++) {
        const own = logits.subarray(at * decoder.vocabulary, (at + 1) * decoder.vocabulary);
        if (at === guesses.length) row!.step(own);
        else if (row!.verify(own, guesses[at]!)) right++;
        else break;
      }
      accepted += right;
      if (right < guesses.length) session.truncate(known + 1 + right);
    }
  } finally {
    session.dispose();
    drafter.dispose();
  }
}

function drafterOf({ decoder, settings }: Generation, speculation: Speculation): Drafter {
  if ("lookup" in speculation) return new LookupDrafter(speculation.lookup.longest ?? usualNgram);
  const { draft, tokens = usualTokens } = speculation;
  if (draft.vocabulary !== decoder.vocabulary) {
    throw new Error(
      `Expected a draft model with the model's vocabulary of ${decoder.vocabulary} tokens. Received ${draft.vocabulary}.`,
    );
  }
  return new ModelDrafter(decoderOf(draft), { config: settings, tokens });
}
