/**
 * Where each feature's wave lies: `interleaved` is sin, cos, sin, cos, … as the paper writes it; `halves` is all sines, then all
 * cosines, as its authors' own code, Marian and Hugging Face have it. One is a permutation of the other.
 */
export type SinusoidOrder = "halves" | "interleaved";

/**
 * Vaswani et al. 2017, section 3.5: sin(p / 10000^(2i / C)) and cos(p / 10000^(2i / C)) for the positions p = 0 … T − 1, row-major
 * [T, C].
 *
 * @throws RangeError for an odd width: the waves come in pairs.
 */
export function sinusoidalPositions(time: number, width: number, order: SinusoidOrder = "halves"): Float32Array {
  if (width % 2 !== 0) {
    throw new RangeError(`sinusoidalPositions: expected an even width, a sine and a cosine each. Received ${width}.`);
  }
  const pairs = width / 2;
  const table = new Float32Array(time * width);
  for (let position = 0; position < time; position++) {
    for (let pair = 0; pair < pairs; pair++) {
      const angle = position / 10000 ** ((2 * pair) / width);
      const [sine, cosine] = order === "halves" ? [pair, pairs + pair] : [2 * pair, 2 * pair + 1];
      table[position * width + sine] = Math.sin(angle);
      table[position * width + cosine] = Math.cos(angle);
    }
  }
  return table;
}
