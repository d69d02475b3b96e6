import { freemem } from "node:os";
import { MathBackendCPU } from "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import type { Addon } from "./addon.ts";
import { ArrayPool, type ArrayType, constructors, type Values } from "./array-pool.ts";

/**
 * One tensor's data, and the key that TensorFlow.js knows it by.
 *
 * `array` is for kernels of this package, which neither keep it nor hand it out. Everybody else reads `values`: from then on
 * somebody else may hold the array, so it is never reused and never written to again.
 */
export class NativeData {
  array: Values | undefined;
  dtype: tf.DataType;
  refCount = 1;
  /** The backend allocated the array, and nobody else has seen it. */
  owned: boolean;
  complexTensorInfos?: { real: tf.TensorInfo; imag: tf.TensorInfo };
  /** Of a matrix that lies in the order in which products read it. */
  turned: Turned | undefined;

  constructor(array: Values | undefined, dtype: tf.DataType, owned: boolean) {
    this.array = array;
    this.dtype = dtype;
    this.owned = owned;
  }

  get values(): Values | undefined {
    this.intoRows();
    this.owned = false;
    return this.array;
  }

  set values(array: Values | undefined) {
    this.turned = undefined;
    this.owned = false;
    this.array = array;
  }

  /** For everybody who knows nothing of turned matrices. */
  intoRows(): void {
    if (this.turned === undefined) return;
    this.array = this.turned.intoRows();
    this.turned = undefined;
  }
}

interface Turned {
  /** Rows and columns. */
  readonly shape: readonly [number, number];
  /** The elements in rows, in a new array. */
  inRows(): Float32Array;
  /** The same where they lie; those that other threads may read there in a new array. */
  intoRows(): Float32Array;
}

export interface NativeMemory {
  unreliable: boolean;
  reasons: string[];
  /** Bytes in arrays that are kept for the next tensors of their lengths. */
  pooledBytes: number;
  /** Bytes that are kept at most. */
  poolLimitBytes: number;
}

/** A quarter of the memory that is free when the backend starts, between 64 MiB and 4 GiB. */
function defaultLimit(): number {
  return Math.min(2 ** 32, Math.max(2 ** 26, freemem() / 4));
}

/** TensorFlow.js's cpu backend, whose kernels all work on it, with memory of its own and hot kernels in C++. */
export class NativeBackend extends MathBackendCPU {
  readonly addon: Addon;
  readonly pool = new ArrayPool(defaultLimit(), () => tf.engine().state.numBytes);

  constructor(addon: Addon) {
    super();
    this.addon = addon;
    // It would advise to install another package.
    (this as unknown as { firstUse: boolean }).firstUse = false;
  }

  override write(values: tf.backend_util.BackendValues, _shape: number[], dtype: tf.DataType): object {
    return this.#keep(new NativeData(values as Values, dtype, false));
  }

  override move(
    dataId: object,
    values: tf.backend_util.BackendValues,
    _shape: number[],
    dtype: tf.DataType,
    refCount: number,
  ): void {
    const data = new NativeData(values as Values, dtype, false);
    data.refCount = refCount;
    this.data.set(dataId, data as never);
  }

  /** The data type under which the data lies; a view may be labelled otherwise. */
  typeOf(info: tf.TensorInfo): tf.DataType {
    return this.dataOf(info).dtype;
  }

