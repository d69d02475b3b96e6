import * as tf from "@tensorflow/tfjs-core";
import { type Attributes, floats, type WasmBackend } from "./heap.ts";

/** The backend's own cumulative sum traps on the last axis. */
export const cumsum = cumulative("Cumsum", 0, (total, value) => total + value);

export const cumprod = cumulative("Cumprod", 1, (total, value) => total * value);

function cumulative(
  kernelName: string,
  start: number,
  join: (total: number, value: number) => number,
): tf.KernelConfig {
  return {
    kernelName,
    backendName: "wasm",
    kernelFunc: ({ inputs, attrs, backend }) => {
      const wasm = backend as WasmBackend;
      const x = inputs.x!;
      const { axis, exclusive, reverse } = attrs as unknown as Attributes;
      const at = x.shape.length === 0 ? 0 : tf.util.parseAxisParam(axis, x.shape)[0]!;
      const length = x.shape[at] ?? 1;
      const step = tf.util.sizeFromShape(x.shape.slice(at + 1));
      const result = wasm.makeOutput(x.shape, x.dtype === "bool" ? "int32" : x.dtype);
      const values = wasm.typedArrayFromHeap(x);
      const out = wasm.typedArrayFromHeap(result);
      const ahead = reverse ? -step : step;
      for (let block = 0; block < values.length; block += length * step) {
        for (let lane = 0; lane < step; lane++) {
          let index = block + lane + (reverse ? (length - 1) * step : 0);
          let total = start;
          for (let count = 0; count < length; count++, index += ahead) {
            const next = join(total, values[index]!);
            out[index] = exclusive ? total : next;
            // Round as a tensor would be, so that the result does not depend on how far the sum has come in a register.
            total = x.dtype === "float32" ? Math.fround(next) : next;
          }
        }
      }
      return result;
    },
  };
}

/** Sums rows of x [N, …] by the segment that segmentIds [N] names; ids outside of 0 … numSegments - 1 are left out. */
export const unsortedSegmentSum: tf.KernelConfig = {
  kernelName: "UnsortedSegmentSum",
  backendName: "wasm",
  kernelFunc: ({ inputs, attrs, backend }) => {
    const wasm = backend as WasmBackend;
    const { x, segmentIds } = inputs as { x: tf.TensorInfo; segmentIds: tf.TensorInfo };
    const { numSegments } = attrs as unknown as { numSegments: number };
    const shape = [numSegments, ...x.shape.slice(segmentIds.shape.length)];
    const result = wasm.makeOutput(shape, x.dtype);
    const values = wasm.typedArrayFromHeap(x);
    const ids = wasm.typedArrayFromHeap(segmentIds);
    const out = wasm.typedArrayFromHeap(result).fill(0);
    const width = tf.util.sizeFromShape(shape.slice(1));
    for (let row = 0, from = 0; row < ids.length; row++, from += width) {
      const segment = ids[row]!;
      if (segment < 0 || segment >= numSegments) continue;
      for (let column = 0, to = segment * width; column < width; column++) out[to++]! += values[from + column]!;
    }
    return result;
  },
};

/**
 * The backend sums over leading axes, as for the gradient of a bias, by transposing everything first. Here the rows are added
 * in double precision, in their order.
 */
export function sum(original: tf.KernelConfig): tf.KernelConfig {
  return {
    ...original,
    kernelFunc: (call) => {
      const wasm = call.backend as WasmBackend;
      const x = call.inputs.x!;
      const { axis, keepDims } = call.attrs as unknown as Attributes;
      const axes = tf.util.parseAxisParam(axis, x.shape);
      const leads = axes.length < x.shape.length && axes.every((_, index) => axes.includes(index));
      if (x.dtype !== "float32" || !leads || axes.length === 0 || x.shape.includes(0)) return original.kernelFunc(call);
      const rest = x.shape.slice(axes.length);
      const result = wasm.makeOutput(keepDims ? [...axes.map(() => 1), ...rest] : rest, "float32");
      const width = tf.util.sizeFromShape(rest);
      const values = floats(wasm, x);
      const totals = new Float64Array(width);
      addRows(values, totals);
      floats(wasm, result).set(totals);
      return result;
    },
  };
}

/** Four rows at a time: the totals are read and written less often. */
function addRows(values: Float32Array, totals: Float64Array): void {
  const width = totals.length;
  const four = 4 * width;
  let row = 0;
  for (; row + four <= values.length; row += four) {
    for (let column = 0, at = row; column < width; column++, at++) {
      totals[column]! += values[at]! + values[at + width]! + (values[at + 2 * width]! + values[at + 3 * width]!);
    }
  }
  for (; row < values.length; row += width) {
    for (let column = 0; column < width; column++) totals[column]! += values[row + column]!;
  }
}

/** The backend's own copies the values; one more reference to them does. */
export const identity: tf.KernelConfig = {
  kernelName: "Identity",
  backendName: "wasm",
  kernelFunc: ({ inputs, backend }) => {
    const { dataId, shape, dtype } = inputs.x!;
    (backend as WasmBackend).incRef(dataId);
    return { dataId, shape, dtype };
  },
};
