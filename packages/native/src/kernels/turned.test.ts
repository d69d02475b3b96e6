import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { NativeBackend } from "../backend.ts";
import { absent, holds, integer, native, sameAsCpu, tensors } from "../testing.ts";

const near = { tolerance: 2e-6, overall: true };

/** Rows around whole blocks of 6, 8, 12, 16 and 32; columns around whole vectors and blocks of depth. */
const sizes = fc
  .record({
    m: fc.oneof(integer(1, 6), integer(7, 40), integer(90, 110)),
    rows: fc.oneof(integer(1, 40), fc.constantFrom(64, 65, 96, 200, 640)),
    columns: fc.oneof(integer(1, 40), fc.constantFrom(255, 257, 384, 400)),
    transposeB: fc.boolean(),
  })
  .filter(({ m, rows, columns }) => m * rows * columns < 2_000_000);

function turnedFrom(values: Float32Array, shape: [number, number]): tf.Tensor2D {
  const backend = tf.backend() as unknown as NativeBackend;
  return tf.engine().makeTensorFromTensorInfo(backend.turned(values, shape)) as tf.Tensor2D;
}

/** The same matrix, turned where that is known. */
function turned(matrix: tf.Tensor): tf.Tensor2D {
  if (tf.getBackend() !== "native") return matrix as tf.Tensor2D;
  return turnedFrom(Float32Array.from(matrix.dataSync()), matrix.shape as [number, number]);
}

const isTurned = (tensor: tf.Tensor) => (tf.backend() as unknown as NativeBackend).dataOf(tensor).turned !== undefined;

