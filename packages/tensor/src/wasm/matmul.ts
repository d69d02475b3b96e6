import type * as tf from "@tensorflow/tfjs-core";
import { upcastType } from "@tensorflow/tfjs-core";
import { type Attributes, run, type WasmBackend } from "./heap.ts";

/**
 * TensorFlow.js multiplies matrices on wasm at full speed only when neither is transposed (about 18 GFLOP/s against 1.3), and
 * its fused kernel gives wrong values for a transposed operand with a bias. So a transposed operand is transposed in memory
 * first.
 */
export function untransposed(original: tf.KernelConfig): tf.KernelConfig {
  return {
    ...original,
    kernelFunc: ({ inputs, attrs, backend }) => {
      const wasm = backend as WasmBackend;
      const { transposeA, transposeB } = attrs as unknown as Attributes;
      const a = transposeA ? transposed(wasm, inputs.a!) : inputs.a!;
      const b = transposeB ? transposed(wasm, inputs.b!) : inputs.b!;
      const result = original.kernelFunc({
        inputs: { ...inputs, a, b },
        backend,
        attrs: { ...attrs, transposeA: false, transposeB: false },
      });
      if (transposeA) wasm.disposeData(a.dataId);
      if (transposeB) wasm.disposeData(b.dataId);
      return result;
    },
  };
}

/** Multiplies integers too, as the cpu backend does: in float32, which is exact below 2^24. */
export function anyType(original: tf.KernelConfig): tf.KernelConfig {
  return {
    ...original,
    kernelFunc: (call) => {
      const wasm = call.backend as WasmBackend;
      const { a, b } = call.inputs as { a: tf.TensorInfo; b: tf.TensorInfo };
      if (a.dtype === "float32" && b.dtype === "float32") return original.kernelFunc(call);
      const dtype = upcastType(a.dtype, b.dtype);
      const cast = (x: tf.TensorInfo, to: tf.DataType) => run("Cast", wasm, { x }, { dtype: to });
      const [left, right] = [cast(a, "float32"), cast(b, "float32")];
      const product = original.kernelFunc({ ...call, inputs: { a: left, b: right } }) as tf.TensorInfo;
      const result = dtype === "float32" ? product : cast(product, dtype);
      for (const { dataId } of [left, right, ...(result === product ? [] : [product])]) wasm.disposeData(dataId);
      return result;
    },
  };
}

function transposed(wasm: WasmBackend, matrix: tf.TensorInfo): tf.TensorInfo {
  const perm = matrix.shape.map((_, axis) => axis);
  perm.push(...perm.splice(-2).reverse());
  return run("Transpose", wasm, { x: matrix }, { perm });
}
