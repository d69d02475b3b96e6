import { type KeyValueRows, tf } from "@nacre/tensor";
import type { KeysAndValues } from "./key-value-cache.ts";

/** Rows that there is room for at first. */
const smallest = 64;

export interface RowsShape {
  /** B */
  readonly batch: number;
  readonly heads: number;
  /** D */
  readonly size: number;
}

export interface ReserveOptions {
  /** Rows that come, T. */
  readonly added: number;
  /** How many of the old rows are still needed. */
  readonly memory: number;
  /** Most rows there will ever be. */
  readonly capacity: number;
}

/**
 * Keys and values of one layer in arrays that rows are added to in place. When the room is full it is doubled, up to the capacity;
 * where only the last rows are needed, they move to the front instead. Either happens so rarely that a token costs the same
 * however many came before it.
 */
export class CachedRows {
  readonly shape: RowsShape;
  #keys = new Float32Array(0);
  #values = new Float32Array(0);
  #room = 0;
  #first = 0;
  #count = 0;

  constructor(shape: RowsShape) {
    this.shape = shape;
  }

  /** Rows that are kept. */
  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#keys.byteLength + this.#values.byteLength;
  }

  /** Lets go of what is no longer needed and makes room behind the rest. `added` tells that it was filled. */
  reserve({ added, memory, capacity }: ReserveOptions): KeyValueRows {
    const kept = Math.min(this.#count, memory);
    this.#first += this.#count - kept;
    this.#count = kept;
    if (this.#first + kept + added > this.#room) this.#move(kept + added, capacity);
    return { keys: this.#keys, values: this.#values, room: this.#room, first: this.#first, count: kept };
  }

  /** Counts rows that were written behind the others. */
  added(rows: number): void {
    this.#count += rows;
  }

  /** Writes rows [B, T, heads, D] into room that was reserved. */
  write({ keys, values }: KeysAndValues): void {
    const time = keys.shape[1];
    for (const [to, from] of [
      [this.#keys, keys.dataSync()],
      [this.#values, values.dataSync()],
    ] as const) {
      this.#eachSequence((start, sequence) => {
        const row = this.#row;
        to.set(
          from.subarray(sequence * time * row, (sequence + 1) * time * row),
          start + (this.#first + this.#count) * row,
        );
      });
    }
    this.added(time);
  }

  /** Copies of what is kept: [B, S, heads, D]. */
  read(): KeysAndValues {
    const { batch, heads, size } = this.shape;
    const [keys, values] = [this.#keys, this.#values].map((from) => {
      const seen = new Float32Array(batch * this.#count * this.#row);
      this.#eachSequence((start, sequence) => {
        const begin = start + this.#first * this.#row;
        const length = this.#count * this.#row;
        seen.set(from.subarray(begin, begin + length), sequence * length);
      });
      return tf.tensor4d(seen, [batch, this.#count, heads, size]);
    });
    return { keys: keys!, values: values! };
  }

  /** Forgets all but the first `count` rows. */
  truncate(count: number): void {
    this.#count = count;
  }

  /** The sequences that these become. */
  take(sequences: ArrayLike<number>): CachedRows {
    const taken = new CachedRows({ ...this.shape, batch: sequences.length });
    taken.#keys = new Float32Array(sequences.length * this.#room * this.#row);
    taken.#values = new Float32Array(taken.#keys.length);
    taken.#room = this.#room;
    taken.#count = this.#count;
    for (const [to, from] of [
      [taken.#keys, this.#keys],
      [taken.#values, this.#values],
    ] as const) {
      taken.#eachSequence((start, at) => {
        const begin = (sequences[at]! * this.#room + this.#first) * this.#row;
        to.set(from.subarray(begin, begin + this.#count * this.#row), start);
      });
    }
    return taken;
  }

  get #row(): number {
    return this.shape.heads * this.shape.size;
  }

  /** Moves what is kept to the front, of larger arrays where there is not twice the room that is needed. */
  #move(needed: number, capacity: number): void {
    const wanted = Math.max(needed, Math.min(capacity, Math.max(2 * needed, smallest)));
    const room = Math.max(wanted, this.#room);
    const row = this.#row;
    const moved = [this.#keys, this.#values].map((from) => {
      const to = room === this.#room ? from : new Float32Array(this.shape.batch * room * row);
      this.#eachSequence((start, sequence) => {
        const begin = start + this.#first * row;
        const end = begin + this.#count * row;
        if (to === from) from.copyWithin(start, begin, end);
        else to.set(from.subarray(begin, end), sequence * room * row);
      });
      return to;
    });
    [this.#keys, this.#values] = moved as [Float32Array<ArrayBuffer>, Float32Array<ArrayBuffer>];
    this.#room = room;
    this.#first = 0;
  }

  /** Calls with where each sequence begins. */
  #eachSequence(visit: (start: number, sequence: number) => void): void {
    for (let sequence = 0; sequence < this.shape.batch; sequence++) {
      visit(sequence * this.#room * this.#row, sequence);
    }
  }
}
