import * as tf from "@tensorflow/tfjs-core";

/** Whether the backend at work has a kernel of its own for a fused operation. */
export function has(kernelName: string): boolean {
  return tf.getKernel(kernelName, tf.getBackend()) !== undefined;
}

/** Whether a kernel is there and takes these inputs: floats, all of them. */
export function fits(kernelName: string, ...inputs: (tf.Tensor | undefined)[]): boolean {
  return has(kernelName) && inputs.every((input) => input === undefined || input.dtype === "float32");
}

// biome-ignore lint/suspicious/noExplicitAny: attributes depend on the kernel
type Attributes = any;

/** Calls a kernel that has no function in TensorFlow.js's interface. Absent inputs are left out. */
export function run(
  kernelName: string,
  inputs: Record<string, tf.Tensor | undefined>,
  attributes: Attributes = {},
): tf.Tensor[] {
  const present = Object.fromEntries(Object.entries(inputs).filter(([, tensor]) => tensor !== undefined));
  const outputs = tf.engine().runKernel(kernelName, present as tf.NamedTensorMap, attributes) as unknown;
  return Array.isArray(outputs) ? outputs : [outputs as tf.Tensor];
}

interface Gradient {
  /** Inputs that the gradient needs, by name. */
  readonly inputs: string[];
  /** Which outputs it needs. */
  readonly outputs?: boolean[];
  /** The gradient of each input from that of the first output. What was saved comes by name, outputs as `output0`, … */
  readonly compute: (
    dy: tf.Tensor,
    saved: Record<string, tf.Tensor>,
    attributes: Attributes,
  ) => Record<string, () => tf.Tensor>;
}

/** Registers the gradient of a fused kernel. */
export function gradient(kernelName: string, { inputs, outputs = [], compute }: Gradient): void {
  tf.registerGradient({
    kernelName,
    inputsToSave: inputs,
    outputsToSave: outputs,
    gradFunc: (dy, saved, attributes) => {
      const kept = outputs.flatMap((keep, index) => (keep ? [`output${index}`] : []));
      const named = Object.fromEntries([...inputs, ...kept].map((name, index) => [name, saved[index]!]));
      return compute(Array.isArray(dy) ? dy[0]! : dy, named, attributes);
    },
  });
}

/**
 * Gradients that were computed together. They are made when the tape is walked past the operation, not when each is asked
 * for: TensorFlow.js frees what is made then as soon as that one is done.
 */
export function together(names: readonly string[], gradients: readonly tf.Tensor[]): Record<string, () => tf.Tensor> {
  return Object.fromEntries(names.map((name, index) => [name, () => gradients[index]!]));
}
