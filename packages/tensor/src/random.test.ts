import { Random } from "@nacre/random";
import { describe, expect, it } from "vitest";
import { randomNormal, randomUniform, ready, tf, truncatedNormal } from "./index.ts";

describe("seeded tensors", () => {
  it("hold the same values on every backend", async () => {
    const drawn = [];
    for (const backend of ["cpu", "wasm"] as const) {
      await ready({ backend });
      const random = new Random(5);
      const before = tf.memory().numTensors;
      const tensors = [
        randomUniform(random, [2, 3], -1, 1),
        randomNormal(random, [4], 3, 2),
        truncatedNormal(random, [3, 3], 0, 0.1),
      ];
      drawn.push(await Promise.all(tensors.map(async (tensor) => [tensor.shape, [...(await tensor.data())]])));
      tf.dispose(tensors);
      expect(tf.memory().numTensors).toBe(before);
    }
    expect(drawn[0]).toEqual(drawn[1]);
    const [uniform] = drawn[0]! as [[number[], number[]]];
    expect(uniform).toEqual([[2, 3], [...new Random(5).fillUniform(new Float32Array(6), -1, 1)]]);
  });

  it("are truncated at two deviations and keep the mean", async () => {
    await ready({ backend: "cpu" });
    const values = [...(await truncatedNormal(new Random(1), [20_000], 1, 0.5).data())];
    expect(Math.max(...values)).toBeLessThanOrEqual(2);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    const mean = values.reduce((sum, value) => sum + value) / values.length;
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
    expect(mean).toBeCloseTo(1, 1);
    // A standard normal cut at ±2 has deviation 0.8796.
    expect(deviation).toBeCloseTo(0.5 * 0.8796, 2);
  });

  it("may be empty or scalar", async () => {
    await ready({ backend: "cpu" });
    expect(randomNormal(new Random(1), [0, 3]).shape).toEqual([0, 3]);
    expect(randomNormal(new Random(1), []).shape).toEqual([]);
  });
});
