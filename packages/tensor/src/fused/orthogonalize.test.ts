import { Random } from "@nacre/random";
import { beforeAll, describe, expect, it } from "vitest";
import { orthogonalize, ready, tf } from "../index.ts";
import { has } from "./kernel.ts";

const working: string[] = [];

beforeAll(async () => {
  for (const backend of ["cpu", "wasm", "native"] as const) {
    await ready({ backend }).then(
      () => working.push(backend),
      () => undefined,
    );
  }
});

const normal = (shape: [number, number]): tf.Tensor2D => {
  const random = new Random(3).fork(`${shape}`);
  return tf.tensor2d(
    Float32Array.from({ length: shape[0] * shape[1] }, () => random.normal()),
    shape,
  );
};

describe("orthogonalize", () => {
  it.each([
    [1, 1, 5],
    [1, 7, 5],
    [5, 3, 0],
    [4, 4, 1],
    [33, 70, 5],
    [130, 47, 4],
    [150, 150, 5],
    [96, 300, 5],
    [260, 130, 5],
  ])("[%i, %i] in %i iterations is the same on every backend", async (rows, columns, iterations) => {
    const values = new Map<string, Float32Array>();
    for (const backend of working) {
      await ready({ backend: backend as "cpu" });
      const before = tf.memory().numTensors;
      const matrix = normal([rows, columns]);
      const result = orthogonalize(matrix, iterations);
      expect(result.shape).toEqual([rows, columns]);
      values.set(backend, (await result.data()) as Float32Array);
      tf.dispose([matrix, result]);
      expect(tf.memory().numTensors).toBe(before);
    }
    const expected = values.get("cpu")!;
    for (const [backend, found] of values) {
      found.forEach((value, index) => {
        expect(Math.abs(value - expected[index]!), `${backend} at ${index}`).toBeLessThan(2e-5);
      });
    }
  });

  it("makes rows of a wide and columns of a tall matrix nearly orthonormal", async () => {
    for (const backend of working) {
      await ready({ backend: backend as "cpu" });
      for (const shape of [
        [40, 200],
        [200, 40],
      ] as [number, number][]) {
        tf.tidy(() => {
          const tall = shape[0] > shape[1];
          const result = orthogonalize(normal(shape));
          const gram = tf.matMul(result, result, tall, !tall).arraySync() as number[][];
          gram.forEach((row, i) => {
            row.forEach((value, j) => {
              if (i === j) expect(value).toBeGreaterThan(0.45);
              if (i === j) expect(value).toBeLessThan(1.45);
              else expect(Math.abs(value)).toBeLessThan(0.35);
            });
          });
        });
      }
    }
  });

  it("takes nothing at all, zeros and NaN, and tells what it expects", async () => {
    for (const backend of working) {
      await ready({ backend: backend as "cpu" });
      expect(orthogonalize(tf.zeros([0, 3])).shape).toEqual([0, 3]);
      expect([...orthogonalize(tf.zeros([2, 3])).dataSync()]).toEqual([0, 0, 0, 0, 0, 0]);
      expect([...orthogonalize(tf.tensor2d([1, Number.NaN, 2, 3], [2, 2])).dataSync()].every(Number.isNaN)).toBe(true);
      expect(() => orthogonalize(tf.zeros([2, 3, 4]) as never)).toThrow("expected a matrix [R, C]. Received [2,3,4]");
      expect(() => orthogonalize(tf.zeros([2, 2]), 1.5)).toThrow("expected 0 or more iterations. Received 1.5");
    }
  });

  it("is one kernel where the backend has it", async () => {
    if (!working.includes("native")) return;
    await ready({ backend: "native" });
    expect(has("Orthogonalize")).toBe(true);
  });
});
