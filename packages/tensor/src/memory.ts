import * as tf from "@tensorflow/tfjs-core";

/** Bytes of the data of all tensors; views and copies of a handle count once. What backends keep for reuse is not in it. */
export interface TensorMemory {
  readonly bytes: number;
  /** The most since `restart`. */
  readonly peakBytes: number;
  restart(): void;
}

/**
 * Counts tensor memory from now on, for the whole process. Tensors that are there already count with what the engine says of
 * them.
 */
export function tensorMemory(): TensorMemory {
  const state = tf.engine().state as unknown as { tensorInfo: Buffers; numBytes: number };
  if (state.tensorInfo instanceof CountedBuffers) return state.tensorInfo;
  const counted = new CountedBuffers(state.tensorInfo, state.numBytes);
  state.tensorInfo = counted;
  return counted;
}

interface BufferInfo {
  readonly bytes: number;
}

type Buffers = WeakMap<object, BufferInfo>;

/** Where the engine notes the buffer of each new tensor and strikes it off: the one place that sees them all. */
class CountedBuffers extends WeakMap<object, BufferInfo> implements TensorMemory {
  readonly #before: Buffers;
  bytes: number;
  peakBytes: number;

  constructor(before: Buffers, bytes: number) {
    super();
    this.#before = before;
    this.bytes = bytes;
    this.peakBytes = bytes;
  }

  restart(): void {
    this.peakBytes = this.bytes;
  }

  override has(key: object): boolean {
    return super.has(key) || this.#before.has(key);
  }

  override get(key: object): BufferInfo | undefined {
    return super.get(key) ?? this.#before.get(key);
  }

  override set(key: object, info: BufferInfo): this {
    this.bytes += info.bytes;
    if (this.bytes > this.peakBytes) this.peakBytes = this.bytes;
    return super.set(key, info);
  }

  override delete(key: object): boolean {
    this.bytes -= this.get(key)?.bytes ?? 0;
    return super.delete(key) || this.#before.delete(key);
  }
}
