import * as tf from "@tensorflow/tfjs-core";
import { type Attributes, flat, float, rule } from "./declare.ts";

export const reductions: readonly tf.GradConfig[] = [
  flat("ArgMax"),
  flat("ArgMin"),
  rule("Sum", { inputs: ["x"], gradient: (dy, [x], { axis }) => ({ x: () => spread(dy, x!, axis) }) }),
  rule("Mean", {
    inputs: ["x"],
    gradient: (dy, [x], { axis }) => ({
      x: () => spread(tf.mul(dy, dy.size / Math.max(1, x!.size)), x!, axis),
    }),
  }),
  ...["Max", "Min"].map((name) =>
    rule(name, {
      inputs: ["x"],
      output: true,
      gradient: (dy, [x, y], { axis, reductionIndices }) => ({
        // Every place that holds the extreme gets the whole gradient, as in TensorFlow.js.
        x: () => {
          const over = axis ?? reductionIndices;
          return tf.mul(spread(dy, x!, over), float(tf.equal(x!, kept(y!, x!, over))));
        },
      }),
    }),
  ),
  rule("Prod", {
    inputs: ["x"],
    gradient: (dy, [x], { axis }) => ({ x: () => tf.mul(spread(dy, x!, axis), productsOfOthers(float(x!), axis)) }),
  }),
  rule("Cumsum", {
    gradient: (dy, _, { axis, exclusive, reverse }) => ({ x: () => tf.cumsum(dy, axis, exclusive, !reverse) }),
  }),
  rule("Softmax", {
    output: true,
    gradient: (dy, [y], { dim }) => ({
      logits: () => {
        const product = tf.mul(dy, y!);
        return tf.sub(product, tf.mul(tf.sum(product, dim, true), y!));
      },
    }),
  }),
  rule("LogSoftmax", {
    output: true,
    gradient: (dy, [y], { axis }) => ({
      logits: () => tf.sub(dy, tf.mul(tf.sum(dy, axis, true), tf.exp(y!))),
    }),
  }),
];

/** A reduced tensor with the reduced axes back, of size 1. */
function kept(reduced: tf.Tensor, x: tf.Tensor, axis: Attributes): tf.Tensor {
  const axes = tf.util.parseAxisParam(axis, x.shape);
  return tf.reshape(reduced, tf.backend_util.expandShapeToKeepDim(withoutAxes(x.shape, axes), axes));
}

/** A reduced tensor repeated over the axes that were reduced. */
function spread(reduced: tf.Tensor, x: tf.Tensor, axis: Attributes): tf.Tensor {
  return tf.broadcastTo(kept(float(reduced), x, axis), x.shape as [number]);
}

/** For each element the product of the others along the axes: right where elements are 0, too. */
function productsOfOthers(x: tf.Tensor, axis: Attributes): tf.Tensor {
  const axes = tf.util.parseAxisParam(axis, x.shape);
  const rest = x.shape.map((_, index) => index).filter((index) => !axes.includes(index));
  const order = [...rest, ...axes];
  const moved = tf.transpose(x, order);
  const count = axes.reduce((product, index) => product * x.shape[index]!, 1);
  const rows = tf.reshape(moved, [x.size / Math.max(1, count), count]);
  const others = tf.mul(tf.cumprod(rows, 1, true, false), tf.cumprod(rows, 1, true, true));
  return tf.transpose(tf.reshape(others, moved.shape), tf.backend_util.getUndoAxesPermutation(order));
}

function withoutAxes(shape: number[], axes: number[]): number[] {
  return shape.filter((_, index) => !axes.includes(index));
}
