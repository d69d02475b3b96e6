import type { backend_util, DataType, KernelBackend, TensorInfo } from "@tensorflow/tfjs-core";

/** The part of TensorFlow.js's wasm backend that kernels written here use. */
export interface WasmBackend extends KernelBackend {
  /** A new tensor in the wasm memory; its values are what lay there before. */
  makeOutput(shape: readonly number[], dtype: DataType): TensorInfo;
  /** A view of a tensor's memory. Allocating may move the memory: make views after the last `makeOutput`. */
  typedArrayFromHeap(tensor: TensorInfo): backend_util.TypedArray;
  disposeData(dataId: object, force?: boolean): boolean;
  incRef(dataId: object): void;
}
