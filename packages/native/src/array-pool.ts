/** Arrays that the backend allocates: the types that TensorFlow.js keeps its data types in. */
export type Values = Float32Array | Int32Array | Uint8Array;

export type ArrayType = "float32" | "int32" | "bool";

/** The array type of each data type. */
export const constructors = { float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const;

/** Even a small array is worth keeping: giving it to C++ for the first time costs more than finding it. */
const smallest = 1;

/** Kept whatever else is in use. */
const floorBytes = 2 ** 26;

/** Arrays of one length. */
interface Kept {
  readonly arrays: Values[];
  /** One of them was wanted since the pool was last full. */
  wanted: boolean;
}

/**
 * Keeps arrays that nobody sees any more for the next tensor of the same type and length. Making a large array costs more
 * than computing it: its memory comes from the system in pages that must be cleared first.
 *
 * No more is kept than was ever in use at once. Steps of equal shapes then find all their arrays again, and steps of ever other
 * shapes, whose arrays fit none that come later, need twice the memory that they would without a pool, not all there is.
 */
export class ArrayPool {
  readonly #free: Record<ArrayType, Map<number, Kept>> = { float32: new Map(), int32: new Map(), bool: new Map() };
  readonly #inUse: () => number;
  #bytes = 0;
  #limit: number;
  #mostInUse = floorBytes;

  /** @param inUse bytes of all tensors, now */
  constructor(limit: number, inUse: () => number) {
    this.#limit = limit;
    this.#inUse = inUse;
  }

  /** Bytes kept for reuse. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes that are kept at most: as many as were ever in use at once, or 64 MiB, and never more than the limit. */
  get mostBytes(): number {
    return Math.min(this.#limit, this.#mostInUse);
  }

  get limit(): number {
    return this.#limit;
  }

  set limit(bytes: number) {
    this.#limit = bytes;
    this.#shrink();
  }

  /** An array with anything in it. */
  take<T extends ArrayType>(type: T, length: number): InstanceType<(typeof constructors)[T]> {
    type Wanted = InstanceType<(typeof constructors)[T]>;
    if (length >= smallest) {
      const kept = this.#free[type].get(length);
      const array = kept?.arrays.pop();
      if (array !== undefined) {
        kept!.wanted = true;
        this.#bytes -= array.byteLength;
        return array as Wanted;
      }
    }
    this.#mostInUse = Math.max(this.#mostInUse, this.#inUse());
    return new constructors[type](length) as Wanted;
  }

  /** Takes back an array that `take` gave and that nobody else refers to. */
  give(type: ArrayType, array: Values): void {
    if (array.length < smallest || array.byteLength > this.mostBytes) return;
    const lists = this.#free[type];
    const kept = lists.get(array.length);
    if (kept === undefined) lists.set(array.length, { arrays: [array], wanted: false });
    else kept.arrays.push(array);
    this.#bytes += array.byteLength;
    if (this.#bytes > this.mostBytes) this.#shrink();
  }

  clear(): void {
    for (const lists of Object.values(this.#free)) lists.clear();
    this.#bytes = 0;
  }

  /** Lets go of lengths until a quarter of the room is free: of those that nobody wanted since the last time, then of any. */
  #shrink(): void {
    for (const which of ["unwanted", "any"]) {
      for (const lists of Object.values(this.#free)) {
        for (const [length, kept] of lists) {
          if (this.#bytes <= this.mostBytes * 0.75) return;
          if (kept.wanted && which === "unwanted") {
            kept.wanted = false;
            continue;
          }
          for (const array of kept.arrays) this.#bytes -= array.byteLength;
          lists.delete(length);
        }
      }
    }
  }
}
