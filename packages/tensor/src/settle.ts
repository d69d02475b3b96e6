import * as tf from "@tensorflow/tfjs-core";
import type { QuantizedWeights } from "./fused/quantized.ts";
import { type Model, parameters } from "./parameters.ts";

/** Weights that are moved together: so much is held twice meanwhile. */
const runBytes = 2 ** 27;

/** Every array begins with a cache line. */
const lineBytes = 64;

/** What the native backend can do for weights that stay as they are. */
interface Settling {
  /** Asks the system for large pages under an array that nobody has written to. */
  largePages?(array: Uint8Array): void;
  /** The tensor of a matrix [O, I], whose array is brought into the order in which products read it, or is in it `already`. */
  turned?(
    values: Float32Array,
    shape: readonly [number, number],
    options: { readonly already: boolean },
  ): tf.TensorInfo;
  /** Whether that was done. */
  isTurned?(tensor: tf.Tensor): boolean;
}

const settling = () => tf.backend() as Settling;

/**
 * Zeros in memory that is quick to read through: in large pages, where the backend at work knows how to ask for them, so that the
 * processor neither looks up nor stops at every four kilobytes.
 */
function largePages(bytes: number): ArrayBuffer {
  const array = new Uint8Array(bytes);
  settling().largePages?.(array);
  return array.buffer;
}

export interface SettleOptions {
  /**
   * Those parameters [O, I] that are the weights of `linear`. They are brought into the order in which products read them, so that
   * these need not do it every time. Reading one gives a copy of its rows; an operation that knows nothing of the order puts it
   * back into rows.
   */
  readonly multiplied?: Iterable<tf.Variable>;
  /**
   * One number, 0 at first, that goes with weights in a SharedArrayBuffer, shared as they are: only with it are those in
   * `multiplied` brought into their order, where they lie, by the first thread that settles such a model. Nobody may read the
   * bytes afterwards but models that are settled with the same number.
   */
  readonly order?: Int32Array;
}

/**
 * Puts the parameters of a model that will be used, not trained, where they are quick to read through: into runs of large pages, in
 * their order; decoding reads them all for each token. Their values stay. Nothing happens where the backend cannot, and to
 * those in shared memory nothing but what `order` allows.
 *
 * @throws Error when another thread, which has begun to bring shared weights into their order, is not done within a minute, or when
 * it has and the backend at work knows nothing of it.
 */
export function settleParameters(model: Model, { multiplied = [], order }: SettleOptions = {}): void {
  const matrices = new Set([...multiplied].filter(({ dtype, rank }) => dtype === "float32" && rank === 2));
  if (settling().largePages !== undefined) move(model, matrices);
  if (order !== undefined && matrices.size > 0) settleShared(matrices, order);
}

function move(model: Model, matrices: ReadonlySet<tf.Variable>): void {
  let run: tf.Variable[] = [];
  let bytes = 0;
  const end = () => {
    place(run, bytes, matrices);
    run = [];
    bytes = 0;
  };
  for (const variable of parameters(model).values()) {
    if (variable.dtype !== "float32" || variable.size === 0 || isTurned(variable) || isShared(variable)) continue;
    run.push(variable);
    bytes += padded(4 * variable.size);
    if (bytes >= runBytes) end();
  }
  end();
}

function place(variables: readonly tf.Variable[], bytes: number, matrices: ReadonlySet<tf.Variable>): void {
  const buffer = largePages(bytes);
  let start = 0;
  for (const variable of variables) {
    const moved = new Float32Array(buffer, start, variable.size);
    moved.set(variable.dataSync());
    if (matrices.has(variable) && settling().turned !== undefined) turn(variable, moved);
    else tf.tidy(() => variable.assign(tf.tensor(moved, variable.shape)));
    start += padded(4 * variable.size);
  }
}

function turn(variable: tf.Variable, values: Float32Array, { already = false } = {}): void {
  const info = settling().turned!(values, variable.shape as [number, number], { already });
  tf.tidy(() => variable.assign(tf.engine().makeTensorFromTensorInfo(info)));
}

function isTurned(variable: tf.Variable): boolean {
  return settling().isTurned?.(variable) === true;
}

function isShared(variable: tf.Variable): boolean {
  return typeof SharedArrayBuffer !== "undefined" && variable.dataSync().buffer instanceof SharedArrayBuffer;
}

/** What `order` says of the weights: 0 as long as nobody has settled them. */
const underWay = 1;
const inOrder = 2;
const inRows = 3;

function settleShared(matrices: Iterable<tf.Variable>, order: Int32Array): void {
  const can = settling().turned !== undefined;
  // Other backends have copies of their own, of whatever lay there.
  const shared = can ? [...matrices].filter((matrix) => !isTurned(matrix) && isShared(matrix)) : [];
  if (can && shared.length === 0) return;
  const before = Atomics.compareExchange(order, 0, 0, can ? underWay : inRows);
  if (can && before === 0) {
    turnAll(shared, { already: false });
    Atomics.store(order, 0, inOrder);
    Atomics.notify(order, 0);
    return;
  }
  if (before === underWay && order.buffer instanceof SharedArrayBuffer) Atomics.wait(order, 0, underWay, 60_000);
  const now = Atomics.load(order, 0);
  if (now === inRows) return;
  if (now !== inOrder) {
    throw new Error(
      "Expected shared weights in one order. Received some that another thread left half-way, or has not settled within a " +
        "minute: load them anew.",
    );
  }
  if (!can) {
    throw new Error(
      `Expected shared weights in rows on the backend ${tf.getBackend()}. Received some in the order of another backend: ` +
        "use the same one in all threads.",
    );
  }
  turnAll(shared, { already: true });
}

function turnAll(matrices: readonly tf.Variable[], options: { readonly already: boolean }): void {
  for (const matrix of matrices) turn(matrix, matrix.dataSync() as Float32Array, options);
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
