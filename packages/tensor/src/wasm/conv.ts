import * as tf from "@tensorflow/tfjs-core";
import { type Attributes, floats, run, type WasmBackend } from "./heap.ts";

type ConvolutionInfo = tf.backend_util.Conv2DInfo;

/** A block of the unrolled input stays below this many floats (8 MB), which the caches still like. */
const blockFloats = 2 ** 21;

/**
 * Gradient of a convolution by its filter: dW = Xᵀ dY, where X [positions, KH·KW·C] is the unrolled input ("im2col").
 *
 * Xᵀ is made in blocks of rows, each row one place of the filter and one channel over all output positions, so that every
 * block times dY is one product of the fast kind, and the blocks' results are consecutive rows of the filter's gradient.
 */
export const conv2dBackpropFilter: tf.KernelConfig = {
  kernelName: "Conv2DBackpropFilter",
  backendName: "wasm",
  kernelFunc: ({ inputs, attrs, backend }) => {
    const wasm = backend as WasmBackend;
    const { x, dy } = inputs as { x: tf.TensorInfo; dy: tf.TensorInfo };
    const { strides, pad, dimRoundingMode, filterShape, dataFormat } = attrs as unknown as Attributes;
    requireChannelsLast(dataFormat, "Conv2DBackpropFilter");
    const shape = x.shape as [number, number, number, number];
    const info = tf.backend_util.computeConv2DInfo(shape, filterShape, strides, 1, pad, dimRoundingMode);
    if (info.outHeight < 1 || info.outWidth < 1) return zeros(wasm, filterShape);
    const positions = info.batchSize * info.outHeight * info.outWidth;
    const rows = info.filterHeight * info.filterWidth * info.inChannels;
    const result = wasm.makeOutput(filterShape, "float32");
    const planes = channelsFirst(wasm, x, info);
    const slopes = { dataId: dy.dataId, dtype: dy.dtype, shape: [positions, info.outChannels] };
    const blockRows = Math.min(rows, Math.max(16, Math.floor(blockFloats / Math.max(1, positions))));
    for (let from = 0; from < rows; from += blockRows) {
      const count = Math.min(blockRows, rows - from);
      const block = wasm.makeOutput([count, positions], "float32");
      unroll(floats(wasm, planes), floats(wasm, block), { info, from, count });
      const product = run("BatchMatMul", wasm, { a: block, b: slopes }, { transposeA: false, transposeB: false });
      floats(wasm, result).set(floats(wasm, product), from * info.outChannels);
      wasm.disposeData(block.dataId);
      wasm.disposeData(product.dataId);
    }
    if (planes !== x) wasm.disposeData(planes.dataId);
    return result;
  },
};

/**
 * Gradient of a convolution by its input: a convolution of dY, spread out by the strides, with the filter turned by 180° and
 * its channels exchanged (Dumoulin and Visin 2016, "A guide to convolution arithmetic", section 4.5).
 */
export function conv2dBackpropInput(original: tf.KernelConfig): tf.KernelConfig {
  return {
    ...original,
    kernelFunc: (call) => {
      const wasm = call.backend as WasmBackend;
      const { dy, filter } = call.inputs as { dy: tf.TensorInfo; filter: tf.TensorInfo };
      const { strides, pad, dimRoundingMode, inputShape, dataFormat } = call.attrs as unknown as Attributes;
      if (dataFormat === "NCHW") return original.kernelFunc(call);
      const filterShape = filter.shape as [number, number, number, number];
      const info = tf.backend_util.computeConv2DInfo(inputShape, filterShape, strides, 1, pad, dimRoundingMode);
      // conv2dTranspose may be asked for an output that no convolution would turn into this input.
      if (info.outHeight !== dy.shape[1] || info.outWidth !== dy.shape[2]) return original.kernelFunc(call);
      if (info.outHeight < 1 || info.outWidth < 1) return zeros(wasm, inputShape);
      const { padInfo, filterHeight, filterWidth, strideHeight, strideWidth } = info;
      const top = filterHeight - 1 - padInfo.top;
      const left = filterWidth - 1 - padInfo.left;
      const bottom = info.inHeight + padInfo.top - 1 - (info.outHeight - 1) * strideHeight;
      const right = info.inWidth + padInfo.left - 1 - (info.outWidth - 1) * strideWidth;
      if (top < 0 || left < 0 || bottom < 0 || right < 0) return original.kernelFunc(call);
      const turned = turn(wasm, filter);
      const spread = strideHeight === 1 && strideWidth === 1 ? dy : spreadOut(wasm, dy, info);
      const explicit = [
        [0, 0],
        [top, bottom],
        [left, right],
        [0, 0],
      ];
      const attributes = { strides: [1, 1], pad: explicit, dilations: [1, 1], dataFormat: "NHWC" };
      const result = run("Conv2D", wasm, { x: spread, filter: turned }, attributes);
      wasm.disposeData(turned.dataId);
      if (spread !== dy) wasm.disposeData(spread.dataId);
      return result;
    },
  };
}

