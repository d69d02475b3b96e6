import { existsSync, readFileSync } from "node:fs";
import { ready, tf } from "@nacre/tensor";
import { beforeAll, describe, expect, it } from "vitest";
import vectors from "../fixtures/optimizers.json" with { type: "json" };
import { type CrossEntropyOptions, crossEntropy } from "./cross-entropy.ts";
import { binaryCrossEntropy, huber, klDivergence, meanAbsoluteError, meanSquaredError } from "./other.ts";

const { losses } = vectors;

async function lossAndGradient(x: number[][], loss: (x: tf.Tensor2D) => tf.Scalar) {
  const { value, grad } = tf.valueAndGrad((input: tf.Tensor) => loss(input as tf.Tensor2D))(tf.tensor2d(x));
  const result = { loss: (await value.data())[0]!, gradient: await grad.array() };
  tf.dispose([value, grad]);
  return result;
}

function expectClose(actual: unknown, expected: unknown): void {
  const [left, right] = [[actual].flat(3) as number[], [expected].flat(3) as number[]];
  expect(left).toHaveLength(right.length);
  left.forEach((value, index) =>
    expect(Math.abs(value - right[index]!)).toBeLessThan(1e-4 * Math.max(1, Math.abs(right[index]!))),
  );
}

describe.each(["cpu", "wasm"] as const)("losses on %s", (backend) => {
  beforeAll(async () => {
    await ready({ backend });
  });

  it.each(losses.crossEntropy)(
    "crossEntropy agrees with PyTorch: smoothing $labelSmoothing, weights $weighted",
    async (each) => {
      const options: CrossEntropyOptions = {
        labelSmoothing: each.labelSmoothing,
        ignoreIndex: -100,
        ...(each.weighted ? { classWeights: losses.classWeights } : {}),
      };
      const labels = tf.tensor1d(losses.labels, "int32");
      const { loss, gradient } = await lossAndGradient(losses.logits, (logits) =>
        crossEntropy(logits, labels, options),
      );
      expectClose(loss, each.loss);
      expectClose(gradient, each.gradient);
    },
  );

  const shared = new URL("../../../../../shared/golden/nn/torch_reference.json", import.meta.url);
  it.skipIf(!existsSync(shared))("crossEntropy agrees with the shared cases", async () => {
    const { cross_entropy: reference } = JSON.parse(readFileSync(shared, "utf8"));
    for (const [name, expected] of Object.entries(
      reference.cases as Record<string, { loss: number; grad: number[][] }>,
    )) {
      const [, smoothing, weighted] = name.match(/^ls([\d.]+)_w([01])$/)!;
      const { loss, gradient } = await lossAndGradient(reference.logits, (logits) =>
        crossEntropy(logits, tf.tensor1d(reference.target, "int32"), {
          labelSmoothing: Number(smoothing),
          ignoreIndex: reference.ignore_index,
          ...(weighted === "1" ? { classWeights: reference.weight } : {}),
        }),
      );
      expectClose(loss, expected.loss);
      expectClose(gradient, expected.grad);
    }
  });

  it.each([
    [
      "binaryCrossEntropy",
      (x: tf.Tensor, y: tf.Tensor) => binaryCrossEntropy(x, y, { positiveWeight: losses.classWeights }),
    ],
    ["meanSquaredError", meanSquaredError],
    ["meanAbsoluteError", meanAbsoluteError],
    ["huber", (x: tf.Tensor, y: tf.Tensor) => huber(x, y, { delta: 0.7 })],
    ["klDivergence", (x: tf.Tensor, y: tf.Tensor) => klDivergence(tf.logSoftmax(x), tf.softmax(y))],
  ] as const)("%s agrees with PyTorch", async (name, loss) => {
    const expected = losses.others[name];
    const actual = await lossAndGradient(losses.x, (x) => loss(x, tf.tensor2d(losses.y)));
    expectClose(actual.loss, expected.loss);
    expectClose(actual.gradient, expected.gradient);
  });

  it("stay finite for huge logits, and leave no tensors", async () => {
    const labels = tf.tensor1d([0, 1], "int32");
    const before = tf.memory().numTensors;
    const huge = [
      [1e4, -1e4],
      [1e4, -1e4],
    ];
    const { loss, gradient } = await lossAndGradient(huge, (logits) => crossEntropy(logits, labels));
    expect(loss).toBeCloseTo(1e4, 0);
    expectClose(gradient, [
      [0, 0],
      [0.5, -0.5],
    ]);
    expect(tf.memory().numTensors).toBe(before + 1); // the input that the test made
  });

  it("say what does not fit", () => {
    const logits = tf.zeros([2, 3]);
    expect(() => crossEntropy(logits, tf.tensor1d([0], "int32"))).toThrow(
      "expected labels [2] for logits [2,3]. Received [1].",
    );
    expect(() => crossEntropy(logits, tf.tensor1d([0, 1]))).toThrow("expected int32 labels. Received float32.");
    expect(() => crossEntropy(logits, tf.tensor1d([0, 1], "int32"), { classWeights: [1] })).toThrow(
      "expected 3 class weights",
    );
    expect(() => meanSquaredError(logits, tf.zeros([3]))).toThrow("Received [2,3] and [3].");
  });
});
