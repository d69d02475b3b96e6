import { ready, tf } from "@nacre/tensor";
import { beforeAll, describe, expect, it } from "vitest";
import vectors from "../fixtures/contrastive.json" with { type: "json" };
import { type ContrastiveLossOptions, contrastiveLoss } from "./contrastive.ts";

const { queries, documents, further, groups, cases } = vectors;

function measure(all: readonly (readonly number[])[], options: ContrastiveLossOptions) {
  const { value, grads } = tf.valueAndGrads(
    (left: tf.Tensor, right: tf.Tensor) =>
      contrastiveLoss(left as tf.Tensor2D, right as tf.Tensor2D, options).loss as tf.Scalar,
  )([tf.tensor2d(queries), tf.tensor2d(all.map((row) => [...row]))]);
  return { loss: value.dataSync()[0]!, gradients: grads.map((gradient) => [...gradient.dataSync()]) };
}

function expectClose(actual: readonly number[], expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((value, index) => {
    expect(Math.abs(value - expected[index]!)).toBeLessThan(1e-5 * Math.max(1, Math.abs(expected[index]!)));
  });
}

describe.each(["cpu", "wasm"] as const)("contrastiveLoss on %s", (backend) => {
  beforeAll(async () => {
    await ready({ backend });
  });

  it.each([
    ["plain", documents, {}],
    ["warm", documents, { temperature: 0.5 }],
    ["symmetric", documents, { symmetric: true }],
    ["further", [...documents, ...further], { symmetric: true }],
    ["groups", documents, { symmetric: true, groups }],
  ] as const)("agrees with sentence-transformers: %s", (name, all, options) => {
    const expected = cases[name];
    const { loss, gradients } = measure(all, options);
    expectClose([loss], [expected.loss]);
    const [left, ...right] = expected.gradients;
    expectClose(gradients[0]!, left!.flat());
    expectClose(gradients[1]!, right.flat(2));
  });

  it("tells how many queries find their document", () => {
    const { scalars } = contrastiveLoss(tf.tensor2d(queries), tf.tensor2d(documents), { accuracy: true });
    expectClose([scalars!.accuracy!.dataSync()[0]!], [vectors.accuracy]);
  });

  it("refuses what does not fit", () => {
    const [four, five] = [tf.zeros([4, 6]) as tf.Tensor2D, tf.zeros([5, 6]) as tf.Tensor2D];
    expect(() => contrastiveLoss(five, four)).toThrow("Received [5,6] and [4,6]");
    expect(() => contrastiveLoss(five, tf.zeros([5, 3]))).toThrow("Received [5,6] and [5,3]");
    expect(() => contrastiveLoss(four, five, { groups: [1, 2] })).toThrow(
      "a group for each of 5 documents. Received 2",
    );
    expect(() => contrastiveLoss(four, four, { temperature: 0 })).toThrow("Received 0");
  });
});
