/** Count, mean and sum of squared differences from the mean: enough for a variance, and mergeable. */
export interface Moments {
  readonly count: number;
  readonly mean: number;
  /** Sum of (value - mean)². */
  readonly squares: number;
}

export const noMoments: Moments = { count: 0, mean: 0, squares: 0 };

/** Welford, "Note on a method for calculating corrected sums of squares and products", Technometrics 1962. */
export function observe({ count, mean, squares }: Moments, value: number): Moments {
  const difference = value - mean;
  const next = mean + difference / (count + 1);
  return { count: count + 1, mean: next, squares: squares + difference * (value - next) };
}

/** Chan, Golub, LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances", 1979, eq. 2.1. */
export function mergeMoments(left: Moments, right: Moments): Moments {
  if (left.count === 0) return right;
  if (right.count === 0) return left;
  const count = left.count + right.count;
  const difference = right.mean - left.mean;
  return {
    count,
    mean: left.mean + (difference * right.count) / count,
    squares: left.squares + right.squares + (difference * difference * left.count * right.count) / count,
  };
}

/** Square root of the population variance; 0 without values. */
export function deviation({ count, squares }: Moments): number {
  return count === 0 ? 0 : Math.sqrt(squares / count);
}

/**
 * The value below which a share of the sorted values lies, interpolated linearly between neighbours
 * (Hyndman and Fan 1996, type 7: what NumPy and R do unless told otherwise). NaN without values.
 */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  if (sorted.length === 0) return Number.NaN;
  const position = share * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (high - low) * (position - below);
}
