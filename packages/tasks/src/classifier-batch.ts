import type { Dataset } from "@nacre/data";
import type { Classifier } from "@nacre/models";
import { tf } from "@nacre/tensor";
import type { LossContext } from "@nacre/train";
import { crossEntropy } from "@nacre/train";

/** A batch of B examples of shape S, ready to become tensors. */
export interface ClassifierBatch {
  /** Row-major [B, ...S]. */
  readonly features: Float32Array;
  /** [B] */
  readonly labels: Int32Array;
  readonly size: number;
}

export interface ClassifierLossOptions {
  /** S, without the batch. */
  readonly shape: readonly number[];
  readonly labelSmoothing: number;
  readonly classWeights: readonly number[] | undefined;
}

/** Cross-entropy of a batch, from logits. */
export function classifierLoss(options: ClassifierLossOptions) {
  const { shape, labelSmoothing, classWeights } = options;
  return (model: Classifier, batch: ClassifierBatch, context: LossContext): tf.Scalar => {
    const features = tf.tensor(batch.features, [batch.size, ...shape]);
    const labels = tf.tensor1d(batch.labels, "int32");
    const logits = model.forward(features, context); // [B, K]
    return crossEntropy(logits, labels, {
      labelSmoothing,
      ...(classWeights === undefined ? {} : { classWeights }),
    });
  };
}

/** Class probabilities [N, K], one row per example, for features given in batches. Leaves no tensors. */
export async function predictProbabilities(
  model: Classifier,
  batches: AsyncIterable<ClassifierBatch>,
  {
    shape,
    signal,
    onBatch,
  }: { shape: readonly number[]; signal?: AbortSignal | undefined; onBatch?: (size: number) => void },
): Promise<Float32Array[]> {
  const rows: Float32Array[] = [];
  for await (const batch of batches) {
    signal?.throwIfAborted();
    const probabilities = tf.tidy(() => {
      const features = tf.tensor(batch.features, [batch.size, ...shape]);
      return tf.softmax(model.forward(features, { training: false }));
    });
    const classes = probabilities.shape.at(-1)!;
    const values = (await probabilities.data()) as Float32Array;
    probabilities.dispose();
    // A copy each: the backend may own the memory behind `values`.
    for (let row = 0; row < batch.size; row++) rows.push(values.slice(row * classes, (row + 1) * classes));
    onBatch?.(batch.size);
  }
  return rows;
}

/** Weights that make every class count the same: N / (K · count). Classes without examples get 0. */
export function balancedWeights(counts: readonly number[]): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => (count === 0 ? 0 : total / (counts.length * count)));
}

/** Collects examples into batches of flat arrays. */
export function collate<T>(
  examples: Dataset<T>,
  options: {
    readonly batch: number;
    readonly length: number;
    /** Writes the example's features to `into` and gives its label. */
    readonly write: (example: T, into: Float32Array<ArrayBuffer>) => number;
  },
): Dataset<ClassifierBatch> {
  const { batch, length, write } = options;
  return examples.batch(batch).map((group) => {
    const features = new Float32Array(group.length * length);
    const labels = new Int32Array(group.length);
    group.forEach((example, row) => {
      labels[row] = write(example, features.subarray(row * length, (row + 1) * length));
    });
    return { features, labels, size: group.length };
  });
}
