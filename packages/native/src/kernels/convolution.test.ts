import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { absent, call, type Given, holds, integer, native, sameAsCpu, type Tolerance, tensors } from "../testing.ts";

type Four = [number, number, number, number];

interface Problem {
  readonly x: Four;
  readonly filter: Four;
  readonly strides: [number, number];
  readonly dilations: [number, number];
  readonly pad: "same" | "valid" | number | [[number, number], [number, number], [number, number], [number, number]];
}

const paddings = fc.oneof(
  fc.constantFrom<"same" | "valid" | number>("same", "valid", 0, 1, 2),
  fc
    .tuple(integer(0, 2), integer(0, 2), integer(0, 2), integer(0, 2))
    .map(([top, bottom, left, right]): Problem["pad"] => [
      [0, 0],
      [top, bottom],
      [left, right],
      [0, 0],
    ]),
);

function fits({ x, filter, dilations, pad }: Problem): boolean {
  if (pad === "same") return true;
  // TensorFlow.js takes the height of a filter for its width where the padding is a number.
  if (typeof pad === "number" && (filter[0] !== filter[1] || dilations[0] !== dilations[1])) return false;
  return [0, 1].every((axis) => {
    const around = pad === "valid" ? 0 : typeof pad === "number" ? 2 * pad : pad[axis + 1]![0]! + pad[axis + 1]![1]!;
    return x[axis + 1]! + around >= (filter[axis]! - 1) * dilations[axis]! + 1;
  });
}

function problems({ depthwise = false, batch = integer(1, 3) } = {}): fc.Arbitrary<Problem> {
  const steps = fc.tuple(integer(1, 3), integer(1, 3));
  return fc
    .record({
      batch,
      place: fc.tuple(integer(1, 14), integer(1, 14)),
      inputs: fc.constantFrom(1, 2, 3, 5, 8, 9, 16, 19),
      outputs: depthwise ? integer(1, 3) : fc.constantFrom(1, 2, 4, 7, 8, 16, 21),
      window: fc.tuple(integer(1, 4), integer(1, 4)),
      steps,
      dilated: fc.boolean(),
      pad: paddings,
    })
    .map(
      ({ batch, place, inputs, outputs, window, steps: each, dilated, pad }): Problem => ({
        x: [batch, ...place, inputs],
        filter: [...window, inputs, outputs],
        strides: dilated ? [1, 1] : each,
        dilations: dilated ? each : [1, 1],
        pad,
      }),
    )
    .filter(fits);
}

const near = { tolerance: 3e-6, overall: true };
const explicit = (pad: Problem["pad"]) => pad as never;

/** Those of the images and of the filters. */
async function sameGradients(
  { x, filter, dy }: { readonly x: Given; readonly filter: Given; readonly dy: Given },
  attributes: object,
  tolerance: Tolerance,
): Promise<void> {
  await sameAsCpu(
    [dy, filter],
    (gradient, weights) =>
      call("Conv2DBackpropInput", { dy: gradient!, filter: weights! }, { ...attributes, inputShape: x.shape }),
    tolerance,
  );
  await sameAsCpu(
    [x, dy],
    (image, gradient) =>
      call("Conv2DBackpropFilter", { x: image!, dy: gradient! }, { ...attributes, filterShape: filter.shape }),
    tolerance,
  );
}

/** Filters with zeros between their taps, as a dilation has them. */
function stretched(filter: tf.Tensor, [tall, wide]: readonly [number, number]): tf.Tensor4D {
  const [height, width, inputs, outputs] = filter.shape as Four;
  const taps = tf.reshape(filter, [height, 1, width, 1, inputs * outputs]);
  const apart = tf.pad(taps, [
    [0, 0],
    [0, tall - 1],
    [0, 0],
    [0, wide - 1],
    [0, 0],
  ]);
  const whole = tf.reshape(apart, [height * tall, width * wide, inputs, outputs]);
  return tf.slice4d(whole as tf.Tensor4D, [0, 0, 0, 0], [height * tall - tall + 1, width * wide - wide + 1, -1, -1]);
}

