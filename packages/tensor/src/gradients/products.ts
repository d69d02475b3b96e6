import * as tf from "@tensorflow/tfjs-core";
import { type Attributes, call, rule, sumTo } from "./declare.ts";

const matrices: tf.GradConfig[] = [
  rule("BatchMatMul", {
    inputs: ["a", "b"],
    gradient: (gradient, saved, { transposeA, transposeB }) => {
      let [a, b] = saved as [tf.Tensor, tf.Tensor];
      let dy = gradient;
      const shape = a.shape;
      if (b.rank === 2 && a.rank > 2 && !transposeA) {
        // The same B for all: one tall product instead of a sum over a batch.
        a = tf.reshape(a, [-1, shape.at(-1)!]);
        dy = tf.reshape(dy, [-1, dy.shape.at(-1)!]);
        return {
          a: () => tf.reshape(tf.matMul(dy, b, false, !transposeB), shape),
          b: () => (transposeB ? tf.matMul(dy, a, true, false) : tf.matMul(a, dy, true, false)),
        };
      }
      // y = A B; dA = dy Bᵀ, dB = Aᵀ dy; where an operand was transposed, so is its gradient.
      return {
        a: () => sumTo(transposeA ? tf.matMul(b, dy, transposeB, true) : tf.matMul(dy, b, false, !transposeB), a.shape),
        b: () => sumTo(transposeB ? tf.matMul(dy, a, true, transposeA) : tf.matMul(a, dy, !transposeA, false), b.shape),
      };
    },
  }),
];

const convolutions: tf.GradConfig[] = [
  rule("Conv2D", {
    inputs: ["x", "filter"],
    gradient: (dy, saved, attributes) => {
      const [x, filter] = saved as [tf.Tensor4D, tf.Tensor4D];
      requireDilationOne("conv2d", attributes.dilations);
      return {
        x: () => call("Conv2DBackpropInput", { dy, filter }, { ...attributes, inputShape: x.shape }),
        filter: () => call("Conv2DBackpropFilter", { x, dy }, { ...attributes, filterShape: filter.shape }),
      };
    },
  }),
  rule("Conv2DBackpropInput", {
    inputs: ["dy", "filter"],
    gradient: (ddx, saved, attributes) => {
      const [dy, filter] = saved as [tf.Tensor4D, tf.Tensor4D];
      const { strides, pad, dataFormat, dimRoundingMode } = attributes;
      return {
        dy: () => tf.conv2d(ddx as tf.Tensor4D, filter, strides, pad, dataFormat, 1, dimRoundingMode),
        filter: () => call("Conv2DBackpropFilter", { x: ddx, dy }, { ...attributes, filterShape: filter.shape }),
      };
    },
  }),
  rule("DepthwiseConv2dNative", {
    inputs: ["x", "filter"],
    gradient: (dy, saved, attributes) => {
      const [x, filter] = saved as [tf.Tensor4D, tf.Tensor4D];
      const dilations = attributes.dilations ?? [1, 1];
      requireDilationOne("depthwiseConv2d", dilations);
      const shared = { ...attributes, dilations };
      return {
        x: () => call("DepthwiseConv2dNativeBackpropInput", { dy, filter }, { ...shared, inputShape: x.shape }),
        filter: () => call("DepthwiseConv2dNativeBackpropFilter", { x, dy }, { ...shared, filterShape: filter.shape }),
      };
    },
  }),
  rule("Conv3D", {
    inputs: ["x", "filter"],
    gradient: (dy, saved, { strides, pad, dilations }) => {
      const [x, filter] = saved as [tf.Tensor5D, tf.Tensor5D];
      requireDilationOne("conv3d", dilations);
      return {
        x: () => call("Conv3DBackpropInputV2", { dy, filter }, { strides, pad, inputShape: x.shape }),
        filter: () => call("Conv3DBackpropFilterV2", { x, dy }, { strides, pad, filterShape: filter.shape }),
      };
    },
  }),
  rule("Dilation2D", {
    inputs: ["x", "filter"],
    gradient: (dy, saved, attributes) => {
      const [x, filter] = saved as [tf.Tensor4D, tf.Tensor3D];
      return {
        x: () => call("Dilation2DBackpropInput", { x, filter, dy }, attributes),
        filter: () => call("Dilation2DBackpropFilter", { x, filter, dy }, attributes),
      };
    },
  }),
];

const pools: tf.GradConfig[] = [
  ...["MaxPool", "MaxPool3D"].map((name) =>
    rule(name, {
      inputs: ["x"],
      output: true,
      gradient: (dy, [input, output], attributes) => ({
        x: () => call(`${name}Grad`, { dy, input: input!, output: output! }, attributes),
      }),
    }),
  ),
  ...["AvgPool", "AvgPool3D"].map((name) =>
    rule(name, {
      inputs: ["x"],
      gradient: (dy, [input], attributes) => ({ x: () => call(`${name}Grad`, { dy, input: input! }, attributes) }),
    }),
  ),
];

const images: tf.GradConfig[] = ["ResizeBilinear", "ResizeNearestNeighbor"].map((name) =>
  rule(name, {
    inputs: ["images"],
    gradient: (dy, [input], attributes) => ({ images: () => call(`${name}Grad`, { images: input!, dy }, attributes) }),
  }),
);

const normalisations: tf.GradConfig[] = [
  rule("LRN", {
    inputs: ["x"],
    output: true,
    gradient: (dy, [x, y], attributes) => ({ x: () => call("LRNGrad", { x: x!, y: y!, dy }, attributes) }),
  }),
  rule("FusedBatchNorm", {
    inputs: ["x", "mean", "variance", "scale"],
    gradient: (dy, saved, { varianceEpsilon }) => {
      const [x, mean, variance, scale] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor | undefined];
      // y = (x - mean) r scale + offset with r = (variance + ε)^-1/2. Sums are taken first: mean and variance are small.
      const inverse = tf.rsqrt(tf.add(variance, varianceEpsilon as number));
      const slope = scale === undefined || scale === null ? inverse : tf.mul(inverse, scale);
      const dot = () => sumTo(tf.mul(dy, tf.sub(x, mean)), mean.shape);
      return {
        x: () => tf.mul(dy, slope),
        mean: () => tf.neg(tf.mul(sumTo(dy, mean.shape), slope)),
        variance: () => tf.mul(-0.5, tf.mul(dot(), tf.mul(slope, tf.square(inverse)))),
        scale: () => sumTo(tf.mul(dot(), inverse), scale?.shape ?? mean.shape),
        offset: () => sumTo(dy, mean.shape),
      };
    },
  }),
];

function requireDilationOne(name: string, dilations: Attributes): void {
  if ([dilations ?? 1].flat().every((dilation) => dilation === 1)) return;
  throw new Error(`Expected dilations of 1 for the gradient of ${name}. Received [${dilations}].`);
}

export const products: readonly tf.GradConfig[] = [
  ...matrices,
  ...convolutions,
  ...pools,
  ...images,
  ...normalisations,
];
