import type * as tf from "@tensorflow/tfjs-core";
import { backend_util, slice_util, util } from "@tensorflow/tfjs-core";
import { type Attributes, run, type WasmBackend } from "./heap.ts";

// Kernels of the wasm backend that are wrong or refuse what the cpu backend takes; each comes around by its own kernels.

/** Values of any shape are counted together; the original counts the rows of a matrix on their own. */
export function bincount(original: tf.KernelConfig): tf.KernelConfig {
  return {
    ...original,
    kernelFunc: (call) => {
      const x = call.inputs.x!;
      const flat = { ...x, shape: [x.shape.reduce((product, size) => product * size, 1)] };
      return original.kernelFunc({ ...call, inputs: { ...call.inputs, x: flat } });
    },
  };
}

/** Keeps NaN, which the original turns into a bound: a diverging training must not look like a healthy one. */
export function clipByValue(original: tf.KernelConfig): tf.KernelConfig {
  return {
    ...original,
    kernelFunc: ({ inputs, attrs, backend }) => {
      const wasm = backend as WasmBackend;
      const { clipValueMin, clipValueMax } = attrs as unknown as Attributes;
      const [low, high] = [scalar(wasm, clipValueMin), scalar(wasm, clipValueMax)];
      const below = run("Minimum", wasm, { a: inputs.x!, b: high });
      const result = run("Maximum", wasm, { a: below, b: low });
      for (const { dataId } of [low, high, below]) wasm.disposeData(dataId);
      return result;
    },
  };
}

/** Anything but zero is true; the original keeps the lowest byte. */
export function cast(original: tf.KernelConfig): tf.KernelConfig {
  return {
    ...original,
    kernelFunc: (call) => {
      const x = call.inputs.x!;
      const { dtype } = call.attrs as unknown as Attributes;
      if (dtype !== "bool" || (x.dtype !== "float32" && x.dtype !== "int32")) return original.kernelFunc(call);
      const wasm = call.backend as WasmBackend;
      const zero = scalar(wasm, 0, x.dtype);
      const result = run("NotEqual", wasm, { a: x, b: zero });
      wasm.disposeData(zero.dataId);
      return result;
    },
  };
}

const activations: Readonly<Record<string, string>> = {
  relu: "Relu",
  relu6: "Relu6",
  elu: "Elu",
  sigmoid: "Sigmoid",
  leakyrelu: "LeakyRelu",
  prelu: "Prelu",
};

/** Fused kernels take a bias of any shape that broadcasts, one step after the other where theirs takes a vector alone. */
export function anyBias(original: tf.KernelConfig): tf.KernelConfig {
  return {
    ...original,
    kernelFunc: (call) => {
      const { bias, preluActivationWeights, ...inputs } = call.inputs as Record<string, tf.TensorInfo>;
      if (bias == null || bias.shape.length === 1) return original.kernelFunc(call);
      const wasm = call.backend as WasmBackend;
      const attributes = call.attrs as unknown as Attributes;
      const steps = [original.kernelFunc({ ...call, inputs, attrs: { ...attributes, activation: "linear" } })];
      steps.push(run("Add", wasm, { a: steps[0] as tf.TensorInfo, b: bias }));
      const activation = activations[attributes.activation];
      if (activation !== undefined) {
        const x = steps[1] as tf.TensorInfo;
        const alpha = preluActivationWeights == null ? {} : { alpha: preluActivationWeights };
        steps.push(run(activation, wasm, { x, ...alpha }, { alpha: attributes.leakyreluAlpha }));
      }
      const result = steps.pop()!;
      for (const step of steps) wasm.disposeData((step as tf.TensorInfo).dataId);
      return result;
    },
  };
}

/**
 * With batch dimensions, gathers from all rows of all batches in one piece, with indices moved to their batch's rows; the original
 * reads beyond its memory there.
 */
export function gather(original: tf.KernelConfig): tf.KernelConfig {
  return {
    ...original,
    kernelFunc: (call) => {
      const { x, indices } = call.inputs as Record<string, tf.Tensor>;
      const { axis, batchDims } = call.attrs as unknown as Attributes;
      if (!batchDims) return original.kernelFunc(call);
      const wasm = call.backend as WasmBackend;
      const [along] = util.parseAxisParam(axis, x!.shape);
      const { collectGatherOpShapeInfo } = backend_util.segment_util;
      const shape = collectGatherOpShapeInfo(x!, indices!, along!, batchDims);
      const { batchSize, outerSize, dimSize, sliceSize, outputShape } = shape;
      const each = indices!.size / Math.max(1, batchSize);
      const moved = wasm.makeOutput([batchSize * outerSize * each], "int32");
      const [rows, wanted] = [wasm.typedArrayFromHeap(moved), wasm.typedArrayFromHeap(indices!)];
      for (let at = 0; at < rows.length; at++) {
        const row = Math.floor(at / each); // batch · outer
        const index = wanted[Math.floor(row / outerSize) * each + (at % each)]!;
        if (index < 0 || index >= dimSize) {
          wasm.disposeData(moved.dataId);
          throw new RangeError(`gather: expected indices from 0 to ${dimSize - 1}. Received ${index}.`);
        }
        rows[at] = row * dimSize + index;
      }
      const flat = { ...x!, shape: [batchSize * outerSize * dimSize, sliceSize] };
      const attrs = { axis: 0, batchDims: 0 } as unknown as tf.NamedAttrMap;
      const result = original.kernelFunc({ ...call, inputs: { x: flat, indices: moved }, attrs }) as tf.TensorInfo;
      wasm.disposeData(moved.dataId);
      return { ...result, shape: outputShape };
    },
  };
}

/** Refuses a piece that is not inside; the original reads whatever lies beside the tensor. */
export function slice(original: tf.KernelConfig): tf.KernelConfig {
  return {
    ...original,
    kernelFunc: (call) => {
      const x = call.inputs.x as tf.Tensor;
      const { begin, size } = call.attrs as unknown as Attributes;
      slice_util.assertParamsValid(x, ...(slice_util.parseSliceParams(x, begin, size) as [number[], number[]]));
      return original.kernelFunc(call);
    },
  };
}

function scalar(wasm: WasmBackend, value: number, dtype: tf.DataType = "float32"): tf.TensorInfo {
  const result = wasm.makeOutput([], dtype);
  wasm.typedArrayFromHeap(result)[0] = value;
  return result;
}
