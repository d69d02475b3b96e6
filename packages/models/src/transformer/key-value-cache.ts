import { tf } from "@nacre/tensor";
import { checkSizes } from "../check.ts";

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
 * What `append` and `remember` give stays the cache's: nobody else frees it.
 */
export class KeyValueCache {
  readonly capacity: number;
  readonly windows: readonly (number | undefined)[];
  readonly #rewind: number;
  readonly #kept: (KeysAndValues | undefined)[];
  /** Tokens each layer has seen, those let go included. */
  readonly #seen: number[];
  readonly #remembered = new Map<number, KeysAndValues>();

  constructor({ layers, capacity, windows = [], rewind = 0 }: KeyValueCacheOptions) {
    checkSizes("KeyValueCache", { layers, capacity });
    this.capacity = capacity;
    this.windows = Array.from({ length: layers }, (_, layer) => windows[layer]);
    this.#rewind = rewind;
    this.#kept = new Array(layers).fill(undefined);
    this.#seen = new Array(layers).fill(0);
  }

  /** Tokens that every layer has seen: the position of the next one. */
  get length(): number {
    return Math.min(...this.#seen);
  }

  /** How many keys `append` will give for this layer when so many tokens are added. */
  keysAfter(layer: number, added: number): number {
    const kept = this.#kept[layer]?.keys.shape[1] ?? 0;
    return Math.min(kept, this.#memory(layer)) + added;
  }

  /**
   * Adds the keys and values [B, T, heads, size] of new tokens, which stay the caller's, and gives all that this layer keeps,
   * [B, S, heads, size], the new ones last.
   *
   * @throws RangeError when the sequence becomes longer than the capacity.
   */
  append(layer: number, keys: tf.Tensor4D, values: tf.Tensor4D): KeysAndValues {
    const seen = this.#checkLayer(layer);
    const added = keys.shape[1];
    if (seen + added > this.capacity) {
      throw new RangeError(
        `KeyValueCache: expected at most ${this.capacity} tokens, its capacity. Received ${added} after ${seen}: make a ` +
          "cache with more (`createCache({ capacity })`), or a shorter prompt.",
      );
    }
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
    const index = tf.tensor1d(Int32Array.from(rows), "int32");
    const take = ({ keys, values }: KeysAndValues): KeysAndValues => ({
      keys: tf.keep(tf.gather(keys, index)),
      values: tf.keep(tf.gather(values, index)),
    });
    this.#kept.forEach((kept, layer) => kept && this.#replace(layer, take(kept)));
    for (const [layer, found] of this.#remembered) {
      this.#remembered.set(layer, take(found));
      tf.dispose([found.keys, found.values]);
    }
    index.dispose();
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
    const starts = this.#seen.map((seen, layer) => seen - (this.#kept[layer]?.keys.shape[1] ?? 0));
    starts.forEach((start, layer) => {
      const first = Math.max(0, length - (this.windows[layer] ?? Number.POSITIVE_INFINITY) + 1);
      if (start <= first) return;
      throw new RangeError(
        `KeyValueCache: expected to take back at most ${this.#rewind} tokens, its \`rewind\`. Received ${this.length - length}: ` +
          `layer ${layer}, whose window is ${this.windows[layer]}, has let go of keys before ${start}.`,
      );
    });
    starts.forEach((start, layer) => {
      const kept = this.#kept[layer];
      this.#seen[layer] = Math.min(this.#seen[layer]!, length);
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
    for (const { keys, values } of this.#remembered.values()) tf.dispose([keys, values]);
    this.#remembered.clear();
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
