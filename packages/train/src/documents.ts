import { tf } from "@nacre/tensor";

/**
 * What is added to attention logits so that the documents of packed rows do not see each other: 0 where query and key are of
 * the same document, and the key is not after the query, else -Infinity.
 *
 * @param documents [B, T] int32: a number for each token's document, below 0 for padding
 * @param options.causal whether later keys are hidden, too. Default: true
 * @returns [B, 1, T, T]
 */
export function documentMask(
  documents: tf.Tensor2D,
  { causal = true }: { readonly causal?: boolean } = {},
): tf.Tensor4D {
  return tf.tidy(() => {
    const [batch, time] = documents.shape;
    const queries = tf.reshape(documents, [batch, 1, time, 1]);
    let seen: tf.Tensor4D = tf.logicalAnd(
      tf.equal(queries, tf.reshape(documents, [batch, 1, 1, time])),
      tf.greaterEqual(queries, 0),
    );
    if (causal) {
      const places = tf.range(0, time, 1, "int32");
      seen = tf.logicalAnd(seen, tf.greaterEqual(tf.expandDims(places, 1), places));
    }
    return tf.where(seen, tf.zeros(seen.shape), tf.fill(seen.shape, Number.NEGATIVE_INFINITY)) as tf.Tensor4D;
  });
}

/**
 * The place of each token in its document, from 0; also 0 for padding.
 *
 * @param documents [B, T], row after row, each document in one piece
 */
export function documentPositions(documents: ArrayLike<number>, time: number): Int32Array {
  checkRows("documentPositions", documents.length, time);
  const positions = new Int32Array(documents.length);
  for (let at = 0; at < documents.length; at++) {
    const goesOn = at % time > 0 && documents[at]! >= 0 && documents[at] === documents[at - 1];
    positions[at] = goesOn ? positions[at - 1]! + 1 : 0;
  }
  return positions;
}

/** @throws RangeError unless `length` values make whole rows of `time`. */
export function checkRows(where: string, length: number, time: number): void {
  if (Number.isInteger(time) && time > 0 && length % time === 0) return;
  throw new RangeError(
    `${where}: expected rows of a whole number of tokens. Received ${length} values for ${time} a row.`,
  );
}
