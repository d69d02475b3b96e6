import { Random } from "@nacre/random";
import { beforeAll, describe, expect, it } from "vitest";
import { ready, tf } from "../index.ts";

type Operation = (...inputs: tf.Tensor[]) => tf.Tensor;

const image = [2, 5, 5, 2];

/** [name, operation, input shapes, range of the inputs]. */
const operations: [string, Operation, number[][], [number, number]?][] = [
  ["abs", (x) => tf.abs(x!), [[6]], [0.2, 2]],
  ["acos", (x) => tf.acos(x!), [[6]], [-0.8, 0.8]],
  ["acosh", (x) => tf.acosh(x!), [[6]], [1.5, 3]],
  ["asin", (x) => tf.asin(x!), [[6]], [-0.8, 0.8]],
  ["asinh", (x) => tf.asinh(x!), [[6]]],
  ["atan", (x) => tf.atan(x!), [[6]]],
  ["atanh", (x) => tf.atanh(x!), [[6]], [-0.7, 0.7]],
  ["cos", (x) => tf.cos(x!), [[6]]],
  ["cosh", (x) => tf.cosh(x!), [[6]]],
  ["erf", (x) => tf.erf(x!), [[6]]],
  ["exp", (x) => tf.exp(x!), [[6]]],
  ["expm1", (x) => tf.expm1(x!), [[6]]],
  ["log", (x) => tf.log(x!), [[6]], [0.5, 2]],
  ["log1p", (x) => tf.log1p(x!), [[6]], [0.5, 2]],
  ["reciprocal", (x) => tf.reciprocal(x!), [[6]], [0.5, 2]],
  ["rsqrt", (x) => tf.rsqrt(x!), [[6]], [0.5, 2]],
  ["sigmoid", (x) => tf.sigmoid(x!), [[6]]],
  ["sin", (x) => tf.sin(x!), [[6]]],
  ["sinh", (x) => tf.sinh(x!), [[6]]],
  ["softplus", (x) => tf.softplus(x!), [[6]]],
  ["sqrt", (x) => tf.sqrt(x!), [[6]], [0.5, 2]],
  ["square", (x) => tf.square(x!), [[6]]],
  ["tan", (x) => tf.tan(x!), [[6]], [-1, 1]],
  ["tanh", (x) => tf.tanh(x!), [[6]]],
  ["neg", (x) => tf.neg(x!), [[6]]],
  ["relu", (x) => tf.relu(x!), [[9]]],
  ["relu6", (x) => tf.relu6(x!), [[9]], [-3, 9]],
  ["elu", (x) => tf.elu(x!), [[9]]],
  ["selu", (x) => tf.selu(x!), [[9]]],
  ["leakyRelu", (x) => tf.leakyRelu(x!, 0.3), [[9]]],
  ["prelu", (x, alpha) => tf.prelu(x!, alpha!), [[3, 3], [3]]],
  ["clipByValue", (x) => tf.clipByValue(x!, -0.5, 0.7), [[9]]],
  ["add", (a, b) => tf.add(a!, b!), [[2, 3], [3]]],
  [
    "sub",
    (a, b) => tf.sub(a!, b!),
    [
      [2, 3],
      [2, 1],
    ],
  ],
  [
    "mul",
    (a, b) => tf.mul(a!, b!),
    [
      [1, 3],
      [2, 3],
    ],
  ],
  ["div", (a, b) => tf.div(a!, b!), [[2, 3], [1]], [0.5, 2]],
  ["atan2", (a, b) => tf.atan2(a!, b!), [[4], [4]], [0.5, 2]],
  ["maximum", (a, b) => tf.maximum(a!, b!), [[2, 3], [3]]],
  ["minimum", (a, b) => tf.minimum(a!, b!), [[2, 3], [3]]],
  ["mod", (a, b) => tf.mod(a!, b!), [[4], [4]], [2.1, 2.9]],
  ["squaredDifference", (a, b) => tf.squaredDifference(a!, b!), [[2, 3], [3]]],
  ["pow", (a, b) => tf.pow(a!, b!), [[2, 3], [3]], [0.5, 2]],
  [
    "where",
    (a, b) => tf.where(tf.tensor2d([1, 0, 0, 1], [2, 2], "bool"), a!, b!),
    [
      [2, 2],
      [2, 2],
    ],
  ],
  ["reshape", (x) => tf.reshape(x!, [3, 2]), [[2, 3]]],
  ["expandDims", (x) => tf.expandDims(x!, 1), [[2, 3]]],
  ["transpose", (x) => tf.transpose(x!, [2, 0, 1]), [[2, 3, 2]]],
  ["reverse", (x) => tf.reverse(x!, [1]), [[2, 3]]],
  ["broadcastTo", (x) => tf.broadcastTo(x!, [2, 3, 4]), [[3, 1]]],
  ["tile", (x) => tf.tile(x!, [2, 1, 3]), [[2, 3, 1]]],
  ["slice", (x) => tf.slice(x!, [0, 1], [2, 1]), [[3, 3]]],
  ["stridedSlice by slice and reverse", (x) => tf.slice(tf.reverse(x!, 0), 1), [[4]]],
  [
    "pad",
    (x) =>
      tf.pad(x!, [
        [1, 0],
        [2, 1],
      ]),
    [[2, 2]],
  ],
  [
    "concat",
    (a, b) => tf.concat([a!, b!], -1),
    [
      [2, 2],
      [2, 3],
    ],
  ],
  [
    "stack",
    (a, b) => tf.stack([a!, b!], 1),
    [
      [2, 2],
      [2, 2],
    ],
  ],
  ["split", (x) => tf.mul(...(tf.split(x!, 2, 1) as [tf.Tensor, tf.Tensor])), [[2, 4]]],
  ["unstack", (x) => tf.mul(...(tf.unstack(x!, 1) as [tf.Tensor, tf.Tensor])), [[3, 2]]],
  [
    "addN",
    (a, b) => tf.addN([a!, b!]),
    [
      [2, 2],
      [2, 2],
    ],
  ],
  [
    "spaceToBatchND",
    (x) =>
      tf.spaceToBatchND(
        x!,
        [2, 2],
        [
          [0, 0],
          [0, 0],
        ],
      ),
    [[1, 4, 4, 1]],
  ],
  ["gather", (x) => tf.gather(x!, tf.tensor2d([0, 2, 2, 1], [2, 2], "int32"), 1), [[2, 3, 2]]],
  ["gather with batches", (x) => tf.gather(x!, tf.tensor2d([0, 2, 2, 1], [2, 2], "int32"), 1, 1), [[2, 3, 2]]],
  ["gatherND", (x) => tf.gatherND(x!, tf.tensor2d([0, 1, 0, 1], [2, 2], "int32")), [[2, 3]]],
  ["unsortedSegmentSum", (x) => tf.unsortedSegmentSum(x!, tf.tensor1d([0, 2, 0], "int32"), 3), [[3, 2]]],
  ["sum", (x) => tf.sum(x!, [0, 2]), [[2, 3, 2]]],
  ["mean", (x) => tf.mean(x!, 1), [[2, 3, 2]]],
  ["mean of all", (x) => tf.mean(x!), [[2, 3, 2]]],
  ["max", (x) => tf.max(x!, -1), [[3, 4]]],
  ["min", (x) => tf.min(x!, 0, true), [[3, 4]]],
  ["prod", (x) => tf.prod(x!, 1), [[2, 3]]],
  ["cumsum", (x) => tf.cumsum(x!, 1, true, false), [[2, 4]]],
  ["softmax", (x) => tf.softmax(x!), [[2, 4]]],
  ["logSoftmax", (x) => tf.logSoftmax(x!), [[2, 4]]],
  ["logSumExp", (x) => tf.logSumExp(x!, 1), [[2, 4]]],
  ["moments", (x) => tf.moments(x!, 0).variance, [[4, 2]]],
  ...[0, 1, 2, 3].map((bits): [string, Operation, number[][]] => {
    const [a, b] = [bits % 2 === 1, bits > 1];
    return [`matMul ${a} ${b}`, (x, y) => tf.matMul(x!, y!, a, b), [a ? [4, 2] : [2, 4], b ? [3, 4] : [4, 3]]];
  }),
  [
    "matMul of batches",
    (x, y) => tf.matMul(x!, y!),
    [
      [2, 2, 3],
      [1, 3, 2],
    ],
  ],
  [
    "fused matMul",
    (x, y, bias) => tf.fused.matMul({ a: x!, b: y!, bias: bias!, activation: "relu" }),
    [[2, 3], [3, 2], [2]],
  ],
  ["conv2d", (x, w) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, [2, 1], "same"), [image, [3, 2, 2, 3]]],
  [
    "fused conv2d",
    (x, w, bias) =>
      tf.fused.conv2d({
        x: x as tf.Tensor4D,
        filter: w as tf.Tensor4D,
        strides: 1,
        pad: "valid",
        bias: bias!,
        activation: "relu",
      }),
    [image, [3, 2, 2, 3], [3]],
  ],
  [
    "conv2dTranspose",
    (x, w) => tf.conv2dTranspose(x as tf.Tensor4D, w as tf.Tensor4D, [1, 4, 4, 2], 2, "same"),
    [
      [1, 2, 2, 3],
      [3, 3, 2, 3],
    ],
  ],
  [
    "depthwiseConv2d",
    (x, w) => tf.depthwiseConv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, "same"),
    [image, [3, 3, 2, 2]],
  ],
  ["maxPool", (x) => tf.maxPool(x as tf.Tensor4D, 2, 2, "same"), [image]],
  ["avgPool", (x) => tf.avgPool(x as tf.Tensor4D, 2, 2, "valid"), [image]],
  [
    "batchNorm",
    (x, mean, variance, offset, scale) =>
      tf.batchNorm(
        x!,
        mean as tf.Tensor1D,
        tf.abs(variance!) as tf.Tensor1D,
        offset as tf.Tensor1D,
        scale as tf.Tensor1D,
      ),
    [[2, 2, 2, 3], [3], [3], [3], [3]],
    [0.5, 2],
  ],
  ["resizeBilinear", (x) => tf.image.resizeBilinear(x as tf.Tensor4D, [4, 3]), [image]],
  ["localResponseNormalization", (x) => tf.localResponseNormalization(x as tf.Tensor4D, 1), [image]],
];

