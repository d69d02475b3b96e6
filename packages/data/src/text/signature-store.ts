import { builtin } from "../builtin.ts";

/** Files of one run: a file for each band (high, low, document: 12 bytes each), one of signatures (2 bytes a value), and the state. */
export class SignatureStore {
  readonly folder: string;
  readonly #bands: number;
  readonly #permutations: number;
  #files: number[] = [];

  constructor(folder: string, { bands, permutations }: { readonly bands: number; readonly permutations: number }) {
    this.folder = folder;
    this.#bands = bands;
    this.#permutations = permutations;
  }

  /** Opens the files, cut off after `documents`: what was written later is not known to be whole. */
  open(documents: number): void {
    const { ftruncateSync, mkdirSync, openSync, fstatSync } = builtin("node:fs");
    mkdirSync(this.folder, { recursive: true });
    for (let index = 0; index <= this.#bands; index++) {
      const path = this.path(index < this.#bands ? `band-${index}.bin` : "signatures.bin");
      const file = openSync(path, documents === 0 ? "w+" : "r+");
      this.#files.push(file);
      const size = documents * (index < this.#bands ? 12 : 2 * this.#permutations);
      if (fstatSync(file).size < size) {
        throw new Error(
          `${path}: expected at least ${size} bytes. The file is cut off: delete ${this.folder} and start again.`,
        );
      }
      ftruncateSync(file, size);
    }
  }

  path(name: string): string {
    return builtin("node:path").join(this.folder, name);
  }

  /** Appends the documents from number `start` on. */
  append(start: number, bandHashes: Int32Array, signatures: Uint16Array): void {
    const { writeSync } = builtin("node:fs");
    const count = signatures.length / this.#permutations;
    const records = new Int32Array(3 * count);
    for (let band = 0; band < this.#bands; band++) {
      for (let index = 0; index < count; index++) {
        const place = 2 * (index * this.#bands + band);
        records[3 * index] = bandHashes[place]!;
        records[3 * index + 1] = bandHashes[place + 1]!;
        records[3 * index + 2] = start + index;
      }
      writeSync(this.#files[band]!, records, 0, records.byteLength, 12 * start);
    }
    const file = this.#files[this.#bands]!;
    writeSync(file, signatures, 0, signatures.byteLength, 2 * this.#permutations * start);
  }

  /** Chunks of a band's records, in the order of the documents. Each overwrites the one before. */
  *band(band: number): Generator<Int32Array, void> {
    const { readSync } = builtin("node:fs");
    const chunk = new Int32Array(3 * 65_536);
    for (let at = 0; ; ) {
      const bytes = readSync(this.#files[band]!, chunk, 0, chunk.byteLength, at);
      if (bytes === 0) return;
      at += bytes;
      yield chunk.subarray(0, bytes / 4);
    }
  }

  /**
   * A function that gives the share of places in which two documents' signatures agree. Holds all signatures in memory if they take no
   * more than `memory` bytes, else reads the two.
   */
  comparison(documents: number, memory: number): (left: number, right: number) => number {
    const { readSync } = builtin("node:fs");
    const file = this.#files[this.#bands]!;
    const length = this.#permutations;
    const agree = (first: Uint16Array, from: number, second: Uint16Array, to: number): number => {
      let equal = 0;
      for (let index = 0; index < length; index++) if (first[from + index] === second[to + index]) equal++;
      return equal / length;
    };
    if (2 * documents * length <= memory) {
      const all = new Uint16Array(documents * length);
      for (let at = 0; at < all.byteLength; ) {
        const bytes = readSync(file, all, at, Math.min(1 << 28, all.byteLength - at), at);
        if (bytes === 0) throw new Error(`${this.path("signatures.bin")}: the file is cut off.`);
        at += bytes;
      }
      return (left, right) => agree(all, left * length, all, right * length);
    }
    const [first, second] = [new Uint16Array(length), new Uint16Array(length)];
    return (left, right) => {
      readSync(file, first, 0, 2 * length, 2 * length * left);
      readSync(file, second, 0, 2 * length, 2 * length * right);
      return agree(first, 0, second, 0);
    };
  }

  close(): void {
    const { closeSync } = builtin("node:fs");
    for (const file of this.#files.splice(0)) closeSync(file);
  }
}
