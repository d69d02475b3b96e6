import * as tf from "@tensorflow/tfjs-core";
import { fallbackKernel } from "./fallback.ts";

let registered = false;

/** Registers, for the wasm backend, every kernel that it lacks and the cpu backend has. Both must be imported before. */
export function registerWasmKernels(): void {
  if (registered) return;
  registered = true;
  const present = new Set(tf.getKernelsForBackend("wasm").map(({ kernelName }) => kernelName));
  for (const { kernelName } of tf.getKernelsForBackend("cpu")) {
    if (!present.has(kernelName)) tf.registerKernel(fallbackKernel(kernelName));
  }
}
