import * as tf from "@tensorflow/tfjs-core";
import { gradient, has, run } from "./kernel.ts";

export interface SoftmaxCrossEntropyOptions {
  /** Share of the probability that is spread evenly over all classes, [0, 1). Szegedy et al. 2016, section 7. */
  readonly labelSmoothing?: number;
  /** Rows of this label count 0. */
  readonly ignoreIndex?: number | undefined;
}

/** No label: what a missing ignoreIndex is for the kernel. */
const none = -(2 ** 31);

/**
 * -Σ t log softmax(logits) of each row, with t = 1 - smoothing at the label and smoothing / K everywhere, straight from logits:
 * its gradient is softmax - t, and no probabilities are kept.
 *
 * @param logits [N, K]
 * @param labels [N] int32, from 0 to K - 1
 * @returns [N]
 */
export function softmaxCrossEntropy(
  logits: tf.Tensor2D,
  labels: tf.Tensor1D,
  { labelSmoothing = 0, ignoreIndex }: SoftmaxCrossEntropyOptions = {},
): tf.Tensor1D {
  if (has("CrossEntropy") && logits.dtype === "float32" && labels.dtype === "int32") {
    const attributes = { labelSmoothing, ignoreIndex: ignoreIndex ?? none };
    return run("CrossEntropy", { logits, labels }, attributes)[0] as tf.Tensor1D;
  }
  return tf.tidy(() => plain(logits, labels, labelSmoothing, ignoreIndex));
}

gradient("CrossEntropy", {
  inputs: ["logits", "labels"],
  outputs: [false, true],
  compute: (dy, { logits, labels, output1: normalizers }, attributes) => ({
    logits: () => run("CrossEntropyGrad", { logits, labels, normalizers, dy }, attributes)[0]!,
  }),
});

/** One node on the tape, for wasm and cpu. */
function plain(
  logits: tf.Tensor2D,
  labels: tf.Tensor1D,
  labelSmoothing: number,
  ignoreIndex: number | undefined,
): tf.Tensor1D {
  const classes = logits.shape[1];
  const kept = ignoreIndex === undefined ? undefined : tf.cast(tf.notEqual(labels, ignoreIndex), "float32"); // [N]
  // An ignored label may be no class at all; any row does, for it is multiplied by 0.
  const safe = kept === undefined ? labels : tf.mul(labels, tf.cast(kept, "int32"));
  const oneHot = tf.cast(tf.oneHot(safe as tf.Tensor1D, classes), "float32"); // [N, K]
  let shares = labelSmoothing === 0 ? oneHot : tf.add(tf.mul(oneHot, 1 - labelSmoothing), labelSmoothing / classes);
  if (kept !== undefined) shares = tf.mul(shares, tf.expandDims(kept, 1));
  const loss = tf.customGrad((x, save) => {
    const logProbabilities = tf.logSoftmax(x as tf.Tensor2D); // [N, K]
    (save as tf.GradSaveFunc)([tf.exp(logProbabilities), shares]);
    return {
      value: tf.neg(tf.sum(tf.mul(shares, logProbabilities), 1)),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [probabilities, targets] = saved as [tf.Tensor, tf.Tensor];
        const total = kept === undefined ? probabilities : tf.mul(probabilities, tf.sum(targets, 1, true));
        return tf.mul(tf.sub(total, targets), tf.expandDims(dy, 1));
      },
    };
  });
  return loss(logits) as tf.Tensor1D;
}
