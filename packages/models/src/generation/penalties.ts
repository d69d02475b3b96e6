/**
 * What changes one row of logits [V] before a token is chosen, in place and without memory of earlier calls. A token is ruled out
 * by -Infinity. `choose` applies them in the order in which they stand here.
 */

/** Adds to the logits of some tokens. */
export function biasLogits(logits: Float32Array, bias: Iterable<readonly [token: number, bias: number]>): void {
  for (const [token, value] of bias) logits[token]! += value;
}

/** Divides positive logits of tokens that occurred, and multiplies negative ones (Keskar et al. 2019, CTRL, section 4.1). */
export function penalizeRepetition(logits: Float32Array, occurred: Iterable<number>, penalty: number): void {
  for (const token of occurred) {
    const value = logits[token]!;
    logits[token] = value < 0 ? value * penalty : value / penalty;
  }
}

/** Subtracts `presence` from each token that occurred and `frequency` for each time it did (as in OpenAI's interface). */
export function penalizeOccurrence(
  logits: Float32Array,
  counts: ReadonlyMap<number, number>,
  { presence, frequency }: { presence: number; frequency: number },
): void {
  for (const [token, count] of counts) logits[token]! -= presence + frequency * count;
}

/** Rules out tokens that would complete a run of `size` tokens that is in `ids` already (Paulus et al. 2017, section 2.5). */
export function banRepeatedNgrams(logits: Float32Array, ids: readonly number[], size: number): void {
  const start = ids.length - size + 1; // of the size - 1 tokens that the next one would follow
  if (start < 0) return;
  for (let at = 0; at + size <= ids.length; at++) {
    let same = true;
    for (let i = 0; i < size - 1 && same; i++) same = ids[at + i] === ids[start + i];
    if (same) logits[ids[at + size - 1]!] = Number.NEGATIVE_INFINITY;
  }
}

/** Rules out the last token of each sequence whose other tokens end `ids`. */
export function banSequences(
  logits: Float32Array,
  ids: readonly number[],
  sequences: readonly (readonly number[])[],
): void {
  for (const sequence of sequences) {
    const rest = sequence.length - 1;
    const start = ids.length - rest;
    if (start < 0) continue;
    let same = true;
    for (let i = 0; i < rest && same; i++) same = ids[start + i] === sequence[i];
    if (same) logits[sequence[rest]!] = Number.NEGATIVE_INFINITY;
  }
}

/** Rules tokens out. */
export function banTokens(logits: Float32Array, tokens: Iterable<number>): void {
  for (const token of tokens) logits[token] = Number.NEGATIVE_INFINITY;
}
