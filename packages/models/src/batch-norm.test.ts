import { Random } from "@nacre/random";
import { randomNormal, ready, tf } from "@nacre/tensor";
import { beforeAll, describe, expect, it } from "vitest";
import { BatchNorm, inference } from "./index.ts";

beforeAll(async () => void (await ready({ backend: "wasm" })));

describe("BatchNorm", () => {
  it.each([7, 12_800, 99_991])("normalises %i values of a channel to float32's accuracy", async (count) => {
    const layer = new BatchNorm({ channels: 2, momentum: 1, epsilon: 0 });
    const x = randomNormal(new Random(1), [count, 2], 3, 2);
    const values = (await x.data()) as Float32Array;
    const y = await layer.forward(x, { training: true }).data();
    const column = values.filter((_, index) => index % 2 === 1);
    const mean = column.reduce((sum, value) => sum + value, 0) / count;
    const variance = column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1);
    expect((await layer.runningMean.data())[1]).toBeCloseTo(mean, 4);
    expect((await layer.runningVariance.data())[1]! / variance).toBeCloseTo(1, 4);
    const biased = (variance * (count - 1)) / count;
    for (let i = 0; i < 7; i++) expect(y[2 * i + 1]).toBeCloseTo((column[i]! - mean) / Math.sqrt(biased), 3);
  });

  it("uses the running statistics in use, and leaves them", async () => {
    const layer = new BatchNorm({ channels: 1, epsilon: 0 });
    tf.tidy(() => {
      layer.runningMean.assign(tf.tensor1d([1]));
      layer.runningVariance.assign(tf.tensor1d([4]));
    });
    const y = layer.forward(tf.tensor2d([[5], [1]]), inference);
    expect([...(await y.data())]).toEqual([2, 0]);
    expect([...(await layer.runningMean.data())]).toEqual([1]);
  });

  it("refuses to train on one value", () => {
    const layer = new BatchNorm({ channels: 2 });
    expect(() => layer.forward(tf.zeros([1, 2]), { training: true })).toThrow("use larger batches");
    expect(() => layer.forward(tf.zeros([2, 3]), { training: true })).toThrow("expected an input of shape […, 2]");
  });
});
