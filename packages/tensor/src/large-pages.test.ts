import { describe, expect, it } from "vitest";
import { quantizedMatMul, quantizeWeights, ready, settleParameters, settleQuantized, tf } from "./index.ts";

const working: string[] = [];
for (const backend of ["cpu", "native"] as const) {
  await ready({ backend }).then(
    () => working.push(backend),
    (error) => console.log(`Skipped: large pages on ${backend}: ${error.message}`),
  );
}

describe.each(working)("on %s", (backend) => {
  it("parameters move, and are as before", async () => {
    await tf.setBackend(backend);
    const values = [600_001, 7, 0].map((length) => Float32Array.from({ length }, (_, i) => i % 1000));
    const model = {
      weights: values.map((each) => tf.tidy(() => tf.variable(tf.tensor1d(each)))),
      counts: tf.tidy(() => tf.variable(tf.scalar(3, "int32"))),
    };
    const held = tf.memory();
    settleParameters(model);
    expect([tf.memory().numTensors, tf.memory().numDataBuffers]).toEqual([held.numTensors, held.numDataBuffers]);
    model.weights.forEach((weight, at) => expect(same(weight, values[at]!)).toBe(true));
    const [first, second] = model.weights as [tf.Variable, tf.Variable];
    expect(first.dataSync().buffer === second.dataSync().buffer).toBe(backend === "native");
    // What is written to one stays out of the other.
    tf.tidy(() => second.assign(tf.mul(second, 2)));
    expect([...second.dataSync()]).toEqual([0, 2, 4, 6, 8, 10, 12]);
    expect(same(first, values[0]!)).toBe(true);
    tf.dispose([...model.weights, model.counts]);
  });

  it("quantised weights move, and multiply as before", async () => {
    await tf.setBackend(backend);
    const matrix = tf.tensor2d(
      Float32Array.from({ length: 3 * 64 }, (_, i) => Math.sin(i)),
      [3, 64],
    );
    const x = tf.ones<tf.Rank.R2>([1, 64]);
    const weights = [quantizeWeights(matrix, 8), quantizeWeights(matrix, 4)];
    for (const [at, moved] of settleQuantized(weights).entries()) {
      expect(moved).toEqual(weights[at]);
      expect(moved.values.buffer).not.toBe(weights[at]!.values.buffer);
      expect(moved.values.byteOffset % 64).toBe(0);
      expect(quantizedMatMul(x, moved).dataSync()).toEqual(quantizedMatMul(x, weights[at]!).dataSync());
    }
  });
});

/** One by one: a matcher takes seconds for so many. */
function same(variable: tf.Variable, values: Float32Array): boolean {
  const got = variable.dataSync();
  return got.length === values.length && values.every((value, at) => value === got[at]);
}
