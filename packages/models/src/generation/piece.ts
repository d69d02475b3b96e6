import type { TokenProbability } from "./log-probabilities.ts";

/**
 * Why a text ended: an end token; a stop string; the constraint allows no more; or it is as long as it may be.
 */
export type FinishReason = "end" | "stop" | "complete" | "length";

/** Some more of one text. */
export interface GenerationPiece {
  /** Which text: `prompt * samples + sample`. */
  readonly row: number;
  /** What may be shown now; it follows the pieces before it without a gap. */
  readonly text: string;
  /** The tokens since the piece before, an end token included. Their text may still be held back. */
  readonly ids: readonly number[];
  /** Of each id, as the model itself gave it, when `logProbabilities` or `alternatives` asks for it. */
  readonly logProbabilities: readonly number[];
  /** The likeliest tokens at each id's place, when `alternatives` asks for them. */
  readonly topAlternatives: readonly (readonly TokenProbability[])[];
  /** In the last piece of a text. */
  readonly finishReason: FinishReason | undefined;
  /** In the last piece, where tokens were guessed: how many guesses the model was asked about, and took. */
  readonly speculation?: { readonly proposed: number; readonly accepted: number };
}
