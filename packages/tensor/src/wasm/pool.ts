import * as tf from "@tensorflow/tfjs-core";
import { type Attributes, floats, type WasmBackend } from "./heap.ts";

/** Gradient of max pooling: each window's gradient goes to the first place that holds its maximum. */
export const maxPoolGrad: tf.KernelConfig = {
  kernelName: "MaxPoolGrad",
  backendName: "wasm",
  kernelFunc: ({ inputs, attrs, backend }) => {
    const wasm = backend as WasmBackend;
    const { dy, input } = inputs as { dy: tf.TensorInfo; input: tf.TensorInfo };
    const info = poolOf(input, attrs);
    const result = wasm.makeOutput(input.shape, "float32");
    const [slopes, values, out] = [floats(wasm, dy), floats(wasm, input), floats(wasm, result).fill(0)];
    const channels = info.inChannels;
    const rowStep = info.inWidth * channels;
    eachWindow(info, ({ corner, height, width, outAt }) => {
      for (let channel = 0; channel < channels; channel++) {
        let best = corner + channel;
        let maximum = values[best]!;
        for (let y = 0, row = best; y < height; y++, row += rowStep) {
          for (let x = 0, at = row; x < width; x++, at += channels) {
            if (values[at]! > maximum) {
              maximum = values[at]!;
              best = at;
            }
          }
        }
        out[best]! += slopes[outAt + channel]!;
      }
    });
    return result;
  },
};

/** Gradient of average pooling: shared among the places of the window that lie in the image, as the average was. */
export const averagePoolGrad: tf.KernelConfig = {
  kernelName: "AvgPoolGrad",
  backendName: "wasm",
  kernelFunc: ({ inputs, attrs, backend }) => {
    const wasm = backend as WasmBackend;
    const { dy, input } = inputs as { dy: tf.TensorInfo; input: tf.TensorInfo };
    const info = poolOf(input, attrs);
    const result = wasm.makeOutput(input.shape, "float32");
    const [slopes, out] = [floats(wasm, dy), floats(wasm, result).fill(0)];
    const channels = info.inChannels;
    const rowStep = info.inWidth * channels;
    eachWindow(info, ({ corner, height, width, outAt }) => {
      const share = 1 / (height * width);
      for (let y = 0, row = corner; y < height; y++, row += rowStep) {
        for (let x = 0, at = row; x < width; x++) {
          for (let channel = 0; channel < channels; channel++) out[at++]! += slopes[outAt + channel]! * share;
        }
      }
    });
    return result;
  },
};

function poolOf(input: tf.TensorInfo, attributes: unknown): tf.backend_util.Conv2DInfo {
  const { filterSize, strides, pad, dimRoundingMode } = attributes as Attributes;
  const shape = input.shape as [number, number, number, number];
  return tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
}

interface Window {
  /** Index of the first value of the window's part inside the image, and that part's size. */
  corner: number;
  height: number;
  width: number;
  /** Index of the window's first output value. */
  outAt: number;
}

function eachWindow(info: tf.backend_util.Conv2DInfo, visit: (window: Window) => void): void {
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, padInfo, strideHeight, strideWidth } = info;
  const window = { corner: 0, height: 0, width: 0, outAt: 0 };
  for (let image = 0; image < batchSize; image++) {
    for (let y = 0; y < outHeight; y++) {
      const top = y * strideHeight - padInfo.top;
      const firstY = Math.max(0, top);
      window.height = Math.min(inHeight, top + info.filterHeight) - firstY;
      for (let x = 0; x < outWidth; x++, window.outAt += inChannels) {
        const left = x * strideWidth - padInfo.left;
        const firstX = Math.max(0, left);
        window.width = Math.min(inWidth, left + info.filterWidth) - firstX;
        window.corner = ((image * inHeight + firstY) * inWidth + firstX) * inChannels;
        if (window.width > 0 && window.height > 0) visit(window);
      }
    }
  }
}
