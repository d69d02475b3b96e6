import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { absent, call, holds, integer, native, sameAsCpu, shapes, type Type, tensors } from "../testing.ts";

/** A shape and some of its axes, in any order. */
const reduced = shapes(5).chain((shape) =>
  fc.tuple(
    fc.constant(shape),
    fc.shuffledSubarray(shape.map((_, axis) => axis)),
    fc.boolean(),
    fc.constantFrom<Type>("float32", "int32"),
  ),
);

const one = shapes(4, { least: 1, zero: false }).chain((shape) =>
  fc.tuple(fc.constant(shape), integer(0, shape.length - 1)),
);

const { sum, mean, max, min, prod } = tf;
const reductions: Record<string, (x: tf.Tensor, axis: number | number[], keepDims?: boolean) => tf.Tensor> = {
  sum,
  mean,
  max,
  min,
  prod,
};

describe.skipIf(absent)("reductions equal those of cpu", () => {
  it.each(Object.keys(reductions))("%s over any axes", async (name) => {
    const given = reduced.chain(([shape, axes, keepDims, dtype]) =>
      // A product of many numbers leaves the floats' range, where the cpu backend's doubles do not.
      fc.tuple(
        tensors(shape, name === "prod" ? { dtype, from: 0.8, to: 1.2 } : { dtype }),
        fc.constant(axes),
        fc.constant(keepDims),
      ),
    );
    await holds(given, ([x, axes, keepDims]) =>
      sameAsCpu([x], (input) => reductions[name]!(input, axes, keepDims), { tolerance: 2e-5, overall: true }),
    );
  });

  it.each(["sum", "mean", "max", "min"])("%s with NaN and infinities", async (name) => {
    const numbers = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1, -1, 0);
    const given = fc.tuple(integer(1, 5), integer(1, 40)).chain(([rows, width]) =>
      fc.tuple(
        fc.array(numbers, { minLength: rows * width, maxLength: rows * width }).map((values) => ({
          shape: [rows, width],
          dtype: "float32" as const,
          values: Float32Array.from(values),
        })),
        integer(0, 1),
      ),
    );
    await holds(given, ([x, axis]) => sameAsCpu([x], (input) => reductions[name]!(input, axis)));
  });

  it("sums booleans, all and any", async () => {
    const given = reduced.chain(([shape, axes, keepDims]) =>
      fc.tuple(tensors(shape, { dtype: "bool" }), fc.constant(axes), fc.constant(keepDims)),
    );
    await holds(given, async ([x, axes, keepDims]) => {
      await sameAsCpu([x], (input) => tf.sum(input, axes, keepDims));
      // All of nothing is true; the cpu backend looks at what is not there, and finds it false.
      if (x.values.length > 0) await sameAsCpu([x], (input) => tf.all(input, axes, keepDims));
      await sameAsCpu([x], (input) => tf.any(input, axes, keepDims));
    });
  });

  it("argMax and argMin, the first of equals", async () => {
    const given = one.chain(([shape, axis]) =>
      fc.tuple(
        tensors(shape).map((x) => ({ ...x, values: Float32Array.from(x.values, Math.round) })),
        fc.constant(axis),
      ),
    );
    await holds(given, async ([x, axis]) => {
      await sameAsCpu([x], (input) => tf.argMax(input, axis));
      await sameAsCpu([x], (input) => tf.argMin(input, axis));
    });
  });

  it("cumsum and cumprod, exclusive and reversed", async () => {
    const given = one.chain(([shape, axis]) =>
      fc.tuple(tensors(shape, { from: -1.2, to: 1.2 }), fc.constant(axis), fc.boolean(), fc.boolean()),
    );
    await holds(given, async ([x, axis, exclusive, reverse]) => {
      await sameAsCpu([x], (input) => tf.cumsum(input, axis, exclusive, reverse), { tolerance: 2e-5 });
      await sameAsCpu([x], (input) => tf.cumprod(input, axis, exclusive, reverse), { tolerance: 2e-5 });
    });
  });

  it("topk, equal values in the order of their places", async () => {
    const given = fc.tuple(integer(1, 6), integer(1, 40), fc.boolean()).chain(([rows, width, coarse]) =>
      fc.tuple(
        tensors([rows, width]).map((x) => (coarse ? { ...x, values: Float32Array.from(x.values, Math.round) } : x)),
        integer(1, width),
      ),
    );
    await holds(given, ([x, k]) =>
      sameAsCpu([x], (input) => {
        const { values, indices } = tf.topk(input, k);
        return [values, indices];
      }),
    );
  });

  it("softmax of more than a cache holds as of its rows", async () => {
    await native();
    // Rows that do not begin where a vector may be stored whole.
    const [rows, width] = [8201, 1023];
    tf.tidy(() => {
      const x = tf.randomUniform<tf.Rank.R2>([rows, width], -9, 9, "float32", 3);
      const whole = tf.softmax(x);
      for (const row of [0, 1, 4099, rows - 1]) {
        const [one, same] = [tf.softmax(tf.slice(x, [row, 0], [1, width])), tf.slice(whole, [row, 0], [1, width])];
        expect(same.dataSync()).toEqual(one.dataSync());
      }
    });
  });

  it("softmax of large and infinite logits", async () => {
    const given = shapes(3, { least: 1 }).chain((shape) =>
      fc.tuple(tensors(shape, { from: -200, to: 200 }), fc.boolean()),
    );
    await holds(given, async ([x, hide]) => {
      const values = Float32Array.from(x.values, (value, at) =>
        hide && at % 3 === 1 ? Number.NEGATIVE_INFINITY : value,
      );
      await sameAsCpu([{ ...x, values }], (input) => tf.softmax(input));
      await sameAsCpu([x], (input) => tf.logSoftmax(input), { tolerance: 1e-4 });
    });
  });

  it("sums a million numbers as exactly as doubles do", async () => {
    await native();
    const x = tf.randomUniform([1_000_003], 0, 1, "float32", 5);
    const values = await x.data<"float32">();
    const exact = values.reduce((total, value) => total + value, 0);
    const sum = tf.sum(x);
    expect(Math.abs((await sum.data())[0]! - exact) / exact).toBeLessThan(1e-6);
    tf.dispose([x, sum]);
  });

  it("segment sums, ids out of range left out", async () => {
    const given = fc
      .tuple(integer(1, 50), integer(1, 7), shapes(2, { zero: false }))
      .chain(([count, segments, inner]) =>
        fc.tuple(
          tensors([count, ...inner]),
          fc.array(integer(0, segments - 1), { minLength: count, maxLength: count }),
          fc.constant(segments),
        ),
      );
    await holds(given, ([x, ids, numSegments]) =>
      sameAsCpu([x, { shape: [ids.length], dtype: "int32", values: Int32Array.from(ids) }], (input, segmentIds) =>
        call("UnsortedSegmentSum", { x: input, segmentIds }, { numSegments }),
      ),
    );
  });
});
