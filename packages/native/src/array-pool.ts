/** Arrays that the backend allocates: the types that TensorFlow.js keeps its data types in. */
export type Values = Float32Array | Int32Array | Uint8Array;

export type ArrayType = "float32" | "int32" | "bool";

/** The array type of each data type. */
export const constructors = { float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const;

/** Even a small array is worth keeping: giving it to C++ for the first time costs more than finding it. */
const smallest = 1;

/**
 * Keeps arrays that nobody sees any more for the next tensor of the same type and length. Making a large array costs more
 * than computing it: its memory comes from the system in pages that must be cleared first.
 */
export class ArrayPool {
  readonly #free: Record<ArrayType, Map<number, Values[]>> = { float32: new Map(), int32: new Map(), bool: new Map() };
  #bytes = 0;
  #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Bytes kept for reuse. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes that are kept at most. */
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
      const array = this.#free[type].get(length)?.pop();
      if (array !== undefined) {
        this.#bytes -= array.byteLength;
        return array as Wanted;
      }
    }
    return new constructors[type](length) as Wanted;
  }

  /** Takes back an array that `take` gave and that nobody else refers to. */
  give(type: ArrayType, array: Values): void {
    if (array.length < smallest || array.byteLength > this.#limit) return;
    const lists = this.#free[type];
    const list = lists.get(array.length);
    if (list === undefined) lists.set(array.length, [array]);
    else list.push(array);
    this.#bytes += array.byteLength;
    if (this.#bytes > this.#limit) this.#shrink();
  }

  clear(): void {
    for (const lists of Object.values(this.#free)) lists.clear();
    this.#bytes = 0;
  }

  /** Lets go of the lengths that were first seen longest ago, down to three quarters of the limit. */
  #shrink(): void {
    if (this.#bytes <= this.#limit) return;
    for (const lists of Object.values(this.#free)) {
      for (const [length, list] of lists) {
        for (const array of list) this.#bytes -= array.byteLength;
        lists.delete(length);
        if (this.#bytes <= this.#limit * 0.75) return;
      }
    }
  }
}
