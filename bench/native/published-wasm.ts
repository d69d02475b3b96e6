import { ready, tf } from "@nacre/tensor";

/**
 * The wasm backend as TensorFlow.js publishes it: of the kernels that @nacre/tensor gives it only those stay that it lacks, without
 * which nothing here could train.
 */
export async function readyPublishedWasm(): Promise<void> {
  await import("@tensorflow/tfjs-backend-wasm");
  const published = tf.getKernelsForBackend("wasm");
  await ready({ backend: "wasm" });
  for (const kernel of published) {
    tf.unregisterKernel(kernel.kernelName, "wasm");
    tf.registerKernel(kernel);
    kernel.setupFunc?.(tf.backend());
  }
}