/** Of dilated convolutions, which cpu's gradients leave out: there, filters are stretched, and their gradient has gaps. */
async function sameDilatedGradients(
  { x, filter, dy }: { readonly x: Given; readonly filter: Given; readonly dy: Given },
  { dilations, ...attributes }: { readonly dilations: [number, number] },
): Promise<void> {
  const onCpu = () => tf.getBackend() === "cpu";
  const inputShape = x.shape;
  await sameAsCpu(
    [dy, filter],
    (gradient, weights) => {
      const given = { dy: gradient!, filter: onCpu() ? stretched(weights!, dilations) : weights! };
      return call("Conv2DBackpropInput", given, { ...attributes, inputShape, ...(!onCpu() && { dilations }) });
    },
    near,
  );
  const [height, width, inputs, outputs] = filter.shape as Four;
  const [tall, wide] = dilations;
  const whole = [(height - 1) * tall + 1, (width - 1) * wide + 1, inputs, outputs];
  await sameAsCpu(
    [x, dy],
    (image, gradient) => {
      const given = { x: image!, dy: gradient! };
      if (!onCpu()) return call("Conv2DBackpropFilter", given, { ...attributes, dilations, filterShape: filter.shape });
      const all = call("Conv2DBackpropFilter", given, { ...attributes, filterShape: whole }) as tf.Tensor4D;
      return tf.stridedSlice(all, [0, 0, 0, 0], whole, [tall, wide, 1, 1]);
    },
    near,
  );
}

