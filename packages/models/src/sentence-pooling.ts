import { tf } from "@nacre/tensor";
import { z } from "zod";

/** How the vectors of a sentence's tokens become one; the names of sentence-transformers in parentheses. */
export const SentencePooling = z
  .enum(["mean", "cls", "max", "meanSquareRoot", "last"])
  .describe(
    "mean of the tokens (mean), first token (cls), largest of each feature (max), sum / √tokens (mean_sqrt_len_tokens), " +
      "last token (lasttoken)",
  );
export type SentencePooling = z.infer<typeof SentencePooling>;

/**
 * One vector for each sentence: Reimers and Gurevych 2019, section 3.
 *
 * @param hidden [B, T, C]
 * @param mask [B, T], 1 for tokens and 0 for padding, of which every row has at least one token
 * @returns [B, C]
 */
export function poolSentences(hidden: tf.Tensor3D, mask: tf.Tensor2D, pooling: SentencePooling): tf.Tensor2D {
  const [batch, time, width] = hidden.shape;
  tf.util.assertShapesMatch([batch, time], mask.shape, "poolSentences: hidden and mask: ");
  return tf.tidy(() => {
    const kept = tf.cast(mask, "float32") as tf.Tensor2D; // [B, T]
    switch (pooling) {
      case "mean":
        return tf.div(weighted(hidden, kept), tf.sum(kept, 1, true));
      case "meanSquareRoot":
        return tf.div(weighted(hidden, kept), tf.sqrt(tf.sum(kept, 1, true)));
      case "max":
        return tf.max(tf.add(hidden, tf.mul(tf.sub(tf.expandDims(kept, 2), 1), 1e9)), 1);
      case "cls":
        return tf.reshape(tf.slice(hidden, [0, 0, 0], [batch, 1, width]), [batch, width]);
      case "last": {
        const places = tf.range(1, time + 1, 1, "float32"); // [T]
        const last = tf.argMax(tf.mul(kept, places), 1); // [B]
        return weighted(hidden, tf.cast(tf.oneHot(last as tf.Tensor1D, time), "float32") as tf.Tensor2D);
      }
    }
  }) as tf.Tensor2D;
}

/** Σ of each row's vectors, each times its weight: [B, T, C] and [B, T] → [B, C]. */
function weighted(hidden: tf.Tensor3D, weights: tf.Tensor2D): tf.Tensor2D {
  return tf.squeeze(tf.matMul(tf.expandDims(weights, 1), hidden), [1]); // [B, 1, T] · [B, T, C]
}

/** Each row divided by its length, so that a dot product is a cosine: […, C] → […, C]. */
export function normalizeRows(rows: tf.Tensor): tf.Tensor {
  return tf.tidy(() => tf.div(rows, tf.maximum(tf.sqrt(tf.sum(tf.square(rows), -1, true)), 1e-12)));
}
