import { type DropoutOptions, dropout, tf } from "@nacre/tensor";

/** Attention in steps, where its weights are wanted themselves, to show them. */

export interface AttentionWeightsOptions {
  readonly causal: boolean;
  readonly mask?: tf.Tensor4D | undefined;
  readonly positionBias?: tf.Tensor4D | undefined;
  readonly scale: number;
}

/** Far below every logit, and finite: infinities give no numbers in gradients. */
const hidden = -1e30;

/**
 * softmax(Q Kᵀ · scale + mask + bias); 0 for queries that may see no key.
 *
 * @param query [B, T, H, D]
 * @param keys [B, S, key heads, D]
 * @returns [B, H, T, S]
 */
export function attentionWeights(
  query: tf.Tensor4D,
  keys: tf.Tensor4D,
  { causal, mask, positionBias, scale }: AttentionWeightsOptions,
): tf.Tensor4D {
  return tf.tidy(() => {
    const [, queries, heads] = query.shape;
    const [, count, keyHeads] = keys.shape;
    let logits = tf.mul(tf.matMul(byHead(query), byHead(keys, heads / keyHeads), false, true), scale); // [B, H, T, S]
    if (positionBias !== undefined) logits = tf.add(logits, positionBias);
    if (mask !== undefined) logits = tf.add(logits, tf.maximum(mask, hidden));
    if (causal) logits = tf.add(logits, later(queries, count));
    const seen = tf.cast(tf.greater(logits, hidden / 2), "float32");
    return tf.mul(tf.softmax(logits), seen);
  });
}

/**
 * The weighted mean of the values, after some weights are dropped where `drops` says which.
 *
 * @param weights [B, H, T, S]
 * @param values [B, S, key heads, D]
 * @returns [B, T, H, D]
 */
export function explicitAttention(
  weights: tf.Tensor4D,
  values: tf.Tensor4D,
  drops: DropoutOptions | undefined,
): tf.Tensor4D {
  return tf.tidy(() => {
    const kept = drops ? dropout(weights, drops) : weights;
    const mixed = tf.matMul(kept, byHead(values, weights.shape[1] / values.shape[2]));
    return tf.transpose(mixed, [0, 2, 1, 3]) as tf.Tensor4D;
  });
}

/** [B, S, H, D] → [B, H · times, S, D], each head `times` in a row. */
function byHead(tensor: tf.Tensor4D, times = 1): tf.Tensor {
  const [batch, count, heads, size] = tensor.shape;
  const turned = tf.transpose(tensor, [0, 2, 1, 3]);
  if (times === 1) return turned;
  const repeated = tf.tile(tf.reshape(turned, [batch, heads, 1, count, size]), [1, 1, times, 1, 1]);
  return tf.reshape(repeated, [batch, heads * times, count, size]);
}

/** [queries, keys]: hides the keys after each query, the last query at the last key. */
function later(queries: number, keys: number): tf.Tensor2D {
  const places = tf.expandDims(tf.range(keys - queries, keys, 1, "int32"), 1);
  return tf.mul(tf.cast(tf.greater(tf.range(0, keys, 1, "int32"), places), "float32"), hidden) as tf.Tensor2D;
}
