import type { Candidates } from "./candidates.ts";

export interface TokenProbability {
  readonly id: number;
  /** Natural logarithm of the probability that the model itself gave it, before penalties and temperature. */
  readonly logProbability: number;
}

/**
 * The `count` likeliest tokens of a row of logits [V], the likeliest first, of equals the lower id; `normalizer` is the row's
 * log Σ e^x. Uses `candidates` to find them.
 */
export function likeliest(
  logits: Float32Array,
  candidates: Candidates,
  { count, normalizer }: { count: number; normalizer: number },
): TokenProbability[] {
  if (count === 0) return [];
  candidates.load(logits, { k: count });
  return Array.from(candidates.ids.subarray(0, candidates.count), (id) => ({
    id,
    logProbability: logits[id]! - normalizer,
  })).sort((a, b) => b.logProbability - a.logProbability || a.id - b.id);
}
