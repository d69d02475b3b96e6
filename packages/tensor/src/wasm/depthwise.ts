import * as tf from "@tensorflow/tfjs-core";
import { type Attributes, floats, type WasmBackend } from "./heap.ts";

/** Gradients of a depthwise convolution: x [B, H, W, C], filter [KH, KW, C, M], dy [B, OH, OW, C·M]. */
export const depthwiseBackpropFilter: tf.KernelConfig = {
  kernelName: "DepthwiseConv2dNativeBackpropFilter",
  backendName: "wasm",
  kernelFunc: ({ inputs, attrs, backend }) => {
    const wasm = backend as WasmBackend;
    const { x, dy } = inputs as { x: tf.TensorInfo; dy: tf.TensorInfo };
    const { filterShape } = attrs as unknown as Attributes;
    const info = infoOf(x.shape, filterShape, attrs);
    const result = wasm.makeOutput(filterShape, "float32");
    const [values, slopes] = [floats(wasm, x), floats(wasm, dy)];
    // Sums over all positions: in double precision.
    const sums = new Float64Array(tf.util.sizeFromShape(filterShape));
    const multiplier = info.outChannels / info.inChannels;
    eachTap(info, (inAt, outAt, tap) => {
      for (let channel = 0, out = outAt, at = tap; channel < info.inChannels; channel++) {
        const value = values[inAt + channel]!;
        for (let copy = 0; copy < multiplier; copy++) sums[at++]! += value * slopes[out++]!;
      }
    });
    floats(wasm, result).set(sums);
    return result;
  },
};

export const depthwiseBackpropInput: tf.KernelConfig = {
  kernelName: "DepthwiseConv2dNativeBackpropInput",
  backendName: "wasm",
  kernelFunc: ({ inputs, attrs, backend }) => {
    const wasm = backend as WasmBackend;
    const { dy, filter } = inputs as { dy: tf.TensorInfo; filter: tf.TensorInfo };
    const { inputShape } = attrs as unknown as Attributes;
    const info = infoOf(inputShape, filter.shape, attrs);
    const result = wasm.makeOutput(inputShape, "float32");
    const [weights, slopes, out] = [floats(wasm, filter), floats(wasm, dy), floats(wasm, result).fill(0)];
    const multiplier = info.outChannels / info.inChannels;
    eachTap(info, (inAt, outAt, tap) => {
      for (let channel = 0, from = outAt, at = tap; channel < info.inChannels; channel++) {
        let sum = 0;
        for (let copy = 0; copy < multiplier; copy++) sum += weights[at++]! * slopes[from++]!;
        out[inAt + channel]! += sum;
      }
    });
    return result;
  },
};

function infoOf(inputShape: number[], filterShape: number[], attributes: unknown): tf.backend_util.Conv2DInfo {
  const { strides, dilations, pad, dimRoundingMode } = attributes as Attributes;
  const shape = inputShape as [number, number, number, number];
  const filter = filterShape as [number, number, number, number];
  return tf.backend_util.computeConv2DInfo(shape, filter, strides, dilations, pad, dimRoundingMode, true);
}

/** Calls `visit` with the first index of the input pixel, the output pixel and the filter's place for each pair that meets. */
function eachTap(info: tf.backend_util.Conv2DInfo, visit: (inAt: number, outAt: number, tap: number) => void): void {
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels, filterHeight, filterWidth } =
    info;
  for (let image = 0; image < batchSize; image++) {
    for (let y = 0; y < outHeight; y++) {
      for (let filterY = 0; filterY < filterHeight; filterY++) {
        const inY = y * info.strideHeight - info.padInfo.top + filterY * info.dilationHeight;
        if (inY < 0 || inY >= inHeight) continue;
        for (let x = 0; x < outWidth; x++) {
          const outAt = ((image * outHeight + y) * outWidth + x) * outChannels;
          for (let filterX = 0; filterX < filterWidth; filterX++) {
            const inX = x * info.strideWidth - info.padInfo.left + filterX * info.dilationWidth;
            if (inX < 0 || inX >= inWidth) continue;
            visit(
              ((image * inHeight + inY) * inWidth + inX) * inChannels,
              outAt,
              (filterY * filterWidth + filterX) * outChannels,
            );
          }
        }
      }
    }
  }
}
