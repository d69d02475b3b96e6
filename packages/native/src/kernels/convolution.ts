import * as tf from "@tensorflow/tfjs-core";
import type { NativeBackend } from "../backend.ts";
import { type Attributes, type Inputs, type Kernel, kernel, mostly, onCpu, using, view } from "../kernel.ts";
import { activationCode, epilogue } from "./activation.ts";
import { transpose } from "./movement.ts";

const { computeConv2DInfo, computePool2DInfo, convertConv2DDataFormat } = tf.backend_util;
type Info = tf.backend_util.Conv2DInfo;

/** In the order of `Geometry` in kernels/convolution.cc. */
function geometry(info: Info): Int32Array {
  return Int32Array.of(
    info.batchSize,
    info.inHeight,
    info.inWidth,
    info.inChannels,
    info.outHeight,
    info.outWidth,
    info.outChannels,
    info.filterHeight,
    info.filterWidth,
    info.strideHeight,
    info.strideWidth,
    info.dilationHeight,
    info.dilationWidth,
    info.padInfo.top,
    info.padInfo.left,
  );
}

function allFloats(...tensors: (tf.TensorInfo | undefined)[]): boolean {
  return tensors.every((tensor) => tensor === undefined || tensor.dtype === "float32");
}

const toLast = [0, 2, 3, 1];
const toFirst = [0, 3, 1, 2];

/** Nothing to compute, or a gradient of another shape than the output's: the cpu backend knows what to make of it. */
function isOdd(info: Info, dy?: tf.TensorInfo): boolean {
  const empty = tf.util.sizeFromShape([...info.inShape, ...info.outShape]) === 0;
  return empty || (dy !== undefined && !tf.util.arraysEqual(dy.shape, info.outShape));
}

function conv2d(inputs: Inputs, attributes: Attributes, backend: NativeBackend): tf.TensorInfo | undefined {
  const { x, filter, bias } = inputs as Record<string, tf.TensorInfo>;
  if (!allFloats(x, filter, bias)) return undefined;
  if (attributes.dataFormat === "NCHW") return channelsFirst(inputs, attributes, backend);
  const { strides, dilations, pad, dimRoundingMode } = attributes;
  const info = computeConv2DInfo(
    x!.shape as never,
    filter!.shape as never,
    strides,
    dilations,
    pad,
    dimRoundingMode,
    false,
  );
  if (isOdd(info)) return undefined;
  const { fused, rest } = epilogue(bias, attributes, info.outChannels);
  const result = backend.output(info.outShape, "float32");
  backend.addon.convolve(
    backend.floats(x!),
    backend.floats(filter!),
    result.dataId.array,
    geometry(info),
    fused.bias && backend.floats(fused.bias),
    activationCode(fused.activation),
    fused.slope,
  );
  return rest(result, inputs, attributes, backend);
}

/** Images with their channels first are turned, convolved, and turned back. */
function channelsFirst(inputs: Inputs, attributes: Attributes, backend: NativeBackend): tf.TensorInfo | undefined {
  // Bias and weights that follow other axes are the cpu backend's.
  if (inputs.bias !== undefined || inputs.preluActivationWeights !== undefined) return undefined;
  const { pad } = attributes;
  const turned = { ...attributes, dataFormat: "NHWC", pad: turnedPad(pad) };
  return using(backend, transpose(inputs.x!, toLast, backend), (x) => {
    const result = conv2d({ ...inputs, x }, turned, backend);
    return result && using(backend, result, (y) => transpose(y, toFirst, backend));
  });
}

/** Explicit padding lists the axes as the data format does. */
function turnedPad<T>(pad: T): T {
  return (Array.isArray(pad) ? toLast.map((axis) => pad[axis]) : pad) as T;
}

function inputGradient(inputs: Inputs, attributes: Attributes, backend: NativeBackend): tf.TensorInfo | undefined {
  const { dy, filter } = inputs as Record<string, tf.TensorInfo>;
  if (!allFloats(dy, filter)) return undefined;
  const { inputShape, strides, pad, dimRoundingMode, dataFormat } = attributes;
  if (convertConv2DDataFormat(dataFormat ?? "NHWC") !== "channelsLast") {
    const shape = toLast.map((axis) => inputShape[axis]);
    const turned = { ...attributes, dataFormat: "NHWC", inputShape: shape, pad: turnedPad(pad) };
    return using(backend, transpose(dy!, toLast, backend), (gradient) => {
      const result = inputGradient({ dy: gradient, filter: filter! }, turned, backend);
      return result && using(backend, result, (dx) => transpose(dx, toFirst, backend));
    });
  }
  const dilations = attributes.dilations ?? 1;
  const info = computeConv2DInfo(inputShape, filter!.shape as never, strides, dilations, pad, dimRoundingMode, false);
  if (isOdd(info, dy)) return undefined;
  const result = backend.output(info.inShape, "float32");
  backend.addon.convolveInputGradient(
    backend.floats(dy!),
    backend.floats(filter!),
    result.dataId.array,
    geometry(info),
  );
  return result;
}

function filterGradient(inputs: Inputs, attributes: Attributes, backend: NativeBackend): tf.TensorInfo | undefined {
  const { x, dy } = inputs as Record<string, tf.TensorInfo>;
  if (!allFloats(x, dy)) return undefined;
  const { filterShape, strides, pad, dimRoundingMode, dataFormat } = attributes;
  if (convertConv2DDataFormat(dataFormat ?? "NHWC") !== "channelsLast") {
    const turned = { ...attributes, dataFormat: "NHWC", pad: turnedPad(pad) };
    return using(backend, transpose(x!, toLast, backend), (image) =>
      using(backend, transpose(dy!, toLast, backend), (gradient) =>
        filterGradient({ x: image, dy: gradient }, turned, backend),
      ),
    );
  }
  const dilations = attributes.dilations ?? 1;
  const info = computeConv2DInfo(x!.shape as never, filterShape, strides, dilations, pad, dimRoundingMode, false);
  if (isOdd(info, dy)) return undefined;
  const result = backend.output(info.filterShape, "float32");
  backend.addon.convolveFilterGradient(backend.floats(x!), backend.floats(dy!), result.dataId.array, geometry(info));
  return result;
}

