import { hasResidualParts, type KeyValueRows, tf } from "@nacre/tensor";
import { checkSizes } from "../check.ts";
import { CachedRows, type RowsShape } from "./cached-rows.ts";

export interface KeyValueCacheOptions {
  /** Attention layers that keep keys and values. */
  readonly layers: number;
  /** Most tokens of a sequence that it takes. */
  readonly capacity: number;
  /** Of each layer: how many keys a query sees, its own included; undefined sees all. Older ones are let go. */
  readonly windows?: readonly (number | undefined)[] | undefined;
  /** How many of the last tokens `truncate` can always take back where there are windows. Default: 0. */
  readonly rewind?: number;
}

export interface KeysAndValues {
  /** [B, S, heads, size] */
  readonly keys: tf.Tensor4D;
  /** [B, S, heads, size] */
  readonly values: tf.Tensor4D;
}

/**
 * The keys and values of the tokens that one batch of sequences has decoded so far, so that the next token computes only its
 * own. Shapes: B sequences, S tokens kept, T tokens added.
 *
 * Where the backend decodes in place (`inPlace`), rows are written into arrays with room for more and nothing is copied;
 * elsewhere, each token makes a longer tensor.
 *
 * What `append` and `remember` give stays the cache's: nobody else frees it.
 */
export class KeyValueCache {
  readonly capacity: number;
  readonly windows: readonly (number | undefined)[];
  readonly #rewind: number;
  /** As tensors; in place those that `append` gave last. */
  readonly #kept: (KeysAndValues | undefined)[];
  readonly #rows: (CachedRows | undefined)[];
  /** Tokens each layer has seen, those let go included. */
  readonly #seen: number[];
  readonly #remembered = new Map<number, KeysAndValues>();
  /** For each sequence, which of those that were remembered is its own. */
  #sources: readonly number[] | undefined;
  #inPlace: boolean | undefined;

  constructor({ layers, capacity, windows = [], rewind = 0 }: KeyValueCacheOptions) {
    checkSizes("KeyValueCache", { layers, capacity });
    this.capacity = capacity;
    this.windows = Array.from({ length: layers }, (_, layer) => windows[layer]);
    this.#rewind = rewind;
    this.#kept = new Array(layers).fill(undefined);
    this.#rows = new Array(layers).fill(undefined);
    this.#seen = new Array(layers).fill(0);
  }

