import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { absent, call, holds, integer, native, sameAsCpu, tensors } from "../testing.ts";

const size = fc.oneof(
  { weight: 6, arbitrary: integer(1, 20) },
  { weight: 3, arbitrary: integer(20, 100) },
  { weight: 1, arbitrary: integer(100, 400) },
);

const problems = fc
  .record({ m: size, n: size, k: size, transposeA: fc.boolean(), transposeB: fc.boolean() })
  .filter(({ m, n, k }) => m * n * k < 1_500_000);

type Problem = typeof problems extends fc.Arbitrary<infer T> ? T : never;

const shapesOf = ({ m, n, k, transposeA, transposeB }: Problem): [number[], number[]] => [
  transposeA ? [k, m] : [m, k],
  transposeB ? [n, k] : [k, n],
];

/** Products in another order than the cpu backend's differ in their last bits, by the size of the sums. */
const near = { tolerance: 2e-6, overall: true };

describe.skipIf(absent)("matrix products equal those of cpu", () => {
  it("of any size and transposition", async () => {
    const given = problems.chain((problem) => {
      const [a, b] = shapesOf(problem);
      return fc.tuple(tensors(a), tensors(b), fc.constant(problem));
    });
    await holds(
      given,
      ([a, b, { transposeA, transposeB }]) =>
        sameAsCpu([a, b], (x, y) => tf.matMul(x, y, transposeA, transposeB), near),
      300,
    );
  });

  it.each([
    { m: 130, k: 300, n: 333 },
    // Rows of 1,024 elements have the same places in a first-level cache.
    { m: 130, k: 1024, n: 1100 },
    { m: 200, k: 1024, n: 70 },
  ])("of $m rows, $k deep, $n columns, with the same bits for any number of threads", async ({ m, k, n }) => {
    const backend = await native();
    const { threads } = backend;
    try {
      for (const transposeB of [false, true]) {
        const given = tf.randomUniform([m, k], -1, 1, "float32", 1);
        const other = tf.randomUniform(transposeB ? [n, k] : [k, n], -1, 1, "float32", 2);
        const [a, b] = [given, other].map((each) => ({
          shape: each.shape,
          dtype: "float32" as const,
          values: Float32Array.from(each.dataSync()),
        }));
        const results: Float32Array[] = [];
        for (const count of [1, 2, 3, 20]) {
          await native();
          backend.threads = count;
          results.push(Float32Array.from(tf.matMul(given, other, false, transposeB).dataSync()));
        }
        await sameAsCpu([a!, b!], (x, y) => tf.matMul(x!, y!, false, transposeB), near);
        for (const result of results) expect(result).toEqual(results[0]);
        await native();
        tf.dispose([given, other]);
      }
    } finally {
      backend.threads = threads;
    }
  });

  it.each([
    ["few columns, deep", { m: integer(16, 24), n: integer(2, 10), k: integer(256, 290) }],
    [
      "a few columns more than whole vectors",
      { m: integer(64, 70), n: fc.constantFrom(17, 20, 33, 65, 66, 130), k: integer(64, 90) },
    ],
  ])("of %s", async (_, sizes) => {
    const given = fc.record({ ...sizes, transposeB: fc.boolean() }).chain((problem) => {
      const [a, b] = shapesOf({ ...problem, transposeA: false });
      return fc.tuple(
        tensors(a, { from: -1, to: 1 }),
        tensors(b, { from: -1, to: 1 }),
        tensors([problem.n]),
        fc.constantFrom("linear", "relu"),
        fc.constant(problem),
      );
    });
    await holds(given, ([a, b, bias, activation, { transposeB }]) =>
      sameAsCpu(
        [a, b, bias],
        (x, y, added) =>
          call("_FusedMatMul", { a: x!, b: y!, bias: added! }, { transposeA: false, transposeB, activation }),
        near,
      ),
    );
  });

  it("in batches that broadcast", async () => {
    const batches = fc.constantFrom<[number[], number[]]>(
      [[3], [3]],
      [[3], [1]],
      [[1], [4]],
      [
        [2, 3],
        [2, 3],
      ],
      [[2, 3], [3]],
      [[], [2, 2]],
      [[5], []],
      [[0], [0]],
    );
    const small = problems.filter(({ m, n, k }) => m * n * k < 30_000);
    const given = fc.tuple(batches, small).chain(([[left, right], problem]) => {
      const [a, b] = shapesOf(problem);
      return fc.tuple(tensors([...left, ...a]), tensors([...right, ...b]), fc.constant(problem));
    });
    await holds(given, ([a, b, { transposeA, transposeB }]) =>
      sameAsCpu([a, b], (x, y) => tf.matMul(x, y, transposeA, transposeB), near),
    );
  });

  it("in batches that broadcast both ways, which the cpu backend leaves unfinished", async () => {
    await native();
    const a = tf.randomUniform([2, 1, 3, 4], -1, 1, "float32", 1);
    const b = tf.randomUniform([1, 3, 4, 5], -1, 1, "float32", 2);
    const [wide, tiled] = [tf.matMul(a, b), tf.matMul(tf.tile(a, [1, 3, 1, 1]), tf.tile(b, [2, 1, 1, 1]))];
    expect(wide.shape).toEqual([2, 3, 3, 5]);
    // Not to the bit: sums of batches are cut elsewhere.
    expect(tf.max(tf.abs(tf.sub(wide, tiled))).dataSync()[0]).toBeLessThan(1e-6);
  });

  it("with bias and each activation", async () => {
    const activations = fc.constantFrom("linear", "relu", "relu6", "elu", "sigmoid", "leakyrelu", "prelu");
    const given = fc
      .tuple(problems, activations, fc.constantFrom("none", "columns", "one", "all"))
      .chain(([problem, activation, biases]) => {
        const [a, b] = shapesOf(problem);
        const shape = { none: [], columns: [problem.n], one: [1], all: [problem.m, problem.n] }[biases]!;
        return fc.tuple(
          tensors(a, { from: -1, to: 1 }),
          tensors(b, { from: -1, to: 1 }),
          tensors(shape),
          tensors([problem.n]),
          fc.constant({ problem, activation, biased: biases !== "none" }),
        );
      });
    await holds(given, ([a, b, bias, slopes, { problem, activation, biased }]) =>
      sameAsCpu(
        [a, b, bias, slopes],
        (x, y, added, alpha) =>
          call(
            "_FusedMatMul",
            {
              a: x!,
              b: y!,
              ...(biased ? { bias: added! } : {}),
              ...(activation === "prelu" ? { preluActivationWeights: alpha! } : {}),
            },
            { transposeA: problem.transposeA, transposeB: problem.transposeB, activation, leakyreluAlpha: 0.3 },
          ),
        near,
      ),
    );
  });

  it("of nothing", async () => {
    const given = fc.constantFrom<[number[], number[]]>(
      [
        [0, 3],
        [3, 2],
      ],
      [
        [2, 3],
        [3, 0],
      ],
      [
        [2, 0],
        [0, 3],
      ],
    );
    await holds(
      given.chain(([a, b]) => fc.tuple(tensors(a), tensors(b))),
      ([a, b]) => sameAsCpu([a, b], (x, y) => tf.matMul(x, y)),
      20,
    );
  });

  it("hands NaN and infinities on to what they touch, and to nothing else", async () => {
    const given = problems
      .filter(({ m, n, k }) => m * n * k < 200_000)
      .chain((problem) => {
        const [a, b] = shapesOf(problem);
        return fc.tuple(
          tensors(a),
          tensors(b),
          fc.nat(),
          fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY),
          fc.constant(problem),
        );
      });
    await holds(given, ([a, b, place, value, { transposeA, transposeB }]) => {
      const values = Float32Array.from(a.values);
      values[place % values.length] = value;
      // Relative to each value: the largest may be infinite.
      return sameAsCpu([{ ...a, values }, b], (x, y) => tf.matMul(x, y, transposeA, transposeB), { tolerance: 5e-4 });
    });
  });

  it("of integers, as the cpu backend computes them", async () => {
    const given = fc.tuple(tensors([5, 7], { dtype: "int32" }), tensors([7, 3], { dtype: "int32" }));
    await holds(given, ([a, b]) => sameAsCpu([a, b], (x, y) => tf.matMul(x, y)), 20);
  });

  it("differ from those in doubles by no more than their rounding, at a large size", async () => {
    await native();
    const [m, n, k] = [257, 129, 2049];
    const a = tf.randomUniform([m, k], -1, 1, "float32", 3);
    const b = tf.randomUniform([k, n], -1, 1, "float32", 4);
    const product = tf.matMul(a, b);
    const [x, y, z] = await Promise.all([a.data(), b.data(), product.data()]);
    let worst = 0;
    for (let row = 0; row < m; row += 16) {
      for (let column = 0; column < n; column++) {
        let exact = 0;
        for (let each = 0; each < k; each++) exact += x[row * k + each]! * y[each * n + column]!;
        worst = Math.max(worst, Math.abs(exact - z[row * n + column]!));
      }
    }
    // Sums of 2049 products below 1: √k roundings of their size.
    expect(worst).toBeLessThan(1e-4);
    tf.dispose([a, b, product]);
  });

  it("refuses inner sizes that differ", async () => {
    await native();
    expect(() => tf.matMul(tf.zeros([2, 3]), tf.zeros([4, 5]))).toThrow(/inner (shapes|dimensions)/i);
  });
});
