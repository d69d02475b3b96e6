import * as tf from "@tensorflow/tfjs-core";

/** The attributes of a kernel call; what they hold depends on the kernel. */
// biome-ignore lint/suspicious/noExplicitAny: TensorFlow.js types attributes per kernel, and the registry erases them.
export type Attributes = any;

/** The part of TensorFlow.js's wasm backend that kernels written here use. */
export interface WasmBackend extends tf.KernelBackend {
  /** A new tensor in the wasm memory; its values are what lay there before. */
  makeOutput(shape: readonly number[], dtype: tf.DataType): tf.TensorInfo;
  /** A view of a tensor's memory. Allocating may move the memory: make views after the last `makeOutput`. */
  typedArrayFromHeap(tensor: tf.TensorInfo): tf.backend_util.TypedArray;
  disposeData(dataId: object, force?: boolean): boolean;
  incRef(dataId: object): void;
}

/** Runs a wasm kernel of one output, outside of the engine's bookkeeping: the caller disposes of what it does not return. */
export function run(
  kernelName: string,
  backend: WasmBackend,
  inputs: Record<string, tf.TensorInfo>,
  attributes: Attributes = {},
): tf.TensorInfo {
  return tf.getKernel(kernelName, "wasm").kernelFunc({ inputs, backend, attrs: attributes }) as tf.TensorInfo;
}

/** A view of a float32 tensor's memory; the same caution as for `typedArrayFromHeap`. */
export function floats(backend: WasmBackend, tensor: tf.TensorInfo): Float32Array {
  return backend.typedArrayFromHeap(tensor) as Float32Array;
}
