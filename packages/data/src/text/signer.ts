import type { LshBands } from "./lsh-bands.ts";
import { hashBands, MinHash, type MinHashOptions } from "./min-hash.ts";

export interface SignerOptions extends MinHashOptions, LshBands {}

/** What is kept of a batch of texts. */
export interface SignedBatch {
  /** By text: `2 · bands` numbers. */
  readonly bandHashes: Int32Array<ArrayBuffer>;
  /** By text: `permutations` numbers, the lower 16 bits of the signature. */
  readonly signatures: Uint16Array<ArrayBuffer>;
}

/** Signs batches of texts; the same in every thread. */
export function createSigner(options: SignerOptions): (texts: readonly string[]) => SignedBatch {
  const { permutations, bands } = options;
  const minHash = new MinHash(options);
  const signature = new Int32Array(permutations);
  return (texts) => {
    const bandHashes = new Int32Array(texts.length * 2 * bands);
    const signatures = new Uint16Array(texts.length * permutations);
    for (const [index, text] of texts.entries()) {
      minHash.sign(text, signature);
      hashBands(signature, options, bandHashes.subarray(index * 2 * bands, (index + 1) * 2 * bands));
      signatures.set(signature, index * permutations);
    }
    return { bandHashes, signatures };
  };
}
