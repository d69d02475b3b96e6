import * as tf from "@tensorflow/tfjs-core";
import type { QuantizedWeights } from "./fused/quantized.ts";
import { type Model, parameters } from "./parameters.ts";

/** Weights that are moved together: so much is held twice meanwhile. */
const runBytes = 2 ** 27;

/** Every array begins with a cache line. */
const lineBytes = 64;

interface WithLargePages {
  /** Asks the system for large pages under an array that nobody has written to. */
  largePages?(array: Uint8Array): void;
}

/**
 * Zeros in memory that is quick to read through: in large pages, where the backend at work knows how to ask for them, so that the
 * processor neither looks up nor stops at every four kilobytes.
 */
function largePages(bytes: number): ArrayBuffer {
  const array = new Uint8Array(bytes);
  (tf.backend() as WithLargePages).largePages?.(array);
  return array.buffer;
}

/**
 * Moves the parameters of a model that will be used, not trained, into one run of large pages, in their order; decoding reads them
 * all for each token. Their values stay. Nothing happens where the backend cannot, to small ones, and to those in shared memory.
 */
export function settleParameters(model: Model): void {
  if ((tf.backend() as WithLargePages).largePages === undefined) return;
  let run: tf.Variable[] = [];
  let bytes = 0;
  const move = () => {
    if (bytes >= 2 ** 21) place(run, bytes);
    run = [];
    bytes = 0;
  };
  for (const variable of parameters(model).values()) {
    if (variable.dtype !== "float32" || variable.size === 0) continue;
    run.push(variable);
    bytes += padded(4 * variable.size);
    if (bytes >= runBytes) move();
  }
  move();
}

function place(variables: readonly tf.Variable[], bytes: number): void {
  const buffer = largePages(bytes);
  let start = 0;
  for (const variable of variables) {
    const values = variable.dataSync() as Float32Array;
    if (typeof SharedArrayBuffer !== "undefined" && values.buffer instanceof SharedArrayBuffer) continue;
    const moved = new Float32Array(buffer, start, variable.size);
    moved.set(values);
    tf.tidy(() => variable.assign(tf.tensor(moved, variable.shape)));
    start += padded(4 * variable.size);
  }
}

function padded(bytes: number): number {
  return Math.ceil(bytes / lineBytes) * lineBytes;
}

/** The same for quantised weights, which are plain arrays: new ones in one run, in this order. */
export function settleQuantized(weights: readonly QuantizedWeights[]): QuantizedWeights[] {
  const sizes = weights.flatMap(({ values, scales }) => [values.byteLength, scales.byteLength]);
  const buffer = largePages(sizes.reduce((sum, size) => sum + padded(size), 0));
  let start = 0;
  const move = <T extends Int8Array | Uint8Array | Float32Array>(from: T): T => {
    const make = from.constructor as new (buffer: ArrayBuffer, start: number, length: number) => T;
    const to = new make(buffer, start, from.length);
    to.set(from);
    start += padded(from.byteLength);
    return to;
  };
  return weights.map(({ values, scales, ...rest }) => ({ ...rest, values: move(values), scales: move(scales) }));
}
