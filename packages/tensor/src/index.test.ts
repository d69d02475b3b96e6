import { describe, expect, it } from "vitest";
import { ready, tf } from "./index.ts";

describe("the package as it is imported", () => {
  it.each(["wasm", "cpu"] as const)("differentiates a convolution and a lookup on %s", async (backend) => {
    await ready({ backend });
    const filter = tf.variable(tf.ones([3, 3, 1, 2]));
    const table = tf.variable(tf.ones([3, 2]));
    const { value, grads } = tf.variableGrads(() => {
      const image = tf.conv2d(tf.ones<tf.Rank.R4>([1, 3, 3, 1]), filter as tf.Tensor4D, 1, "valid");
      return tf.add(tf.sum(image), tf.sum(tf.gather(table, tf.tensor1d([2, 0, 2], "int32")))) as tf.Scalar;
    });
    expect(await value.data()).toEqual(Float32Array.of(24));
    expect(await grads[filter.name]?.data()).toEqual(new Float32Array(18).fill(1));
    expect(await grads[table.name]?.data()).toEqual(Float32Array.of(1, 1, 0, 0, 2, 2));
  });
});
