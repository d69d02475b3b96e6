import { philox, type Words } from "./philox.ts";

/** What is needed to continue a stream: JSON. */
export interface RandomState {
  readonly key: readonly [number, number];
  /** 32-bit words drawn so far. */
  readonly position: number;
}

/**
 * A seeded stream of random numbers. The same seed, the same forks and the same number of draws give the same values on
 * every machine and backend. Not for cryptography.
 *
 * The generator is counter-based (Philox4x32-10): word n of a stream is a pure function of its key and n. So a stream forks
 * by name, skips in constant time, and its whole state is a key and a position.
 */
export class Random {
  readonly #key: readonly [number, number];
  readonly #block = new Uint32Array(4);
  #blockIndex = -1;
  #position = 0;

  /** @throws RangeError unless `seed` is an integer from 0 to 2^53 - 1. */
  constructor(seed: number | RandomState) {
    if (typeof seed === "object") {
      this.#key = [seed.key[0] >>> 0, seed.key[1] >>> 0];
      this.#position = seed.position;
      return;
    }
    if (!Number.isSafeInteger(seed) || seed < 0) {
      throw new RangeError(`Expected a seed that is an integer from 0 to 2^53 - 1. Received ${seed}.`);
    }
    this.#key = [seed >>> 0, Math.floor(seed / 2 ** 32)];
  }

  /** The stream's key and position; `new Random(state)` continues it. */
  get state(): RandomState {
    return { key: this.#key, position: this.#position };
  }

  /**
   * An independent stream named by `path`. It depends on this stream's key and the path alone, not on how much was drawn:
   * `random.fork("dropout", step)` is the same before and after any other draw.
   */
  fork(...path: readonly (string | number)[]): Random {
    let key = this.#key;
    const out = new Uint32Array(4);
    for (const part of path) {
      for (const words of pathWords(part)) {
        philox(words, key, out);
        key = [out[0]!, out[1]!];
      }
    }
    return new Random({ key, position: 0 });
  }

  /** An unsigned 32-bit integer. */
  uint32(): number {
    const block = Math.floor(this.#position / 4);
    if (block !== this.#blockIndex) {
      philox([block >>> 0, Math.floor(block / 2 ** 32), 0, 0], this.#key, this.#block);
      this.#blockIndex = block;
    }
    return this.#block[this.#position++ & 3]!;
  }

  /** Uniform in [0, 1), a multiple of 2^-32. */
  uniform(): number {
    return this.uint32() * 2 ** -32;
  }

  /** Standard normal (Box and Muller 1958); two words a draw. */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log((this.uint32() + 1) * 2 ** -32));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /**
   * An integer in [0, bound), without bias (Lemire 2019, "Fast random integer generation in an interval").
   *
   * @throws RangeError unless `bound` is an integer from 1 to 2^32.
   */
  integer(bound: number): number {
    if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 32) {
      throw new RangeError(`Expected a bound that is an integer from 1 to 2^32. Received ${bound}.`);
    }
    const threshold = 2 ** 32 % bound;
    for (;;) {
      const word = this.uint32();
      if (word >= threshold) return word % bound;
    }
  }

  /** Fills with uniform values in [minimum, maximum). */
  fillUniform(out: Float32Array, minimum = 0, maximum = 1): Float32Array {
    const scale = maximum - minimum;
    for (let i = 0; i < out.length; i++) out[i] = minimum + scale * this.#uniform24();
    return out;
  }

  /** Fills with normal values; both values of each Box–Muller pair are used. */
  fillNormal(out: Float32Array, mean = 0, deviation = 1): Float32Array {
    for (let i = 0; i < out.length; i += 2) {
      const radius = deviation * Math.sqrt(-2 * Math.log((this.uint32() + 1) * 2 ** -32));
      const angle = 2 * Math.PI * this.uniform();
      out[i] = mean + radius * Math.cos(angle);
      if (i + 1 < out.length) out[i + 1] = mean + radius * Math.sin(angle);
    }
    return out;
  }

  /** Reorders in place (Fisher and Yates) and returns the same array. */
  shuffle<T extends { length: number; [index: number]: unknown }>(items: T): T {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const item = items[i];
      items[i] = items[j];
      items[j] = item;
    }
    return items;
  }

  /** 0 … length - 1 in random order. */
  permutation(length: number): Uint32Array {
    return this.shuffle(Uint32Array.from({ length }, (_, index) => index));
  }

  /** Float32 has 24 bits of precision; more would round up to 1. */
  #uniform24(): number {
    return (this.uint32() >>> 8) * 2 ** -24;
  }
}

const encoder = new TextEncoder();

/** The counters that name one part of a path; the last word tells names, numbers and lengths apart. */
function* pathWords(part: string | number): Generator<Words> {
  if (typeof part === "number") {
    if (!Number.isSafeInteger(part)) throw new RangeError(`Expected a path of text and integers. Received ${part}.`);
    yield [part >>> 0, Math.floor(part / 2 ** 32) >>> 0, 0, 0x80000000];
    return;
  }
  const bytes = encoder.encode(part);
  const padded = new DataView(new ArrayBuffer(Math.max(12, Math.ceil(bytes.length / 12) * 12)));
  new Uint8Array(padded.buffer).set(bytes);
  for (let at = 0; at < padded.byteLength; at += 12) {
    yield [
      padded.getUint32(at, true),
      padded.getUint32(at + 4, true),
      padded.getUint32(at + 8, true),
      (0xc0000000 | bytes.length) >>> 0,
    ];
  }
}
