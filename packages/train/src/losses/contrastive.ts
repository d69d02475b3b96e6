import { softmaxCrossEntropy, tf } from "@nacre/tensor";
import type { LossParts } from "../options.ts";

export interface ContrastiveLossOptions {
  /** What similarities are divided by: the lower, the more the nearest wrong documents count. Default: 0.05. */
  readonly temperature?: number;
  /** Whether documents also look for their queries, and the two losses are averaged. Default: false. */
  readonly symmetric?: boolean;
  /**
   * A number for each document: a query does not count documents with the number of its own as wrong, as other translations of
   * the same sentence. Default: all documents are apart.
   */
  readonly groups?: ArrayLike<number>;
  /** Whether the share of queries whose own document is the nearest is told, too. Default: false. */
  readonly accuracy?: boolean;
}

/** Small enough that e to it is 0, and finite, so that gradients stay numbers. */
const apart = -1e9;

/**
 * Pulls each query's vector to that of its document and pushes it off the others of the batch: the cross-entropy of a softmax over
 * similarities, van den Oord et al. 2018, "Representation learning with contrastive predictive coding", equation 4 (InfoNCE);
 * Henderson et al. 2017, section 4. sentence-transformers calls it MultipleNegativesRankingLoss (with `scale` 1 / temperature).
 *
 * @param queries [B, C], of length 1 where similarity is to be the cosine
 * @param documents [B + N, C]: row b belongs to query b; those after the first B are further wrong ones for all
 */
export function contrastiveLoss(
  queries: tf.Tensor2D,
  documents: tf.Tensor2D,
  options: ContrastiveLossOptions = {},
): LossParts {
  const { temperature = 0.05, symmetric = false, groups, accuracy = false } = options;
  const [[batch, width], [count, theirs]] = [queries.shape, documents.shape];
  if (width !== theirs || count < batch || batch === 0) {
    throw new Error(
      `contrastiveLoss: expected as many documents as queries or more, of one width. Received [${queries.shape}] and [${documents.shape}].`,
    );
  }
  if (!(temperature > 0)) {
    throw new RangeError(`contrastiveLoss: expected a temperature above 0. Received ${temperature}.`);
  }
  if (groups !== undefined && groups.length !== count) {
    throw new Error(`contrastiveLoss: expected a group for each of ${count} documents. Received ${groups.length}.`);
  }
  const similarities = tf.div(tf.matMul(queries, documents, false, true), temperature); // [B, B + N]
  const scores = groups === undefined ? similarities : tf.add(similarities, sameGroup(groups, batch));
  const labels = tf.range(0, batch, 1, "int32");
  const found = tf.mean(softmaxCrossEntropy(scores as tf.Tensor2D, labels, {}));
  const scalars = accuracy
    ? { accuracy: tf.mean(tf.cast(tf.equal(tf.argMax(scores, 1), labels), "float32")) as tf.Scalar }
    : undefined;
  const parts = scalars === undefined ? {} : { scalars };
  if (!symmetric) return { loss: found as tf.Scalar, ...parts };
  const square = tf.slice(scores, [0, 0], [batch, batch]);
  const back = tf.mean(softmaxCrossEntropy(tf.transpose(square) as tf.Tensor2D, labels, {}));
  return { loss: tf.mul(tf.add(found, back), 0.5) as tf.Scalar, ...parts };
}

/** [B, B + N]: 0, but −10⁹ for other documents of the query's own group. */
function sameGroup(groups: ArrayLike<number>, batch: number): tf.Tensor2D {
  const count = groups.length;
  const mask = new Float32Array(batch * count);
  for (let query = 0; query < batch; query++) {
    for (let document = 0; document < count; document++) {
      if (document !== query && groups[document] === groups[query]) mask[query * count + document] = apart;
    }
  }
  return tf.tensor2d(mask, [batch, count]);
}
