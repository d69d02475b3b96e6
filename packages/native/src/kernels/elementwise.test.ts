import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { absent, call, holds, native, sameAsCpu, shapes, type Type, tensors } from "../testing.ts";

const types = fc.constantFrom<Type>("float32", "int32", "bool");

const unary = [
  ..."Abs Acos Acosh Asin Asinh Atan Atanh Ceil Cos Cosh Elu Erf Exp Expm1 Floor Log Log1p Neg Reciprocal".split(" "),
  ..."Relu Relu6 Round Rsqrt Selu Sigmoid Sign Sin Sinh Softplus Sqrt Square Tan Tanh IsFinite IsInf IsNan".split(" "),
];
const binary = [
  ..."Add Sub Multiply Maximum Minimum SquaredDifference RealDiv FloorDiv Mod Pow Atan2".split(" "),
  ..."Equal NotEqual Greater GreaterEqual Less LessEqual Prelu".split(" "),
];

/** Two shapes that broadcast: either may lack leading axes or have 1 where the other has more. */
const pairs = shapes(4).chain((shape) =>
  fc
    .tuple(
      fc.array(fc.constantFrom("both", "a", "b"), { minLength: shape.length, maxLength: shape.length }),
      fc.nat(shape.length),
      fc.boolean(),
    )
    .map(([kept, dropped, swap]) => {
      const a = shape.map((size, axis) => (kept[axis] === "b" ? 1 : size));
      const b = shape.map((size, axis) => (kept[axis] === "a" ? 1 : size)).slice(dropped);
      return swap ? [b, a] : [a, b];
    }),
);

