import { Random } from "@nacre/random";
import { finish } from "./hash.ts";
import type { LshBands } from "./lsh-bands.ts";
import { type ShingleOptions, Shingler } from "./shingles.ts";

export interface MinHashOptions extends ShingleOptions {
  /** Values of a signature. */
  readonly permutations: number;
  readonly seed: number;
}

/**
 * Signatures of texts: for each of `permutations` bijections of 32-bit numbers, the least image of the text's shingles (Broder 1997). The share
 * of places in which two signatures agree estimates the Jaccard similarity J with standard error √(J (1 - J) / permutations).
 *
 * Bijection i is x → a_i · (x XOR b_i) mod 2³² with a_i odd, compared as signed numbers: a shingle is hashed well before it.
 */
export class MinHash {
  readonly permutations: number;
  readonly #shingler: Shingler;
  readonly #factors: Int32Array;
  readonly #masks: Int32Array;

  constructor({ permutations, seed, size }: MinHashOptions) {
    this.permutations = permutations;
    this.#shingler = new Shingler({ size });
    const random = new Random(seed).fork("minhash");
    const word = (): number => Math.floor(random.uniform() * 2 ** 32) | 0;
    this.#factors = Int32Array.from({ length: permutations }, () => word() | 1);
    this.#masks = Int32Array.from({ length: permutations }, word);
  }

  /** Writes the signature of a text to `out`, `permutations` numbers. A text without words has the largest number everywhere. */
  sign(text: string, out: Int32Array): void {
    out.fill(0x7fffffff);
    const shingles = this.#shingler.hashes(text);
    const factors = this.#factors;
    const masks = this.#masks;
    const { length } = factors;
    for (let at = 0; at < shingles.length; at++) {
      const shingle = shingles[at]!;
      for (let index = 0; index < length; index++) {
        const image = Math.imul(shingle ^ masks[index]!, factors[index]!);
        if (image < out[index]!) out[index] = image;
      }
    }
  }
}

/** Writes the 64-bit hash of each band of a signature to `out`: `2 · bands` numbers, the halves of each after one another. */
export function hashBands(signature: Int32Array, { bands, rows }: LshBands, out: Int32Array): void {
  for (let band = 0; band < bands; band++) {
    let low = band;
    let high = ~band;
    for (let row = 0; row < rows; row++) {
      const value = signature[band * rows + row]!;
      low = Math.imul(low ^ value, 0x01000193);
      low ^= low >>> 15;
      high = Math.imul(high + value, 0x5bd1e995);
      high ^= high >>> 13;
    }
    out[2 * band] = finish(low);
    out[2 * band + 1] = finish(high);
  }
}
