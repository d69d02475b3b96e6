import * as tf from "@tensorflow/tfjs-core";
import type { WasmBackend } from "./heap.ts";

/** The part of the cpu backend that runs a kernel on foreign memory. */
interface CpuBackend extends tf.KernelBackend {
  makeTensorInfo(shape: readonly number[], dtype: tf.DataType, values: tf.backend_util.BackendValues): tf.TensorInfo;
  readonly data: tf.DataStorage<{ values: tf.backend_util.BackendValues }>;
  disposeData(dataId: object, force?: boolean): boolean;
}

/**
 * A kernel for the wasm backend that runs the cpu backend's JavaScript: the inputs are views of the wasm memory (no copy), the
 * outputs are copied into it. For kernels that are rare; hot ones have their own file.
 */
export function fallbackKernel(kernelName: string): tf.KernelConfig {
  return {
    kernelName,
    backendName: "wasm",
    kernelFunc: ({ inputs, attrs, backend }) => {
      const wasm = backend as WasmBackend;
      const cpu = tf.findBackend("cpu") as CpuBackend;
      const kernel = tf.getKernel(kernelName, "cpu");
      const temporary: tf.TensorInfo[] = [];
      const toCpu = (tensor: tf.TensorInfo): tf.TensorInfo => {
        const values = tensor.dtype === "string" ? stringsOf(wasm, tensor) : wasm.typedArrayFromHeap(tensor);
        const info = cpu.makeTensorInfo(tensor.shape, tensor.dtype, values);
        temporary.push(info);
        return info;
      };
      const convert = (value: unknown): unknown =>
        Array.isArray(value) ? value.map(convert) : value == null ? value : toCpu(value as tf.TensorInfo);
      // Most kernels name their inputs; those of any number of tensors get an array.
      const mapped = Array.isArray(inputs)
        ? convert(inputs)
        : Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, convert(value)]));
      const result = kernel.kernelFunc({
        inputs: mapped as tf.NamedTensorInfoMap,
        backend: cpu,
        ...(attrs ? { attrs } : {}),
      });
      const outputs = (Array.isArray(result) ? result : [result]).map((output) => toWasm(wasm, cpu, output));
      for (const { dataId } of temporary) if (cpu.data.has(dataId)) cpu.disposeData(dataId, true);
      return Array.isArray(result) ? outputs : outputs[0]!;
    },
  };
}

function toWasm(wasm: WasmBackend, cpu: CpuBackend, output: tf.TensorInfo): tf.TensorInfo {
  const { values } = cpu.data.get(output.dataId);
  if (output.dtype === "string" || !values) {
    throw new Error(`Expected a numeric result. Received ${output.dtype}, which the wasm backend cannot hold.`);
  }
  const moved = wasm.makeOutput(output.shape, output.dtype);
  wasm.typedArrayFromHeap(moved).set(values as tf.backend_util.TypedArray);
  if (cpu.data.has(output.dataId)) cpu.disposeData(output.dataId);
  return moved;
}

function stringsOf(wasm: WasmBackend, tensor: tf.TensorInfo): Uint8Array[] {
  return (wasm as unknown as { readSync(dataId: object): Uint8Array[] }).readSync(tensor.dataId);
}