describe.skipIf(absent)("convolutions equal those of cpu", () => {
  const convolutions = (options?: Parameters<typeof problems>[0]) =>
    problems(options).chain((problem) => {
      const { x, filter, strides, dilations, pad } = problem;
      const { outShape } = tf.backend_util.computeConv2DInfo(x, filter, strides, dilations, explicit(pad));
      return fc.tuple(tensors(x), tensors(filter), tensors(outShape), fc.constant(problem));
    });
  const check = async ([x, filter, dy, problem]: [Given, Given, Given, Problem], tolerance: Tolerance = near) => {
    const { strides, dilations, pad } = problem;
    const attributes = { strides, pad, dilations, dataFormat: "NHWC" };
    await sameAsCpu(
      [x, filter],
      (image, weights) => call("Conv2D", { x: image!, filter: weights! }, attributes),
      tolerance,
    );
    if (dilations.every((dilation) => dilation === 1)) await sameGradients({ x, filter, dy }, attributes, tolerance);
    else await sameDilatedGradients({ x, filter, dy }, attributes);
  };

  it("Conv2D and both of its gradients", () => holds(convolutions(), (each) => check(each), 300));

  it("many images, each of which has a lane", () =>
    holds(convolutions({ batch: fc.constantFrom(12, 15, 16, 31) }), (each) => check(each), 60));

  it("many images that are too large for one band of lines", async () => {
    const [x, filter, dy] = [
      [28, 18, 120, 12],
      [5, 5, 12, 2],
      [28, 18, 120, 2],
    ].map((shape) => fc.sample(tensors(shape), { numRuns: 1, seed: 1 })[0]!);
    const problem: Problem = {
      x: x!.shape as Four,
      filter: filter!.shape as Four,
      strides: [1, 1],
      dilations: [1, 1],
      pad: "same",
    };
    await check([x!, filter!, dy!, problem], { tolerance: 1e-5, overall: true });
  });

  it("3 × 3 of many channels, which take the way with fewer multiplications", async () => {
    const given = fc
      .record({
        batch: integer(3, 4),
        place: fc.tuple(integer(8, 13), integer(8, 13)),
        inputs: fc.constantFrom(32, 33),
        outputs: fc.constantFrom(32, 35),
        pad: paddings,
      })
      .chain(({ batch, place, inputs, outputs, pad }) => {
        const [x, filter]: Four[] = [
          [batch, ...place, inputs],
          [3, 3, inputs, outputs],
        ];
        const { outShape } = tf.backend_util.computeConv2DInfo(x!, filter!, 1, 1, explicit(pad));
        return fc.tuple(tensors(x!), tensors(filter!), tensors(outShape), tensors([outputs]), fc.constant(pad));
      });
    const checkFused = async (
      x: Given,
      filter: Given,
      dy: Given,
      bias: Given,
      pad: Problem["pad"],
      tolerance = near,
    ) => {
      const attributes = { strides: 1, pad, dilations: 1, dataFormat: "NHWC" };
      await sameAsCpu(
        [x, filter, bias],
        (image, weights, shift) =>
          call(
            "FusedConv2D",
            { x: image!, filter: weights!, bias: shift! },
            { ...attributes, activation: "relu", leakyreluAlpha: 0 },
          ),
        tolerance,
      );
      await sameGradients({ x, filter, dy }, attributes, tolerance);
    };
    await holds(given, ([x, filter, dy, bias, pad]) => checkFused(x, filter, dy, bias, pad), 5);
    // Rows of a product in several parts.
    const [image, weights] = [
      [1, 60, 60, 32],
      [3, 3, 32, 32],
    ].map((shape) => fc.sample(tensors(shape), { numRuns: 1, seed: 1 })[0]!);
    const [bias] = fc.sample(tensors([32]), { numRuns: 1, seed: 1 });
    await checkFused(image!, weights!, image!, bias!, "same", { tolerance: 2e-5, overall: true });
  });

  it("3 × 3 of many channels in several rounds of tiles: a batch is its images", async () => {
    await native();
    const attributes = { strides: 1, pad: "same", dilations: 1, dataFormat: "NHWC" };
    tf.tidy(() => {
      const x = tf.randomNormal([5, 60, 60, 32], 0, 1, "float32", 1) as tf.Tensor4D;
      const filter = tf.randomNormal([3, 3, 32, 32], 0, 1, "float32", 2) as tf.Tensor4D;
      const images = tf.split(x, 5);
      const forward = (batch: tf.Tensor) => call("Conv2D", { x: batch, filter }, attributes);
      const back = (dy: tf.Tensor) =>
        call("Conv2DBackpropInput", { dy, filter }, { ...attributes, inputShape: dy.shape });
      const wide = (batch: tf.Tensor) =>
        call("Conv2DBackpropFilter", { x: batch, dy: batch }, { ...attributes, filterShape: filter.shape });
      const alike = (together: tf.Tensor, apart: tf.Tensor) => {
        const difference = tf.max(tf.abs(tf.sub(together, apart))).dataSync()[0]!;
        expect(difference).toBeLessThan(2e-6 * tf.max(tf.abs(apart)).dataSync()[0]!);
      };
      for (const compute of [forward, back]) {
        alike(compute(x) as tf.Tensor, tf.concat(images.map((each) => compute(each) as tf.Tensor)));
      }
      alike(wide(x) as tf.Tensor, tf.addN(images.map((each) => wide(each) as tf.Tensor)));
    });
  });

  it("with channels first", async () => {
    const given = problems()
      .filter(({ pad }) => !Array.isArray(pad))
      .chain((problem) => {
        const [batch, height, width, channels] = problem.x;
        return fc.tuple(tensors([batch, channels, height, width]), tensors(problem.filter), fc.constant(problem));
      });
    await holds(given, ([x, filter, { strides, dilations, pad }]) =>
      sameAsCpu(
        [x, filter],
        (image, weights) =>
          call("Conv2D", { x: image!, filter: weights! }, { strides, dilations, pad, dataFormat: "NCHW" }),
        near,
      ),
    );
  });

  it("FusedConv2D with bias and activation", async () => {
    const given = fc
      .tuple(
        problems({ batch: fc.constantFrom(1, 2, 16) }),
        fc.constantFrom("linear", "relu", "relu6", "elu", "sigmoid", "leakyrelu", "prelu"),
      )
      .chain(([problem, activation]) =>
        fc.tuple(
          tensors(problem.x, { from: -1, to: 1 }),
          tensors(problem.filter, { from: -1, to: 1 }),
          tensors([problem.filter[3]]),
          fc.constant({ problem, activation }),
        ),
      );
    await holds(
      given,
      ([
        x,
        filter,
        bias,
        {
          problem: { strides, dilations, pad },
          activation,
        },
      ]) =>
        sameAsCpu(
          [x, filter, bias],
          (image, weights, added) =>
            call(
              "FusedConv2D",
              {
                x: image!,
                filter: weights!,
                bias: added!,
                ...(activation === "prelu" ? { preluActivationWeights: added! } : {}),
              },
              { strides, dilations, pad, dataFormat: "NHWC", activation, leakyreluAlpha: 0.1 },
            ),
          near,
        ),
    );
  });

  it("depthwise, with both gradients", async () => {
    const given = problems({ depthwise: true }).chain((problem) => {
      const { x, filter, strides, dilations, pad } = problem;
      const info = tf.backend_util.computeConv2DInfo(x, filter, strides, dilations, explicit(pad), undefined, true);
      return fc.tuple(tensors(x), tensors(filter), tensors(info.outShape), fc.constant(problem));
    });
    await holds(given, async ([x, filter, dy, { strides, dilations, pad }]) => {
      const attributes = { strides, pad, dilations, dataFormat: "NHWC" };
      await sameAsCpu(
        [x, filter],
        (image, weights) => call("DepthwiseConv2dNative", { x: image!, filter: weights! }, attributes),
        near,
      );
      if (dilations.some((dilation) => dilation > 1)) return;
      await sameAsCpu(
        [dy, filter],
        (gradient, weights) =>
          call(
            "DepthwiseConv2dNativeBackpropInput",
            { dy: gradient!, filter: weights! },
            { ...attributes, inputShape: x.shape },
          ),
        near,
      );
      await sameAsCpu(
        [x, dy],
        (image, gradient) =>
          call(
            "DepthwiseConv2dNativeBackpropFilter",
            { x: image!, dy: gradient! },
            { ...attributes, filterShape: filter.shape },
          ),
        near,
      );
    });
  });

  it("one-dimensional and transposed ones, by their operations", async () => {
    const given = fc
      .tuple(integer(1, 2), integer(4, 20), integer(1, 6), integer(1, 6), integer(1, 4), integer(1, 2))
      .chain(([batch, width, inputs, outputs, window, stride]) =>
        fc.tuple(
          tensors([batch, width, inputs]),
          tensors([window, inputs, outputs]),
          tensors([batch, 5, 4, inputs]),
          tensors([window, 3, outputs, inputs]),
          fc.constant(stride),
        ),
      );
    await holds(given, async ([x, filter, image, weights, stride]) => {
      await sameAsCpu([x, filter], (a, b) => tf.conv1d(a as tf.Tensor3D, b as tf.Tensor3D, stride, "same"), near);
      const shape: Four = [image.shape[0]!, 5 * stride, 4 * stride, weights.shape[2]!];
      await sameAsCpu(
        [image, weights],
        (a, b) => tf.conv2dTranspose(a as tf.Tensor4D, b as tf.Tensor4D, shape, stride, "same"),
        near,
      );
    });
  });

  it("pooling, and its gradients where several values are the largest", async () => {
    const given = problems()
      .filter(({ dilations }) => dilations.every((dilation) => dilation === 1))
      .chain((problem) => {
        const { x, filter, strides, pad } = problem;
        const window = filter.slice(0, 2) as [number, number];
        const info = tf.backend_util.computePool2DInfo(x, window, strides, 1, explicit(pad));
        return fc.tuple(tensors(x), tensors(info.outShape), fc.boolean(), fc.constant({ window, strides, pad }));
      });
    await holds(given, async ([x, dy, coarse, { window, strides, pad }]) => {
      const image = coarse ? { ...x, values: Float32Array.from(x.values, Math.round) } : x;
      const attributes = { filterSize: window, strides, pad };
      await sameAsCpu([image], (input) => call("MaxPool", { x: input! }, attributes));
      await sameAsCpu([image], (input) => call("AvgPool", { x: input! }, attributes));
      await sameAsCpu(
        [dy, image],
        (gradient, input) => {
          const output = call("MaxPool", { x: input! }, attributes) as tf.Tensor;
          return call("MaxPoolGrad", { dy: gradient!, input: input!, output }, attributes);
        },
        near,
      );
      await sameAsCpu(
        [dy, image],
        (gradient, input) => call("AvgPoolGrad", { dy: gradient!, input: input! }, attributes),
        near,
      );
    });
  });

  it("resizing, with its gradient", async () => {
    const given = fc
      .tuple(integer(1, 2), integer(1, 9), integer(1, 9), integer(1, 9), integer(1, 12), integer(1, 12))
      .chain(([batch, height, width, channels, newHeight, newWidth]) =>
        fc.tuple(
          tensors([batch, height, width, channels]),
          tensors([batch, newHeight, newWidth, channels]),
          fc.constantFrom([false, false], [true, false], [false, true]),
        ),
      );
    await holds(given, async ([x, dy, [alignCorners, halfPixelCenters]]) => {
      const attributes = { alignCorners, halfPixelCenters, size: dy.shape.slice(1, 3) };
      await sameAsCpu([x], (images) => call("ResizeBilinear", { images: images! }, attributes), near);
      await sameAsCpu([x], (images) => call("ResizeNearestNeighbor", { images: images! }, attributes));
      if (halfPixelCenters) return;
      await sameAsCpu(
        [x, dy],
        (images, gradient) =>
          // The cpu backend takes height for width in the shape, though not in the values.
          tf.reshape(call("ResizeBilinearGrad", { images: images!, dy: gradient! }, attributes) as tf.Tensor, [-1]),
        near,
      );
    });
  });
});