describe.skipIf(absent)("a matrix in the order in which products read it", () => {
  it("multiplies as its rows do, from both sides, and stays turned", async () => {
    const given = sizes.chain((problem) => {
      const { m, rows, columns, transposeB } = problem;
      const a = tensors([m, transposeB ? columns : rows]);
      return fc.tuple(a, tensors([rows, columns]), tensors([transposeB ? rows : columns]), fc.constant(problem));
    });
    await holds(
      given,
      async ([a, b, bias, { transposeB }]) => {
        await sameAsCpu(
          [a, b, bias],
          (x, y, z) => {
            const matrix = turned(y!);
            const options = { a: x as tf.Tensor2D, b: matrix, bias: z!, transposeB, activation: "relu" as const };
            const results = [tf.matMul(x!, matrix, false, transposeB), tf.fused.matMul(options)];
            if (tf.getBackend() === "native") expect(isTurned(matrix)).toBe(true);
            return results;
          },
          near,
        );
      },
      300,
    );
  });

  it("multiplies batches of rows", async () => {
    const given = fc.tuple(tensors([3, 5, 70]), tensors([100, 70]));
    const multiply = (x: tf.Tensor, y: tf.Tensor) => {
      const matrix = turned(y);
      const result = tf.matMul(x, matrix, false, true);
      if (tf.getBackend() === "native") expect(isTurned(matrix)).toBe(true);
      return result;
    };
    await holds(given, ([a, b]) => sameAsCpu([a, b], (x, y) => multiply(x!, y!), near), 3);
  });

  it.each([5, 130, 300])("gives the bits of its rows for %i rows, whatever the number of threads", async (m) => {
    const backend = await native();
    const { threads } = backend;
    try {
      const [a, b] = [
        tf.randomUniform([m, 512], -1, 1, "float32", 1),
        tf.randomUniform([640, 512], -1, 1, "float32", 2),
      ];
      const matrix = turned(b);
      const expected = tf.matMul(a, b, false, true).dataSync();
      const back = tf.matMul(tf.ones([m, 640]), b).dataSync();
      for (const count of [1, 2, 3, 20]) {
        backend.threads = count;
        expect(tf.matMul(a, matrix, false, true).dataSync()).toEqual(expected);
        expect(tf.matMul(tf.ones([m, 640]), matrix).dataSync()).toEqual(back);
      }
      expect(isTurned(matrix)).toBe(true);
      // With outputs that fill no block.
      const more = turned(tf.randomUniform([650, 512], -1, 1, "float32", 3));
      const results = [1, 2, 3, 20].map((count) => {
        backend.threads = count;
        return tf.matMul(a, more, false, true).dataSync();
      });
      for (const result of results) expect(result).toEqual(results[0]);
    } finally {
      backend.threads = threads;
    }
  });

  it("gives rows by their numbers, and stays turned", async () => {
    const given = fc.tuple(sizes, fc.array(fc.nat(), { maxLength: 20 })).chain(([{ rows, columns }, ids]) => {
      const indices = Int32Array.from(ids, (id) => id % rows);
      return fc.tuple(
        tensors([rows, columns]),
        fc.constant({ shape: [ids.length], dtype: "int32" as const, values: indices }),
      );
    });
    await holds(given, ([matrix, ids]) =>
      sameAsCpu([matrix, ids], (x, indices) => {
        const all = turned(x!);
        const found = tf.gather(all, indices as tf.Tensor1D);
        if (tf.getBackend() === "native") expect(isTurned(all)).toBe(true);
        return found;
      }),
    );
    await native();
    expect(() => tf.gather(turned(tf.ones([64, 3])), [64])).toThrow("the index value 64 is not in [0, 63]");
  });

  it.each<[string, (matrix: tf.Tensor2D) => tf.Tensor]>([
    ["reading", (matrix) => tf.tensor(matrix.dataSync(), matrix.shape)],
    ["adding", (matrix) => tf.add(matrix, 1)],
    ["gathering columns", (matrix) => tf.gather(matrix, [1, 68, 0, 5], 1)],
    ["transposing", (matrix) => tf.transpose(matrix)],
    ["a product in another shape", (matrix) => tf.matMul(tf.ones([2, 69]), tf.reshape(matrix, [69, 70]))],
    ["a product from the left", (matrix) => tf.matMul(matrix, tf.ones([69, 3]))],
    ["a kernel of the cpu backend", (matrix) => tf.unique(tf.reshape(matrix, [-1])).values],
  ])("has its rows for %s", async (_, compute) => {
    await native();
    const values = Float32Array.from({ length: 70 * 69 }, (_, index) => Math.sin(index));
    for (const buffer of [new ArrayBuffer(values.byteLength), new SharedArrayBuffer(values.byteLength)]) {
      tf.tidy(() => {
        const plain = tf.tensor2d(values.slice(), [70, 69]);
        const place = new Float32Array(buffer);
        place.set(values);
        const matrix = turnedFrom(place, [70, 69]);
        const order = place.slice();
        expect(order).not.toEqual(values);
        expect(compute(matrix).dataSync()).toEqual(compute(plain).dataSync());
        // Other threads may read it where it lies.
        if (buffer instanceof SharedArrayBuffer) expect(place).toEqual(order);
        expect(matrix.dataSync()).toEqual(values);
        const x = tf.ones([6, 69]) as tf.Tensor2D;
        expect(tf.matMul(x, matrix, false, true).dataSync()).toEqual(tf.matMul(x, plain, false, true).dataSync());
      });
    }
  });

  it("stays turned where it is only read", async () => {
    await native();
    const values = Float32Array.from({ length: 64 * 3 }, (_, index) => index);
    const matrix = turnedFrom(values.slice(), [64, 3]);
    const [first, second] = [matrix.dataSync(), await matrix.data()];
    first[0] = -1;
    expect(second).toEqual(values);
    expect(matrix.dataSync()).toEqual(values);
    expect(isTurned(matrix)).toBe(true);
  });

  it("can lie in order already, and leaves its memory to whom it belongs", async () => {
    const backend = await native();
    const values = Float32Array.from({ length: 64 * 40 }, (_, index) => Math.cos(index));
    const place = values.slice();
    const first = tf.engine().makeTensorFromTensorInfo(backend.turned(place, [64, 40]));
    const second = tf.engine().makeTensorFromTensorInfo(backend.turned(place, [64, 40], { already: true }));
    first.dispose();
    const kept = backend.pool.bytes;
    expect(second.dataSync()).toEqual(values);
    second.dispose();
    expect(backend.pool.bytes).toBe(kept);
    expect(place).not.toEqual(values);
  });

  it("is checked for its length", async () => {
    const backend = await native();
    const { addon } = backend;
    const [two, twenty] = [new Float32Array(2), new Float32Array(20)];
    expect(() => addon.turnBlocks(two, 4, 5, false)).toThrow(RangeError);
    expect(() => addon.turnBlocks(twenty, -4, -5, false)).toThrow(RangeError);
    const product = (...[a, b, out]: Float32Array[]) => addon.matmulTurned(a, b, out, 1, 4, 5, true, null, 0, 0);
    expect(() => product(two, twenty, twenty)).toThrow(RangeError);
    expect(() => product(twenty, two, twenty)).toThrow(RangeError);
    expect(() => product(twenty, twenty, two)).toThrow(RangeError);
    const rows = (...[x, out]: Float32Array[]) => addon.gatherTurned(x, Int32Array.of(3), out, 4, 5, 1);
    expect(() => rows(two, twenty)).toThrow(RangeError);
    expect(() => rows(twenty, two)).toThrow(RangeError);
  });
});
