import { tf } from "@nacre/tensor";
import type { KeyValueCache } from "./key-value-cache.ts";

/**
 * What is added to attention logits to hide padding: 0 where `mask` is 1, -Infinity where it is 0.
 *
 * @param mask [B, S]
 * @returns [B, 1, 1, S]
 */
export function paddingMask(mask: tf.Tensor2D): tf.Tensor4D {
  return tf.tidy(() => {
    const shape: [number, number, number, number] = [mask.shape[0], 1, 1, mask.shape[1]];
    const seen = tf.cast(tf.reshape(mask, shape), "bool");
    return tf.where(seen, tf.zeros(shape), tf.fill(shape, Number.NEGATIVE_INFINITY)) as tf.Tensor4D;
  });
}

/**
 * Hides keys that are `window` or more tokens before a query; those after it are left to `causal`.
 *
 * @returns [1, 1, queries, keys], the last query at the last key
 */
export function bandMask(queries: number, keys: number, window: number): tf.Tensor4D {
  const values = new Float32Array(queries * keys);
  for (let query = 0; query < queries; query++) {
    const firstSeen = keys - queries + query - window + 1;
    if (firstSeen > 0) values.fill(Number.NEGATIVE_INFINITY, query * keys, query * keys + firstSeen);
  }
  return tf.tensor4d(values, [1, 1, queries, keys]);
}

export interface CausalMaskOptions {
  /** New tokens, T. */
  readonly queries: number;
  /** Of each layer: keys that a query sees, its own included; undefined sees all before it. */
  readonly windows: readonly (number | undefined)[];
  readonly cache?: KeyValueCache | undefined;
  /** [B, S], 1 for tokens and 0 for padding, or additive [B or 1, heads or 1, T or 1, S]; S counts the cached tokens too. */
  readonly mask?: tf.Tensor2D | tf.Tensor4D | undefined;
}

/**
 * The additive mask of each layer of a decoder, beside `causal`; undefined where none is needed. Layers with the same window
 * share one tensor.
 */
export function causalMasks({ queries, windows, cache, mask }: CausalMaskOptions): (tf.Tensor4D | undefined)[] {
  const total = (cache?.length ?? 0) + queries;
  if (mask !== undefined && mask.shape.at(-1) !== total) {
    throw new Error(
      `Expected a mask of ${total} columns: one for each of ${queries} new tokens and ${total - queries} in the cache. ` +
        `Received [${mask.shape}].`,
    );
  }
  const additive = mask?.rank === 2 ? paddingMask(mask as tf.Tensor2D) : (mask as tf.Tensor4D | undefined);
  const made = new Map<string, tf.Tensor4D | undefined>();
  return windows.map((window, layer) => {
    const keys = cache?.keysAfter(layer, queries) ?? queries;
    const name = `${keys} ${window}`;
    if (!made.has(name)) {
      const kept = additive && keys < total ? lastKeys(additive, keys) : additive;
      const band = window !== undefined && keys > window ? bandMask(queries, keys, window) : undefined;
      made.set(name, kept && band ? tf.add<tf.Tensor4D>(kept, band) : (band ?? kept));
    }
    return made.get(name);
  });
}

/** [B or 1, heads or 1, T or 1, S] → […, keys]. */
function lastKeys(mask: tf.Tensor4D, keys: number): tf.Tensor4D {
  return tf.slice(mask, [0, 0, 0, mask.shape[3] - keys], [-1, -1, -1, keys]);
}

/**
 * The place of each new token in its sequence, padding before it not counted: [B, T] int32.
 *
 * @param mask [B, S], 1 for tokens and 0 for padding; S counts the cached tokens too
 */
export function maskedPositions(mask: tf.Tensor2D, queries: number): tf.Tensor2D {
  return tf.tidy(() => {
    const [batch, total] = mask.shape;
    const places = tf.sub(tf.cumsum(tf.cast(mask, "float32"), 1), 1);
    const last = tf.slice(tf.maximum(places, 0), [0, total - queries], [batch, queries]);
    return tf.cast(last, "int32") as tf.Tensor2D;
  });
}
