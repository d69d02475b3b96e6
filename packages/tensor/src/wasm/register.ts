import * as tf from "@tensorflow/tfjs-core";
import { conv2dBackpropFilter, conv2dBackpropInput } from "./conv.ts";
import { depthwiseBackpropFilter, depthwiseBackpropInput } from "./depthwise.ts";
import { fallbackKernel } from "./fallback.ts";
import { anyType, untransposed } from "./matmul.ts";
import { averagePoolGrad, maxPoolGrad } from "./pool.ts";
import { anyBias, bincount, cast, clipByValue, gather, slice } from "./repaired.ts";
import { cumprod, cumsum, identity, sum, unsortedSegmentSum } from "./sums.ts";

let registered = false;

/** Kernels written for wasm here. */
const own: readonly tf.KernelConfig[] = [
  averagePoolGrad,
  conv2dBackpropFilter,
  cumprod,
  cumsum,
  depthwiseBackpropFilter,
  depthwiseBackpropInput,
  identity,
  maxPoolGrad,
  unsortedSegmentSum,
];

/** Kernels of the wasm backend that are replaced by a faster way to the same result, or a right one. */
const improved: Readonly<Record<string, (original: tf.KernelConfig) => tf.KernelConfig>> = {
  BatchMatMul: (original) => anyType(untransposed(original)),
  Bincount: bincount,
  ClipByValue: clipByValue,
  Conv2DBackpropInput: conv2dBackpropInput,
  Cast: cast,
  FusedConv2D: anyBias,
  FusedDepthwiseConv2D: anyBias,
  GatherV2: gather,
  Slice: slice,
  Sum: sum,
  _FusedMatMul: (original) => anyBias(untransposed(original)),
};

/**
 * Registers, for the wasm backend, every kernel that it lacks and the cpu backend has, and faster ones for training. Both
 * backends must be imported before.
 */
export function registerWasmKernels(): void {
  if (registered) return;
  registered = true;
  for (const kernel of own) replace(kernel);
  for (const [name, improve] of Object.entries(improved)) replace(improve(tf.getKernel(name, "wasm")));
  const present = new Set(tf.getKernelsForBackend("wasm").map(({ kernelName }) => kernelName));
  for (const { kernelName } of tf.getKernelsForBackend("cpu")) {
    if (!present.has(kernelName)) tf.registerKernel(fallbackKernel(kernelName));
  }
}

/** Registering over a kernel would print a warning. */
function replace(kernel: tf.KernelConfig): void {
  if (tf.getKernel(kernel.kernelName, "wasm") !== undefined) tf.unregisterKernel(kernel.kernelName, "wasm");
  tf.registerKernel(kernel);
}