describe.skipIf(absent)("elementwise kernels equal those of cpu", () => {
  it.each(unary)("%s", async (name) => {
    const given = fc
      .tuple(shapes(), fc.boolean())
      .chain(([shape, wide]) => tensors(shape, { extreme: true, from: wide ? -90 : -2, to: wide ? 90 : 2 }));
    // The cpu backend computes in doubles: near the ends of its domain a function in floats has other last bits.
    await holds(given, (x) => sameAsCpu([x], (input) => call(name, { x: input }), { tolerance: 3e-6 }), 100);
  });

  it("Exp within two units in the last place, subnormal results included", async () => {
    await native();
    const count = 200_000;
    const x = Float32Array.from({ length: count }, (_, at) => -104 + (192.7 * at) / (count - 1));
    const result = tf.exp(tf.tensor1d(x)).dataSync();
    const unitsOff = (found: number, wanted: number) =>
      Math.abs(found - wanted) / 2 ** (Math.max(Math.floor(Math.log2(wanted)), -126) - 23);
    expect(x.reduce((most, value, at) => Math.max(most, unitsOff(result[at]!, Math.exp(value))), 0)).toBeLessThan(2);
    // A softmax's weights may be further off where they hardly count.
    const below = x.filter((value) => value <= 0);
    const pairs = Float32Array.from({ length: 2 * below.length }, (_, at) => (at % 2 === 0 ? 0 : below[(at - 1) / 2]!));
    const weights = tf.softmax(tf.tensor2d(pairs, [below.length, 2])).dataSync();
    const off = (value: number, at: number) => unitsOff(weights[2 * at + 1]!, 1 / (1 + Math.exp(-value)));
    expect(below.reduce((most, value, at) => Math.max(most, off(value, at)), 0)).toBeLessThan(7);
  });

  it.each(["Abs", "Neg", "Square"])("%s of integers", async (name) => {
    const given = shapes().chain((shape) => tensors(shape, { dtype: "int32" }));
    await holds(given, (x) => sameAsCpu([x], (input) => call(name, { x: input })), 40);
  });

  it("LeakyRelu, Step and ClipByValue with their attributes", async () => {
    const given = shapes().chain((shape) =>
      fc.tuple(tensors(shape, { extreme: true }), fc.double({ min: -1, max: 1, noNaN: true })),
    );
    await holds(given, async ([x, value]) => {
      const alpha = Math.fround(value);
      await sameAsCpu([x], (input) => call("LeakyRelu", { x: input }, { alpha }));
      await sameAsCpu([x], (input) => call("Step", { x: input }, { alpha }));
      await sameAsCpu([x], (input) =>
        call("ClipByValue", { x: input }, { clipValueMin: alpha - 1, clipValueMax: alpha + 1 }),
      );
    });
  });

  it.each(binary)("%s, with broadcasting and every type", async (name) => {
    const given = fc.tuple(pairs, types, fc.boolean()).chain(([[a, b], dtype, extreme]) => {
      // Powers of large floats and remainders by small ones have few correct digits left.
      const content = { dtype, extreme: extreme && name !== "Mod", from: name === "Pow" ? 0.1 : -3, to: 3 };
      return fc.tuple(tensors(a!, content), tensors(b!, content));
    });
    await holds(given, (both) =>
      sameAsCpu(both, (a, b) => call(name, name === "Prelu" ? { x: a, alpha: b } : { a, b }), { tolerance: 1e-5 }),
    );
  });

  it("mixed types", async () => {
    const given = fc
      .tuple(pairs, types, types, fc.constantFrom("Add", "Multiply", "Less", "Maximum", "RealDiv"))
      .chain(([[a, b], left, right, name]) =>
        fc.tuple(tensors(a!, { dtype: left }), tensors(b!, { dtype: right }), fc.constant(name)),
      );
    await holds(given, ([a, b, name]) =>
      sameAsCpu([a, b], (x, y) => (tf as never as Record<string, typeof tf.add>)[operations[name]!]!(x, y)),
    );
  });

  it("LogicalAnd, LogicalOr and LogicalNot", async () => {
    const given = pairs.chain(([a, b]) => fc.tuple(tensors(a!, { dtype: "bool" }), tensors(b!, { dtype: "bool" })));
    await holds(given, async (both) => {
      await sameAsCpu(both, (a, b) => tf.logicalAnd(a, b));
      await sameAsCpu(both, (a, b) => tf.logicalOr(a, tf.logicalNot(b)));
    });
  });

  it("AddN of two to six", async () => {
    const given = fc
      .tuple(shapes(), fc.integer({ min: 2, max: 6 }))
      .chain(([shape, count]) => fc.tuple(...Array.from({ length: count }, () => tensors(shape, { extreme: true }))));
    await holds(given, (all) => sameAsCpu(all, (...inputs) => tf.addN(inputs)));
  });

  it("casts between all types, NaN and infinities included", async () => {
    const given = fc
      .tuple(shapes(), types, types)
      .chain(([shape, from, to]) => fc.tuple(tensors(shape, { dtype: from, extreme: true }), fc.constant(to)));
    await holds(given, ([x, to]) => sameAsCpu([x], (input) => tf.cast(input, to)));
  });

  it("integers that the cpu backend's Cast left under the label float32", async () => {
    const given = shapes(3, { zero: false }).chain((shape) => tensors(shape, { dtype: "int32" }));
    await holds(given, (x) => sameAsCpu([x], (input) => tf.mul(tf.cast(tf.relu(input), "float32"), 0.5)), 40);
  });

  it("selects", async () => {
    const given = fc
      .tuple(shapes(), types)
      .chain(([shape, dtype]) =>
        fc.tuple(
          tensors(shape, { dtype: "bool" }),
          tensors(shape, { dtype, extreme: true }),
          tensors(shape, { dtype, extreme: true }),
        ),
      );
    await holds(given, (all) => sameAsCpu(all, (condition, t, e) => call("Select", { condition, t, e })));
  });

  it("selects rows by a condition of the first axis, which the cpu backend gets wrong", async () => {
    await native();
    const [t, e] = [tf.tensor2d([0, 1, 2, 3, 4, 5], [2, 3]), tf.tensor2d([10, 11, 12, 13, 14, 15], [2, 3])];
    const rows = call("Select", { condition: tf.tensor1d([false, true], "bool"), t, e }) as tf.Tensor;
    expect([...(await rows.data())]).toEqual([10, 11, 12, 3, 4, 5]);
    tf.dispose([t, e, rows]);
  });

  it("finds values beyond two threads' chunks", async () => {
    const x = await tensor(300_007);
    await sameAsCpu([x, x], (a, b) => tf.add(tf.sigmoid(a), tf.square(b)));
    await sameAsCpu([x], (a) => tf.cast(a, "int32"));
  });

  it("refuses shapes that do not broadcast", async () => {
    await native();
    expect(() => tf.add(tf.zeros([2, 3]), tf.zeros([4]))).toThrow("could not be broadcast");
  });
});

const operations: Record<string, string> = {
  Add: "add",
  Multiply: "mul",
  Less: "less",
  Maximum: "maximum",
  RealDiv: "div",
};

async function tensor(length: number) {
  return fc.sample(tensors([length], { extreme: true }), { numRuns: 1, seed: 3 })[0]!;
}