beforeAll(async () => {
  await ready({ backend: "cpu" });
  await ready({ backend: "wasm" });
});

describe.each(["cpu", "wasm"] as const)("gradients on %s equal finite differences", (backend) => {
  it.each(operations)("%s", async (_, operation, shapes, [minimum, maximum] = [-2, 2]) => {
    await tf.setBackend(backend);
    const random = new Random(3);
    const arrays = shapes.map((shape) =>
      random.fillUniform(new Float32Array(tf.util.sizeFromShape(shape)), minimum, maximum),
    );
    const before = tf.memory().numTensors;
    const tensors = (inputs: Float32Array[]) => inputs.map((values, index) => tf.tensor(values, shapes[index]!));
    // A weighted sum, so that no two outputs are alike.
    const weights = random.fillUniform(new Float32Array(4096), 0.5, 1.5);
    const loss = (...inputs: tf.Tensor[]) => {
      const output = operation(...inputs);
      return tf.sum(tf.mul(output, tf.tensor(weights.subarray(0, output.size), output.shape)));
    };
    const measure = async (inputs: Float32Array[]) => {
      const value = tf.tidy(() => loss(...tensors(inputs)));
      const [number] = await value.data();
      value.dispose();
      return number!;
    };
    const gradients = tf.tidy(() => tf.grads(loss)(tensors(arrays)));
    const step = 2 ** -7;
    for (const [input, gradient] of gradients.entries()) {
      const received = await gradient.data();
      for (const index of [0, received.length >> 1, received.length - 1]) {
        const shifted = async (by: number) => {
          const copies = arrays.map((values) => values.slice());
          copies[input]![index]! += by;
          return measure(copies);
        };
        const expected = ((await shifted(step)) - (await shifted(-step))) / (2 * step);
        expect(
          Math.abs(received[index]! - expected),
          `input ${input}, value ${index}: ${received[index]} against ${expected}`,
        ).toBeLessThan(0.02 * Math.max(1, Math.abs(expected)));
      }
    }
    tf.dispose(gradients);
    expect(tf.memory().numTensors).toBe(before);
  });
});

it("exists for every operation that TensorFlow.js differentiates", () => {
  const names =
    "ComplexAbs BatchToSpaceND Conv3D Dilation2D MaxPool3D AvgPool3D ResizeNearestNeighbor MirrorPad OneHot Round Floor";
  const missing = names.split(" ").filter((name) => tf.getGradient(name) === undefined);
  expect(missing).toEqual(["ComplexAbs"]);
});
