import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import {
  linear,
  quantizedMatMul,
  quantizeWeights,
  ready,
  settleParameters,
  settleQuantized,
  tf,
  valueAndGradients,
} from "./index.ts";

const working: string[] = [];
for (const backend of ["cpu", "native"] as const) {
  await ready({ backend }).then(
    () => working.push(backend),
    (error) => console.log(`Skipped: settled weights on ${backend}: ${error.message}`),
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
    model.weights.forEach((weight, at) => expect(same(weight.dataSync(), values[at]!)).toBe(true));
    const [first, second] = model.weights as [tf.Variable, tf.Variable];
    expect(first.dataSync().buffer === second.dataSync().buffer).toBe(backend === "native");
    // What is written to one stays out of the other.
    tf.tidy(() => second.assign(tf.mul(second, 2)));
    expect([...second.dataSync()]).toEqual([0, 2, 4, 6, 8, 10, 12]);
    expect(same(first.dataSync(), values[0]!)).toBe(true);
    tf.dispose([...model.weights, model.counts]);
  });

  it("matrices of linear layers give what they gave, and their gradients, and are read as they were", async () => {
    await tf.setBackend(backend);
    const model = layer(70, 33);
    const x = random([6, 33], 1);
    const values = model.weight.dataSync<"float32">().slice();
    const steps = () =>
      tf.tidy(() => {
        const wanted = [x, model.weight as tf.Tensor];
        const { value, gradients } = valueAndGradients(() => tf.sum(model.forward(x)), wanted);
        return [model.forward(x), value, ...gradients].map((each) => each!.dataSync<"float32">().slice());
      });
    const expected = steps();
    const held = tf.memory();
    settleParameters(model, { multiplied: [model.weight], order: new Int32Array(1) });
    expect(isTurned(model.weight)).toBe(backend === "native");
    expect([tf.memory().numTensors, tf.memory().numDataBuffers]).toEqual([held.numTensors, held.numDataBuffers]);
    for (const [at, got] of steps().entries()) expect(near(got, expected[at]!)).toBe(true);
    expect(same(model.weight.dataSync(), values)).toBe(true);
    for (const [at, got] of steps().entries()) expect(near(got, expected[at]!)).toBe(true);
    // Reading leaves it in its order.
    expect(isTurned(model.weight)).toBe(backend === "native");
    settleParameters(model, { multiplied: [model.weight] });
    tf.tidy(() => model.weight.assign(tf.mul(model.weight, 2)));
    expect(
      near(
        model.weight.dataSync(),
        values.map((value) => 2 * value),
      ),
    ).toBe(true);
  });

  it("matrices in shared memory stay there, and every model over them gives what it gave", async () => {
    await tf.setBackend(backend);
    const plain = layer(70, 33);
    const x = random([6, 33], 1);
    const expected = plain.forward(x).dataSync<"float32">();
    const place = new Float32Array(new SharedArrayBuffer(4 * 70 * 33));
    place.set(plain.weight.dataSync());
    const rows = place.slice();
    const over = () => layer(70, 33, place);
    // Without `order` nobody knows who else reads it.
    const first = over();
    settleParameters(first, { multiplied: [first.weight] });
    expect(same(place, rows)).toBe(true);
    const order = new Int32Array(new SharedArrayBuffer(4));
    for (const model of [first, over(), over()]) {
      settleParameters(model, { multiplied: [model.weight], order });
      expect(same(place, rows)).toBe(backend !== "native");
      expect(near(model.forward(x).dataSync(), expected)).toBe(true);
      expect(isTurned(model.weight)).toBe(backend === "native");
    }
    // Read in rows, the shared ones stay as they are.
    const turned = place.slice();
    expect(same(first.weight.dataSync(), rows)).toBe(true);
    expect(same(place, turned)).toBe(true);
  });

  it("matrices that another thread is about to settle are waited for", async () => {
    await tf.setBackend(backend);
    const place = new Float32Array(new SharedArrayBuffer(4 * 64 * 2)).fill(1);
    const model = layer(64, 2, place);
    const order = new Int32Array(new SharedArrayBuffer(4));
    order[0] = 1;
    const other = new Worker(
      `const { workerData } = require("node:worker_threads");
      setTimeout(() => { Atomics.store(workerData, 0, 3); Atomics.notify(workerData, 0); }, 200);`,
      { eval: true, workerData: order },
    );
    await once(other, "online");
    settleParameters(model, { multiplied: [model.weight], order });
    expect([order[0], isTurned(model.weight)]).toEqual([3, false]);
    await once(other, "exit");
  });

  it("matrices that a thread left half-way are not used", async () => {
    await tf.setBackend(backend);
    const model = { weight: tf.variable(tf.tensor2d(new Float32Array(new SharedArrayBuffer(4 * 64 * 2)), [64, 2])) };
    const settle = (order: number) => () =>
      settleParameters(model, { multiplied: [model.weight], order: Int32Array.of(order) });
    expect(settle(1)).toThrow(/within a minute/);
    if (backend !== "native") expect(settle(2)).toThrow("Expected shared weights in rows on the backend cpu.");
    expect(settle(3)).not.toThrow();
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

function random(shape: number[], seed: number): tf.Tensor {
  return tf.randomUniform(shape, -1, 1, "float32", seed);
}

function layer(outputs: number, inputs: number, values?: Float32Array) {
  const [weight, bias] = tf.tidy(() => {
    const given = values && tf.tensor2d(values, [outputs, inputs]);
    return [tf.variable((given ?? random([outputs, inputs], 2)) as tf.Tensor2D), tf.variable(random([outputs], 3))];
  }) as [tf.Variable<tf.Rank.R2>, tf.Variable];
  return { weight, bias, forward: (x: tf.Tensor) => linear(x, weight, { bias, activation: "relu" }) };
}

/** Whether it lies in the order in which products read it. */
function isTurned(variable: tf.Variable): boolean {
  const backend = tf.backend() as { dataOf?(tensor: tf.Tensor): { turned?: object } };
  return backend.dataOf?.(variable).turned !== undefined;
}

/** To rounding. */
function near(got: ArrayLike<number>, values: Float32Array): boolean {
  return got.length === values.length && values.every((value, at) => Math.abs(value - got[at]!) < 1e-4);
}

/** One by one: a matcher takes seconds for so many. */
function same(got: ArrayLike<number>, values: Float32Array): boolean {
  return got.length === values.length && values.every((value, at) => value === got[at]);
}
