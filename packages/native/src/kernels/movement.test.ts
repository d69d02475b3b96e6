import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { absent, call, type Given, holds, integer, native, sameAsCpu, shapes, type Type, tensors } from "../testing.ts";

const types = fc.constantFrom<Type>("float32", "int32", "bool");

/** A tensor and whatever else its shape allows. */
function withShape<T>(more: (shape: number[]) => fc.Arbitrary<T>, rank = 5, least = 1): fc.Arbitrary<[Given, T]> {
  return fc
    .tuple(shapes(rank, { least }), types)
    .chain(([shape, dtype]) => fc.tuple(tensors(shape, { dtype, extreme: true }), more(shape)));
}

const eachAxis = <T>(shape: number[], of: (size: number) => fc.Arbitrary<T>): fc.Arbitrary<T[]> =>
  fc.tuple(...shape.map(of));

const axisOf = (shape: number[]) => integer(0, shape.length - 1);

describe.skipIf(absent)("kernels that move values equal those of cpu", () => {
  it("Transpose by any permutation", async () => {
    const given = withShape((shape) =>
      fc.shuffledSubarray(
        shape.map((_, axis) => axis),
        { minLength: shape.length },
      ),
    );
    await holds(given, ([x, permutation]) => sameAsCpu([x], (input) => tf.transpose(input, permutation)), 400);
  });

  it("Transpose of large matrices, in blocks", async () => {
    const given = fc.tuple(integer(60, 300), integer(60, 300), integer(1, 3)).chain((shape) => tensors([...shape]));
    await holds(given, (x) => sameAsCpu([x], (input) => tf.transpose(input, [1, 0, 2])), 20);
  });

  it("Slice", async () => {
    const given = withShape((shape) =>
      eachAxis(shape, (size) =>
        integer(0, size).chain((begin) => fc.tuple(fc.constant(begin), integer(0, size - begin))),
      ),
    );
    await holds(given, ([x, region]) =>
      sameAsCpu([x], (input) =>
        tf.slice(
          input,
          region.map(([begin]) => begin),
          region.map(([, size]) => size),
        ),
      ),
    );
  });

  it("StridedSlice, backwards too", async () => {
    const given = withShape((shape) =>
      fc.tuple(
        eachAxis(shape, (size) => fc.tuple(integer(-size - 1, size + 1), integer(-size - 1, size + 1))),
        eachAxis(shape, () => fc.constantFrom(1, 2, 3, -1, -2)),
        integer(0, 15),
        integer(0, 15),
        integer(0, 3),
      ),
    );
    await holds(
      given,
      ([x, [bounds, strides, beginMask, endMask, shrinkAxisMask]]) =>
        sameAsCpu(
          [x],
          (input) =>
            tf.stridedSlice(
              input,
              bounds.map(([begin]) => begin),
              bounds.map(([, end]) => end),
              // With an axis to be taken away the cpu backend forgets the steps of the others.
              shrinkAxisMask > 0 ? strides.map(() => 1) : strides,
              beginMask,
              endMask,
              0,
              0,
              shrinkAxisMask,
            ),
          // It slices the first axis alone after that was taken away.
          { mayKnowMore: true },
        ),
      500,
    );
  });

  it("PadV2 and MirrorPad", async () => {
    const given = withShape((shape) => eachAxis(shape, () => fc.tuple(integer(0, 3), integer(0, 3))), 4);
    await holds(given, async ([x, paddings]) => {
      await sameAsCpu([x], (input) => call("PadV2", { x: input }, { paddings, constantValue: 1 }));
    });
  });

  it("Tile", async () => {
    const given = withShape((shape) => eachAxis(shape, () => integer(0, 3)), 4);
    await holds(given, ([x, reps]) => sameAsCpu([x], (input) => tf.tile(input, reps)));
  });

  it("Reverse", async () => {
    const given = withShape((shape) => fc.shuffledSubarray(shape.map((_, axis) => axis)), 4);
    await holds(given, ([x, axes]) => sameAsCpu([x], (input) => tf.reverse(input, axes)));
  });

  it("Concat, empty parts among them", async () => {
    const given = fc.tuple(shapes(4, { least: 1 }), types, integer(1, 5)).chain(([shape, dtype, count]) =>
      fc
        .tuple(axisOf(shape), fc.array(fc.constantFrom(0, 1, 3, 8), { minLength: count, maxLength: count }))
        .chain(([axis, sizes]) =>
          fc.tuple(
            fc.tuple(
              ...sizes.map((size) =>
                tensors(
                  shape.map((length, each) => (each === axis ? size : length)),
                  { dtype },
                ),
              ),
            ),
            fc.constant(axis),
          ),
        ),
    );
    await holds(given, ([parts, axis]) => sameAsCpu(parts, (...inputs) => tf.concat(inputs, axis)));
  });

  it("SplitV, Unpack and Pack", async () => {
    const given = withShape((shape) => fc.tuple(axisOf(shape), fc.nat()), 4);
    await holds(given, async ([x, [axis, place]]) => {
      const size = x.shape[axis]!;
      const first = place % (size + 1);
      await sameAsCpu([x], (input) => tf.split(input, [first, size - first], axis));
      if (size > 0 && size < 20) await sameAsCpu([x], (input) => tf.unstack(input, axis));
      await sameAsCpu([x, x, x], (...inputs) => tf.stack(inputs, axis));
    });
  });

  it("GatherV2 along any axis, with batches", async () => {
    const given = withShape(
      (shape) =>
        fc.tuple(axisOf(shape), fc.array(fc.nat(), { maxLength: 12 })).chain(([axis, places]) =>
          fc.constant({
            axis,
            places: Int32Array.from(shape[axis] === 0 ? [] : places, (place) => place % shape[axis]!),
          }),
        ),
      4,
    );
    await holds(given, ([x, { axis, places }]) =>
      sameAsCpu([x, { shape: [places.length], dtype: "int32", values: places }], (input, indices) =>
        tf.gather(input, indices as tf.Tensor1D, axis),
      ),
    );
  });

  it("gather with batch axes", async () => {
    const given = fc
      .tuple(integer(1, 4), integer(1, 6), integer(1, 9))
      .chain(([batch, rows, width]) =>
        fc.tuple(
          tensors([batch, rows, width]),
          fc.array(integer(0, rows - 1), { minLength: batch * 3, maxLength: batch * 3 }),
        ),
      );
    await holds(given, ([x, places]) =>
      sameAsCpu([x, { shape: [x.shape[0]!, 3], dtype: "int32", values: Int32Array.from(places) }], (input, indices) =>
        tf.gather(input, indices as tf.Tensor2D, 1, 1),
      ),
    );
  });

  it("GatherNd and ScatterNd", async () => {
    const given = fc.tuple(shapes(4, { least: 1, zero: false }), integer(1, 8)).chain(([shape, count]) =>
      integer(1, shape.length).chain((depth) =>
        fc.tuple(
          tensors(shape),
          fc.array(fc.tuple(...shape.slice(0, depth).map((size) => integer(0, size - 1))), {
            minLength: count,
            maxLength: count,
          }),
          tensors([count, ...shape.slice(depth)]),
        ),
      ),
    );
    await holds(given, async ([x, places, updates]) => {
      const indices: Given = {
        shape: [places.length, places[0]!.length],
        dtype: "int32",
        values: Int32Array.from(places.flat()),
      };
      await sameAsCpu([x, indices], (input, at) => tf.gatherND(input, at));
      await sameAsCpu([indices, updates], (at, values) => tf.scatterND(at as never, values, [...x.shape] as never));
    });
  });

  it("OneHot, indices out of range included", async () => {
    const given = fc
      .tuple(shapes(2, { least: 1 }), integer(1, 9), fc.constantFrom<"float32" | "int32">("float32", "int32"))
      .chain(([shape, depth, dtype]) =>
        fc.tuple(tensors(shape, { dtype: "int32" }), fc.constant(depth), fc.constant(dtype)),
      );
    await holds(given, ([x, depth, dtype]) =>
      sameAsCpu([x], (indices) => tf.oneHot(indices as tf.Tensor1D, depth, 0.5, -1, dtype as never)),
    );
  });

  it("Fill, ZerosLike and OnesLike", async () => {
    const given = fc.tuple(shapes(), types).chain(([shape, dtype]) => tensors(shape, { dtype }));
    await holds(given, async (x) => {
      await sameAsCpu([x], (input) => [tf.zerosLike(input), tf.onesLike(input)]);
      await sameAsCpu([], () => tf.fill([...x.shape], 3, x.dtype as "float32"));
    });
  });

  it("names the index that lies outside", async () => {
    await native();
    const x = tf.zeros([3, 2]);
    const wrong = tf.tensor1d([0, 3], "int32");
    const before = tf.memory().numDataBuffers;
    expect(() => tf.gather(x, wrong)).toThrow(/3.*(range|outside|from 0 to 2)|\b3\b/);
    expect(tf.memory().numDataBuffers).toBe(before);
    tf.dispose([x, wrong]);
  });
});
