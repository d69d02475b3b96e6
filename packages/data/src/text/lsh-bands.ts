/** How a signature is cut into bands for locality-sensitive hashing. */
export interface LshBands {
  readonly bands: number;
  /** Values of the signature in each band. */
  readonly rows: number;
}

export interface LshError {
  /** ∫ from 0 to the threshold of the chance to become a candidate: pairs looked at in vain. */
  readonly falsePositive: number;
  /** ∫ from the threshold to 1 of the chance to be missed. */
  readonly falseNegative: number;
}

/**
 * The chance that two documents of a given Jaccard similarity share at least one band: 1 - (1 - s^rows)^bands (Leskovec, Rajaraman,
 * Ullman: Mining of Massive Datasets, section 3.4.2).
 */
export function candidateChance(similarity: number, { bands, rows }: LshBands): number {
  return 1 - (1 - similarity ** rows) ** bands;
}

/**
 * The cut of at most `permutations` values whose areas of false positives and false negatives around the threshold, weighted, have the
 * least sum.
 *
 * @param falseNegativeWeight from 0 to 1; the rest weighs false positives. Default 0.5.
 */
export function chooseBands(threshold: number, permutations: number, falseNegativeWeight = 0.5): LshBands & LshError {
  let best: (LshBands & LshError) | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (let rows = 1; rows <= permutations; rows++) {
    for (let bands = 1; bands * rows <= permutations; bands++) {
      const error = lshError(threshold, { bands, rows });
      const sum = (1 - falseNegativeWeight) * error.falsePositive + falseNegativeWeight * error.falseNegative;
      if (sum < least) {
        least = sum;
        best = { bands, rows, ...error };
      }
    }
  }
  return best!;
}

/** The two areas of a cut, by Simpson's rule on 100 steps each. */
export function lshError(threshold: number, bands: LshBands): LshError {
  return {
    falsePositive: integral((similarity) => candidateChance(similarity, bands), 0, threshold),
    falseNegative: integral((similarity) => 1 - candidateChance(similarity, bands), threshold, 1),
  };
}

function integral(value: (at: number) => number, from: number, to: number): number {
  const steps = 100;
  const step = (to - from) / steps;
  let sum = value(from) + value(to);
  for (let index = 1; index < steps; index++) sum += (index % 2 === 1 ? 4 : 2) * value(from + index * step);
  return (sum * step) / 3;
}
