import * as tf from "@tensorflow/tfjs-core";
import { type DropoutOptions, dropout } from "./dropout.ts";
import { fits, gradient, run, together } from "./kernel.ts";
import { isRecording } from "./recording.ts";

export interface AttentionOptions {
  /** Query i sees keys up to i + keys - queries: the last query sees all. Default: false. */
  readonly causal?: boolean;
  /**
   * Added to the logits: [batch or 1, heads or 1, queries or 1, keys], with -Infinity for keys that are not to be seen. It gets
   * no gradient.
   */
  readonly mask?: tf.Tensor | undefined;
  /**
   * Added to the logits too, of the same shapes, as a learned bias of positions. It gets a gradient, and when one is asked for
   * the matrix of all queries and keys is kept.
   */
  readonly bias?: tf.Tensor | undefined;
  /** Default: 1 / √size. */
  readonly scale?: number;
  /** Of the weights after the softmax, as `dropout` drops those of [batch, heads, queries, keys]. Default: none. */
  readonly dropout?: DropoutOptions | undefined;
}

/**
 * softmax(Q Kᵀ · scale + mask) V for every head: Vaswani et al. 2017, equation 1. A query that may see no key gets 0.
 *
 * With a kernel for it, no matrix of all queries and keys is kept, neither for the gradient (Dao et al. 2022).
 *
 * @param query [batch, queries, heads, size]
 * @param key [batch, keys, key heads, size]; the key heads divide the heads (Ainslie et al. 2023, grouped queries)
 * @param value as `key`
 * @returns [batch, queries, heads, size]
 */
export function attention(
  query: tf.Tensor4D,
  key: tf.Tensor4D,
  value: tf.Tensor4D,
  { mask, bias, ...options }: AttentionOptions = {},
): tf.Tensor4D {
  check(query, key, value, mask);
  if (bias !== undefined) {
    check(query, key, value, bias);
    return tf.tidy(() => {
      const added = mask === undefined ? bias : tf.add(bias, mask);
      if (isRecording()) return plain(query, key, value, { ...options, mask: added });
      return attention(query, key, value, { ...options, mask: added });
    });
  }
  if (fits("Attention", query, key, value, mask)) {
    const kernelName = mask === undefined ? "Attention" : "MaskedAttention";
    return run(kernelName, { query, key, value, mask }, attributesOf(query, options))[0] as tf.Tensor4D;
  }
  return tf.tidy(() => plain(query, key, value, { ...options, mask }));
}

function attributesOf(query: tf.Tensor4D, { causal = false, scale = defaultScale(query), dropout }: AttentionOptions) {
  return { causal, scale, ...(dropout && { dropped: { key: dropout.random.state.key, rate: dropout.rate } }) };
}

function defaultScale(query: tf.Tensor4D): number {
  return 1 / Math.sqrt(query.shape[3]);
}

for (const [kernelName, masks] of [
  ["Attention", []],
  ["MaskedAttention", ["mask"]],
] as const) {
  gradient(kernelName, {
    inputs: ["query", "key", "value", ...masks],
    outputs: [true, true],
    compute: (dy, { query, key, value, mask, output0: output, output1: logSums }, attributes) => ({
      ...together(
        ["query", "key", "value"],
        run("AttentionGrad", { dy, query, key, value, mask, output, logSums }, attributes),
      ),
      ...(mask && { mask: () => tf.zerosLike(mask) }),
    }),
  });
}

function plain(
  query: tf.Tensor4D,
  key: tf.Tensor4D,
  value: tf.Tensor4D,
  { causal = false, mask, scale = defaultScale(query), dropout: drops }: AttentionOptions,
): tf.Tensor4D {
  const [, queries, heads] = query.shape;
  const [, keys, keyHeads] = key.shape;
  const byHead = (tensor: tf.Tensor): tf.Tensor => tf.transpose(tensor, [0, 2, 1, 3]); // [B, H, T, D]
  const shared = (tensor: tf.Tensor4D): tf.Tensor => repeatHeads(tensor, heads / keyHeads);
  let logits = tf.mul(tf.matMul(byHead(query), byHead(shared(key)), false, true), scale); // [B, H, T, S]
  if (mask !== undefined) logits = tf.add(logits, mask);
  // Large, not infinite: -∞ - -∞ is no number, and its gradient poisons the others.
  if (causal) logits = tf.add(logits, causalMask(queries, keys));
  const seen = tf.cast(tf.greater(logits, -1e30), "float32");
  const weights = tf.mul(tf.softmax(tf.maximum(logits, -3e38)), seen);
  const mixed = tf.matMul(drops ? dropout(weights, drops) : weights, byHead(shared(value)));
  return tf.transpose(mixed, [0, 2, 1, 3]) as tf.Tensor4D;
}