/** The gradient where a filter that does not fit gave no output at all. */
function zeros(wasm: WasmBackend, shape: number[]): tf.TensorInfo {
  const result = wasm.makeOutput(shape, "float32");
  floats(wasm, result).fill(0);
  return result;
}

interface Block {
  info: ConvolutionInfo;
  /** First row of the block, and how many; rows count (filter row, filter column, channel). */
  from: number;
  count: number;
}

/** planes [C, B, H, W] → out [count, B·OH·OW]: what the filter's place sees at each output position; 0 in the padding. */
function unroll(planes: Float32Array, out: Float32Array, { info, from, count }: Block): void {
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, filterWidth, strideHeight, strideWidth } =
    info;
  let to = 0;
  for (let row = from; row < from + count; row++) {
    const channel = row % inChannels;
    const column = Math.floor(row / inChannels) % filterWidth;
    const shiftY = Math.floor(row / (inChannels * filterWidth)) - info.padInfo.top;
    const shiftX = column - info.padInfo.left;
    // Output columns whose input column lies inside.
    const first = Math.min(outWidth, Math.max(0, Math.ceil(-shiftX / strideWidth)));
    const last = Math.max(first, Math.min(outWidth, Math.ceil((inWidth - shiftX) / strideWidth)));
    for (let image = 0; image < batchSize; image++) {
      const plane = (channel * batchSize + image) * inHeight;
      for (let y = 0; y < outHeight; y++) {
        const inY = y * strideHeight + shiftY;
        if (inY < 0 || inY >= inHeight) {
          for (let end = to + outWidth; to < end; ) out[to++] = 0;
          continue;
        }
        for (let end = to + first; to < end; ) out[to++] = 0;
        let at = (plane + inY) * inWidth + first * strideWidth + shiftX;
        for (let end = to + last - first; to < end; at += strideWidth) out[to++] = planes[at]!;
        for (let end = to + outWidth - last; to < end; ) out[to++] = 0;
      }
    }
  }
}

/** [B, H, W, C] → [C, B, H, W]. With one channel that is the same memory. */
function channelsFirst(wasm: WasmBackend, x: tf.TensorInfo, { inChannels }: ConvolutionInfo): tf.TensorInfo {
  if (inChannels === 1) return x;
  const result = wasm.makeOutput([x.shape[3]!, x.shape[0]!, x.shape[1]!, x.shape[2]!], "float32");
  const from = floats(wasm, x);
  const to = floats(wasm, result);
  const places = from.length / inChannels;
  for (let place = 0, at = 0; place < places; place++) {
    for (let channel = 0; channel < inChannels; channel++) to[channel * places + place] = from[at++]!;
  }
  return result;
}

/** Filter [KH, KW, C, K] → [KH, KW, K, C], both sides of the window reversed. */
function turn(wasm: WasmBackend, filter: tf.TensorInfo): tf.TensorInfo {
  const [height, width, inputs, outputs] = filter.shape as [number, number, number, number];
  const result = wasm.makeOutput([height, width, outputs, inputs], "float32");
  const from = floats(wasm, filter);
  const to = floats(wasm, result);
  const window = inputs * outputs;
  for (let place = 0; place < height * width; place++) {
    const start = (height * width - 1 - place) * window;
    let at = place * window;
    for (let input = 0; input < inputs; input++) {
      for (let output = 0; output < outputs; output++) to[start + output * inputs + input] = from[at++]!;
    }
  }
  return result;
}

/** dY [B, OH, OW, K] with strides - 1 zeros between neighbours. */
function spreadOut(wasm: WasmBackend, dy: tf.TensorInfo, info: ConvolutionInfo): tf.TensorInfo {
  const { batchSize, outHeight, outWidth, outChannels, strideHeight, strideWidth } = info;
  const height = (outHeight - 1) * strideHeight + 1;
  const width = (outWidth - 1) * strideWidth + 1;
  const result = wasm.makeOutput([batchSize, height, width, outChannels], "float32");
  const from = floats(wasm, dy);
  const to = floats(wasm, result).fill(0);
  let at = 0;
  for (let image = 0; image < batchSize; image++) {
    for (let y = 0; y < outHeight; y++) {
      for (let x = 0; x < outWidth; x++) {
        let place = ((image * height + y * strideHeight) * width + x * strideWidth) * outChannels;
        for (let channel = 0; channel < outChannels; channel++) to[place++] = from[at++]!;
      }
    }
  }
  return result;
}

function requireChannelsLast(dataFormat: unknown, kernel: string): void {
  if (dataFormat === "NCHW") throw new Error(`Expected the data format NHWC for ${kernel}. Received NCHW.`);
}
