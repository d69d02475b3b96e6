import type { Model } from "@nacre/tensor";
import { tf } from "@nacre/tensor";
import type { LossContext, LossParts } from "../options.ts";

/** One of several losses that a model is trained on together. */
export interface Objective<Output, Batch> {
  /** Its share of the sum. Default: 1. */
  readonly weight?: number;
  /** Mean over what it counts. */
  readonly loss: (output: Output, batch: Batch) => tf.Scalar | LossParts;
  /** What it is a mean over: the batch's labels for it. */
  readonly count: (batch: Batch) => number;
}

/**
 * The weighted sum of named losses over one forward pass; the step tells each by its name, unweighted. Each is a mean over all that
 * it counts in the whole update, however many batches that is accumulated from.
 */
export function mixedLoss<M extends Model, Batch, Output>(
  forward: (model: M, batch: Batch, context: LossContext<Batch>) => Output,
  objectives: Readonly<Record<string, Objective<Output, Batch>>>,
): (model: M, batch: Batch, context: LossContext<Batch>) => LossParts {
  return (model, batch, context) => {
    const output = forward(model, batch, context);
    const { batches } = context;
    const scalars: Record<string, tf.Scalar> = {};
    const terms = Object.entries(objectives).flatMap(([name, { weight = 1, loss, count }]) => {
      const [own, all] = [count(batch), batches.reduce((sum, each) => sum + count(each), 0)];
      if (own === 0) {
        scalars[name] = tf.scalar(0);
        return [];
      }
      const told = loss(output, batch);
      const value = told instanceof tf.Tensor ? told : told.loss;
      // The batches' losses are averaged: so that they add up, each counts as often as there are batches.
      const share = batches.length * (own / all);
      scalars[name] = tf.mul(value, share);
      return [tf.mul(value, weight * share)];
    });
    const loss = terms.length === 0 ? tf.scalar(0) : tf.addN(terms);
    return { loss: loss as tf.Scalar, weight: 1, scalars };
  };
}