function depthwiseInfo(xShape: unknown, filterShape: unknown, attributes: Attributes): Info {
  const { strides, dilations, pad, dimRoundingMode } = attributes;
  const spread = dilations ?? [1, 1];
  tf.util.assert(
    tf.backend_util.eitherStridesOrDilationsAreOne(strides, spread),
    () =>
      `Error in depthwiseConv2d: Either strides or dilations must be 1. Got strides ${strides} and dilations '${spread}'`,
  );
  return computeConv2DInfo(xShape as never, filterShape as never, strides, spread, pad, dimRoundingMode, true);
}

function depthwise(inputs: Inputs, attributes: Attributes, backend: NativeBackend): tf.TensorInfo | undefined {
  const { x, filter, bias } = inputs as Record<string, tf.TensorInfo>;
  if (!allFloats(x, filter, bias)) return undefined;
  const info = depthwiseInfo(x!.shape, filter!.shape, attributes);
  if (isOdd(info)) return undefined;
  const result = backend.output(info.outShape, "float32");
  backend.addon.depthwise(backend.floats(x!), backend.floats(filter!), result.dataId.array, geometry(info));
  // The whole epilogue follows: it is small beside the convolution.
  return epilogue(bias, attributes, 0).rest(result, inputs, attributes, backend);
}

function poolInfo(x: tf.TensorInfo, { filterSize, strides, pad, dimRoundingMode }: Attributes): Info {
  return computePool2DInfo(x.shape as never, filterSize, strides, 1, pad, dimRoundingMode);
}

function pool(kernelName: string, average: boolean): Kernel {
  return mostly(kernelName, ({ x }, attributes, backend) => {
    if (x!.dtype !== "float32") return undefined;
    tf.util.assert(
      tf.backend_util.eitherStridesOrDilationsAreOne(attributes.strides, 1),
      () => `Error in ${kernelName}: Either strides or dilations must be 1. Got strides ${attributes.strides}`,
    );
    const info = poolInfo(x!, attributes);
    if (isOdd(info)) return undefined;
    if (info.filterWidth === 1 && info.filterHeight === 1 && tf.util.arraysEqual(info.inShape, info.outShape)) {
      return view(x!, x!.shape, backend);
    }
    const result = backend.output(info.outShape, "float32");
    backend.addon.pool2d(average, backend.floats(x!), result.dataId.array, geometry(info));
    return result;
  });
}

export const convolutionKernels: readonly Kernel[] = [
  mostly("Conv2D", conv2d),
  mostly("FusedConv2D", conv2d),
  // The contract of @nacre/tensor: with bias, and a gradient.
  kernel(
    "BiasedConv2D",
    (inputs, attributes, backend) =>
      conv2d(inputs, attributes, backend) ?? onCpu("FusedConv2D", inputs, attributes, backend),
  ),
  mostly("Conv2DBackpropInput", inputGradient),
  mostly("Conv2DBackpropFilter", filterGradient),
  mostly("DepthwiseConv2dNative", depthwise),
  mostly("FusedDepthwiseConv2D", depthwise),
  mostly("DepthwiseConv2dNativeBackpropInput", ({ dy, filter }, attributes, backend) => {
    if (!allFloats(dy, filter)) return undefined;
    const info = depthwiseInfo(attributes.inputShape, filter!.shape, attributes);
    // The cpu backend leaves dilations out of this gradient.
    if (isOdd(info, dy)) return undefined;
    const result = backend.output(info.inShape, "float32");
    backend.addon.depthwiseInputGradient(
      backend.floats(dy!),
      backend.floats(filter!),
      result.dataId.array,
      geometry(info),
    );
    return result;
  }),
  mostly("DepthwiseConv2dNativeBackpropFilter", ({ x, dy }, attributes, backend) => {
    if (!allFloats(x, dy)) return undefined;
    const info = depthwiseInfo(x!.shape, attributes.filterShape, attributes);
    if (isOdd(info, dy)) return undefined;
    const result = backend.output(info.filterShape, "float32");
    backend.addon.depthwiseFilterGradient(backend.floats(x!), backend.floats(dy!), result.dataId.array, geometry(info));
    return result;
  }),
  pool("MaxPool", false),
  pool("AvgPool", true),
  mostly("MaxPoolGrad", ({ dy, input }, attributes, backend) => {
    if (!allFloats(dy, input)) return undefined;
    const info = poolInfo(input!, attributes);
    if (isOdd(info, dy)) return undefined;
    const result = backend.output(info.inShape, "float32");
    backend.addon.maxPoolGradient(backend.floats(dy!), backend.floats(input!), result.dataId.array, geometry(info));
    return result;
  }),
  mostly("AvgPoolGrad", ({ dy, input }, attributes, backend) => {
    if (!allFloats(dy)) return undefined;
    const info = poolInfo(input!, attributes);
    if (isOdd(info, dy)) return undefined;
    const result = backend.output(info.inShape, "float32");
    backend.addon.averagePoolGradient(backend.floats(dy!), result.dataId.array, geometry(info));
    return result;
  }),
];