  /** A new tensor whose array holds anything: the kernel fills it. */
  output<T extends ArrayType>(
    shape: number[],
    dtype: T,
  ): tf.TensorInfo & { dataId: NativeData & { array: ReturnType<ArrayPool["take"]> } } {
    const data = new NativeData(this.pool.take(dtype, tf.util.sizeFromShape(shape)), dtype, true);
    return { dataId: this.#keep(data) as never, shape, dtype };
  }

  /** The data of a tensor of this backend, brought here when another one computed it. */
  dataOf(info: tf.TensorInfo): NativeData {
    const { dataId } = info;
    if (dataId instanceof NativeData && dataId.refCount > 0) return dataId;
    return this.data.get(dataId) as unknown as NativeData;
  }

  /**
   * The elements for reading, in the array type of the tensor's data type. The cpu backend's kernels leave integers under the
   * label "float32" and plain arrays under any: those are converted, once.
   */
  array(info: tf.TensorInfo): Values {
    const data = this.dataOf(info);
    const type = constructors[data.dtype as ArrayType];
    if (type === undefined) {
      throw new Error(`Expected a tensor of float32, int32 or bool. Received one of ${data.dtype}.`);
    }
    data.intoRows();
    if (data.array instanceof type) return data.array;
    if (data.array === undefined) throw new Error("Expected a tensor with data. Received one that was disposed.");
    const converted = this.pool.take(data.dtype as ArrayType, data.array.length);
    converted.set(data.array);
    // What was there belongs to another tensor, too, or came from outside.
    data.array = converted;
    data.owned = true;
    return converted;
  }

  /** The elements as floats, for reading. */
  floats(info: tf.TensorInfo): Float32Array {
    const values = this.array(info);
    return values instanceof Float32Array ? values : Float32Array.from(values);
  }

  /** The elements as floats, to be written over. What somebody else may hold keeps its values: the tensor gets a copy. */
  writable(info: tf.TensorInfo): Float32Array {
    const values = this.floats(info);
    const data = this.dataOf(info);
    if (data.owned) return values;
    const copy = this.pool.take("float32", values.length);
    copy.set(values);
    data.array = copy;
    data.owned = true;
    return copy;
  }

  /**
   * The tensor of a matrix whose array is the backend's from now on, in the order in which products read it: `turnBlocks` in
   * kernels/turned.cc. Products with it give what they would with rows, to rounding; whoever else reads it finds rows.
   *
   * @param already whether the array is in that order
   */
  turned(values: Float32Array, shape: readonly [number, number], { already = false } = {}): tf.TensorInfo {
    const [rows, columns] = shape;
    const { turnBlocks } = this.addon;
    const data = new NativeData(values, "float32", false);
    // A program compiled before it was written lacks it.
    if (turnBlocks !== undefined) {
      if (!already) turnBlocks(values, rows, columns, false);
      const back = (array: Float32Array) => {
        turnBlocks(array, rows, columns, true);
        return array;
      };
      const inRows = () => back(new Float32Array(values));
      const isShared = typeof SharedArrayBuffer !== "undefined" && values.buffer instanceof SharedArrayBuffer;
      data.turned = { shape, inRows, intoRows: isShared ? inRows : () => back(values) };
    }
    return { dataId: this.#keep(data), shape: [rows, columns], dtype: "float32" };
  }

  /** The elements that `turned` brought into their order, for products; undefined for tensors that are no such matrix. */
  turnedFloats(info: tf.TensorInfo): Float32Array | undefined {
    const { turned, array } = this.dataOf(info);
    if (turned === undefined) return undefined;
    const { shape } = info;
    const [rows, columns] = turned.shape;
    // Some operations put axes of length 1 before: the size is the same, as it is the same data.
    return shape.at(-2) === rows && shape.at(-1) === columns ? (array as Float32Array) : undefined;
  }

  /** Whether the tensor is a matrix that `turned` made, and still in that order. */
  isTurned(info: tf.TensorInfo): boolean {
    return this.dataOf(info).turned !== undefined;
  }

  /** A copy in rows of a matrix that is turned, which it stays. */
  override readSync(dataId: object): tf.backend_util.BackendValues {
    const data = this.data.get(dataId) as unknown as NativeData;
    return data.turned === undefined ? super.readSync(dataId) : data.turned.inRows();
  }

  override refCount(dataId: object): number {
    return dataId instanceof NativeData ? dataId.refCount : super.refCount(dataId);
  }

  override disposeData(dataId: object, force = false): boolean {
    if (!this.data.has(dataId)) return true;
    const data = this.data.get(dataId) as unknown as NativeData;
    data.refCount--;
    if (!force && data.refCount > 0) return false;
    data.refCount = 0;
    if (data.complexTensorInfos !== undefined) {
      this.disposeData(data.complexTensorInfos.real.dataId, true);
      this.disposeData(data.complexTensorInfos.imag.dataId, true);
    }
    this.data.delete(dataId);
    if (data.owned && data.array !== undefined) this.pool.give(data.dtype as ArrayType, data.array);
    data.array = undefined;
    data.turned = undefined;
    return true;
  }

  override memory(): NativeMemory {
    return {
      unreliable: true,
      reasons: [
        `${(this.pool.bytes / 2 ** 20).toFixed(1)} MiB more are kept for the next tensors; arrays that were read are freed by garbage collection`,
      ],
      pooledBytes: this.pool.bytes,
      poolLimitBytes: this.pool.mostBytes,
    };
  }

  /** Threads that compute; from 1 to 256. */
  get threads(): number {
    return this.addon.threads();
  }

  set threads(threads: number) {
    this.addon.setThreads(threads);
  }

  /** Takes one part of the processors, for one of `others` that compute at the same time. NACRE_THREADS outweighs it. */
  shareProcessors(others: number): void {
    if (!process.env.NACRE_THREADS) this.threads = Math.max(1, Math.floor(this.addon.usableThreads() / others));
  }

  /** Asks the system for large pages under an array that nobody has written to. */
  largePages(array: Uint8Array): void {
    this.addon.largePages(array);
  }

  override dispose(): void {
    this.pool.clear();
    this.addon.trim(0);
  }

  #keep(data: NativeData): object {
    this.data.set(data, data as never);
    return data;
  }
}
