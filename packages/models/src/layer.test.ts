import { Random } from "@nacre/random";
import { ready, tf } from "@nacre/tensor";
import { expect, it } from "vitest";
import { Dense } from "./dense.ts";
import { Dropout } from "./dropout.ts";
import { type ForwardContext, through } from "./layer.ts";

it("draws the same and has the same gradients with checkpoints and without", async () => {
  await ready({ backend: "cpu" });
  const layers = [0, 1].map((index) => new Dense({ inputs: 8, outputs: 8 }, new Random(1).fork(index)));
  const dropout = new Dropout(0.3);
  const input = tf.tensor2d(new Random(2).fillNormal(new Float32Array(32)), [4, 8]);
  const measure = (checkpoint: boolean) => {
    const context: ForwardContext = { training: true, random: new Random(5), checkpoint };
    const forward = () =>
      layers.reduce<tf.Tensor>(
        (x, layer) => through(context, [x], ([y], inner) => tf.tanh(dropout.forward(layer.forward(y), inner))),
        input,
      );
    const { value, grads } = tf.variableGrads(() => tf.sum(forward()) as tf.Scalar);
    return [value, ...Object.values(grads)].map((tensor) => [...tensor.dataSync()]);
  };
  expect(measure(true)).toEqual(measure(false));
});