  /** Tokens that every layer has seen: the position of the next one. */
  get length(): number {
    return Math.min(...this.#seen);
  }

  /** Whether keys and values lie in arrays that are written in place: as the backend was able to when the first ones came. */
  get inPlace(): boolean {
    return this.#inPlace ?? hasResidualParts();
  }

  /** Bytes of the arrays that are written in place. */
  get bytes(): number {
    return this.#rows.reduce((sum, rows) => sum + (rows?.bytes ?? 0), 0);
  }

  /** How many keys `append` will give for this layer when so many tokens are added. */
  keysAfter(layer: number, added: number): number {
    return Math.min(this.#count(layer), this.#memory(layer)) + added;
  }

  /**
   * Room for `added` rows in place, the caller's to fill before it says `filled(layer, added)`.
   *
   * @throws RangeError when the sequence becomes longer than the capacity.
   */
  room(layer: number, shape: RowsShape, added: number): KeyValueRows {
    this.#checkRoom(layer, added);
    this.#inPlace = true;
    let rows = this.#rows[layer];
    if (rows === undefined) this.#rows[layer] = rows = new CachedRows(shape);
    const { batch, heads, size } = rows.shape;
    if (batch !== shape.batch || heads !== shape.heads || size !== shape.size) {
      throw new Error(
        `KeyValueCache: expected ${batch} sequences and ${heads} heads of ${size}, as before. Received ${shape.batch}, ` +
          `${shape.heads} and ${shape.size}.`,
      );
    }
    return rows.reserve({ added, memory: this.#memory(layer), capacity: this.capacity });
  }

  /** Counts rows that were written into room. */
  filled(layer: number, added: number): void {
    this.#rows[layer]!.added(added);
    this.#seen[layer]! += added;
  }

  /**
   * Adds the keys and values [B, T, heads, size] of new tokens, which stay the caller's, and gives all that this layer keeps,
   * [B, S, heads, size], the new ones last.
   *
   * @throws RangeError when the sequence becomes longer than the capacity.
   */
  append(layer: number, keys: tf.Tensor4D, values: tf.Tensor4D): KeysAndValues {
    const [batch, added, heads, size] = keys.shape;
    if (this.inPlace) {
      this.room(layer, { batch, heads, size }, added);
      const rows = this.#rows[layer]!;
      rows.write({ keys, values });
      this.#seen[layer]! += added;
      const copies = rows.read();
      this.#replace(layer, { keys: tf.keep(copies.keys), values: tf.keep(copies.values) });
      return this.#kept[layer]!;
    }
    const seen = this.#checkRoom(layer, added);
    this.#inPlace = false;
    const before = this.#kept[layer];
    const memory = this.#memory(layer);
    const joined = {
      keys: join(before?.keys, keys, memory),
      values: join(before?.values, values, memory),
    };
    this.#replace(layer, joined);
    this.#seen[layer] = seen + added;
    return joined;
  }

  /** Keys and values of a source that does not grow, as an encoder's output: computed when first asked for, then kept. */
  remember(layer: number, compute: () => KeysAndValues): KeysAndValues {
    this.#checkLayer(layer);
    if (this.#remembered.size === 0) this.#sources = undefined;
    let found = this.#remembered.get(layer);
    if (found === undefined) {
      found = tf.tidy(() => {
        const { keys, values } = compute();
        return { keys: tf.keep(tf.clone(keys)), values: tf.keep(tf.clone(values)) };
      });
      this.#remembered.set(layer, found);
    }
    return found;
  }

  /**
   * Makes sequence `rows[i]` the i-th, in every layer: for beam search, for several continuations of one prompt (rows given
   * more than once), and to let go of sequences that have ended (rows left out).
   */
  reorder(rows: ArrayLike<number>): void {
    const wanted = Array.from(rows);
    const batch = this.#batch();
    const same = batch === wanted.length && wanted.every((row, at) => row === at);
    if (same) return;
    this.#rows.forEach((kept, layer) => {
      if (kept === undefined) return;
      this.#rows[layer] = kept.take(wanted);
      this.#replace(layer, undefined);
    });
    const index = tf.tensor1d(wanted, "int32");
    const take = ({ keys, values }: KeysAndValues): KeysAndValues => ({
      keys: tf.keep(tf.gather(keys, index)),
      values: tf.keep(tf.gather(values, index)),
    });
    this.#kept.forEach((kept, layer) => kept && this.#replace(layer, take(kept)));
    this.#reorderRemembered(wanted, take);
    index.dispose();
  }

  /** Sequences of one source, as the beams of one text, share what is remembered: it is copied only when others come or go. */
  #reorderRemembered(wanted: readonly number[], take: (from: KeysAndValues) => KeysAndValues): void {
    const before = this.#sources;
    const after = wanted.map((row) => before?.[row] ?? row);
    this.#sources = after;
    if (before?.length === after.length && after.every((source, row) => source === before[row])) return;
    for (const [layer, found] of this.#remembered) {
      this.#remembered.set(layer, take(found));
      tf.dispose([found.keys, found.values]);
    }
  }

  /**
   * Forgets all tokens but the first `length`.
   *
   * @throws RangeError when a window has let go of keys that the next token would see: `rewind` keeps more.
   */
  truncate(length: number): void {
    if (!Number.isInteger(length) || length < 0 || length > this.length) {
      throw new RangeError(
        `KeyValueCache: expected a length from 0 to ${this.length} to truncate to. Received ${length}.`,
      );
    }
    const starts = this.#seen.map((seen, layer) => seen - this.#count(layer));
    starts.forEach((start, layer) => {
      const first = Math.max(0, length - (this.windows[layer] ?? Number.POSITIVE_INFINITY) + 1);
      if (start <= first) return;
      throw new RangeError(
        `KeyValueCache: expected to take back at most ${this.#rewind} tokens, its \`rewind\`. Received ${this.length - length}: ` +
          `layer ${layer}, whose window is ${this.windows[layer]}, has let go of keys before ${start}.`,
      );
    });
    starts.forEach((start, layer) => {
      const seen = Math.min(this.#seen[layer]!, length);
      this.#seen[layer] = seen;
      if (this.#rows[layer] !== undefined) {
        this.#rows[layer].truncate(seen - start);
        return this.#replace(layer, undefined);
      }
      const kept = this.#kept[layer];
      if (kept === undefined || kept.keys.shape[1] === length - start) return;
      if (length === start) return this.#replace(layer, undefined);
      const cut = (tensor: tf.Tensor4D) => tf.keep(tf.slice(tensor, [0, 0, 0, 0], [-1, length - start, -1, -1]));
      this.#replace(layer, { keys: cut(kept.keys), values: cut(kept.values) });
    });
  }

  /** Frees what is kept; the cache is then as new. */
  dispose(): void {
    this.#kept.forEach((_, layer) => this.#replace(layer, undefined));
    this.#seen.fill(0);
    this.#rows.fill(undefined);
    this.#sources = undefined;
    this.#inPlace = undefined;
    for (const { keys, values } of this.#remembered.values()) tf.dispose([keys, values]);
    this.#remembered.clear();
  }

  /** Keys that a layer keeps. */
  #count(layer: number): number {
    return this.#rows[layer]?.count ?? this.#kept[layer]?.keys.shape[1] ?? 0;
  }

  #batch(): number | undefined {
    const tensors = this.#kept.find((kept) => kept !== undefined) ?? this.#remembered.values().next().value;
    return this.#rows.find((rows) => rows !== undefined)?.shape.batch ?? tensors?.keys.shape[0];
  }

  #checkRoom(layer: number, added: number): number {
    const seen = this.#checkLayer(layer);
    if (seen + added <= this.capacity) return seen;
    throw new RangeError(
      `KeyValueCache: expected at most ${this.capacity} tokens, its capacity. Received ${added} after ${seen}: make a ` +
        "cache with more (`createCache({ capacity })`), or a shorter prompt.",
    );
  }

  /** How many old keys a layer needs for a new token. */
  #memory(layer: number): number {
    const window = this.windows[layer];
    return window === undefined ? Number.POSITIVE_INFINITY : window - 1 + this.#rewind;
  }

  #checkLayer(layer: number): number {
    const seen = this.#seen[layer];
    if (seen === undefined) {
      throw new RangeError(`KeyValueCache: expected a layer from 0 to ${this.#seen.length - 1}. Received ${layer}.`);
    }
    return seen;
  }

  #replace(layer: number, next: KeysAndValues | undefined): void {
    const old = this.#kept[layer];
    this.#kept[layer] = next;
    if (old) tf.dispose([old.keys, old.values]);
  }
}

/** The last `memory` tokens of what was there, then what is added; kept beyond any `tf.tidy`. */
function join(old: tf.Tensor4D | undefined, added: tf.Tensor4D, memory: number): tf.Tensor4D {
  return tf.keep(
    tf.tidy(() => {
      const length = old?.shape[1] ?? 0;
      if (old === undefined || length === 0 || memory === 0) return tf.clone(added);
      const recent = length <= memory ? old : tf.slice(old, [0, length - memory, 0, 0], [-1, memory, -1, -1]);
      return tf.concat([recent, added], 1);
    }),
  );
}