/** [queries, keys]: 0 where a query may look, else far below every logit. */
function causalMask(queries: number, keys: number): tf.Tensor2D {
  const last = tf.expandDims(tf.range(keys - queries, keys, 1, "int32"), 1); // of each query
  return tf.mul(tf.cast(tf.greater(tf.range(0, keys, 1, "int32"), last), "float32"), -2e38) as tf.Tensor2D;
}

/** Each head `times` in a row: [B, S, H, D] → [B, S, H · times, D]. */
function repeatHeads(tensor: tf.Tensor4D, times: number): tf.Tensor {
  if (times === 1) return tensor;
  const [batch, keys, heads, size] = tensor.shape;
  const repeated = tf.tile(tf.reshape(tensor, [batch, keys, heads, 1, size]), [1, 1, 1, times, 1]);
  return tf.reshape(repeated, [batch, keys, heads * times, size]);
}

function check(query: tf.Tensor4D, key: tf.Tensor4D, value: tf.Tensor4D, mask: tf.Tensor | undefined): void {
  const [batch, queries, heads, size] = query.shape;
  const [keyBatch, keys, keyHeads, keySize] = key.shape;
  if (query.rank !== 4 || key.rank !== 4 || batch !== keyBatch || size !== keySize || heads % keyHeads !== 0) {
    throw new Error(
      "attention: expected a query [batch, queries, heads, size] and keys [batch, keys, key heads, size] whose heads " +
        `divide the query's. Received [${query.shape}] and [${key.shape}].`,
    );
  }
  tf.util.assertShapesMatch(key.shape, value.shape, "attention: keys and values: ");
  const wanted = [batch, heads, queries, keys];
  const broadcasts = mask?.shape.every((length, axis) => length === wanted[axis] || (length === 1 && axis < 3));
  if (mask !== undefined && (mask.rank !== 4 || !broadcasts)) {
    throw new Error(`attention: expected a mask that broadcasts to [${wanted}]. Received [${mask.shape}].`);
  }
}

export interface RotaryOptions {
  /** Pairs are neighbours (2i, 2i + 1) as in the paper, instead of (i, i + half) as in Llama's published weights. */
  readonly interleaved?: boolean;
}

/**
 * Turns pairs of elements by angles that grow with the position: Su et al. 2021, equation 34.
 *
 * @param x [batch, time, heads, size]
 * @param cosines [time, pairs], of every position's angles; elements beyond 2 · pairs stay as they are
 * @param sines [time, pairs]
 */
export function rotary(
  x: tf.Tensor4D,
  cosines: tf.Tensor2D,
  sines: tf.Tensor2D,
  { interleaved = false }: RotaryOptions = {},
): tf.Tensor4D {
  const [, time, , size] = x.shape;
  const [rows, pairs] = cosines.shape;
  tf.util.assertShapesMatch(cosines.shape, sines.shape, "rotary: cosines and sines: ");
  if (rows !== time || 2 * pairs > size) {
    throw new Error(`rotary: expected tables [${time}, at most ${size / 2}]. Received [${cosines.shape}].`);
  }
  if (fits("Rotary", x, cosines, sines)) {
    return run("Rotary", { x, cosines, sines }, { interleaved, inverse: false })[0] as tf.Tensor4D;
  }
  return tf.tidy(() => {
    const turned = tf.slice(x, [0, 0, 0, 0], [-1, -1, -1, 2 * pairs]);
    const split = tf.reshape(turned, [...x.shape.slice(0, 3), ...(interleaved ? [pairs, 2] : [2, pairs])]);
    const [first, second] = tf.unstack(split, interleaved ? 4 : 3) as [tf.Tensor4D, tf.Tensor4D];
    const cosine = tf.expandDims(cosines, 1); // [T, 1, pairs]
    const sine = tf.expandDims(sines, 1);
    const parts = [
      tf.sub(tf.mul(first, cosine), tf.mul(second, sine)),
      tf.add(tf.mul(second, cosine), tf.mul(first, sine)),
    ];
    const joined = tf.reshape(tf.stack(parts, interleaved ? 4 : 3), turned.shape);
    if (2 * pairs === size) return joined as tf.Tensor4D;
    return tf.concat([joined, tf.slice(x, [0, 0, 0, 2 * pairs], [-1, -1, -1, -1])], 3) as tf.Tensor4D;
  });
}

gradient("Rotary", {
  inputs: ["cosines", "sines"],
  compute: (dy, { cosines, sines }, { interleaved }) => ({
    x: () => run("Rotary", { x: dy, cosines, sines }, { interleaved, inverse: true })[0]!,
  }),
});
