import * as tf from "@tensorflow/tfjs-core";
import type { NativeBackend } from "../backend.ts";
import { type Kernel, kernel } from "../kernel.ts";
import { activationCode } from "./activation.ts";

export interface LinearParts {
  /** [O, I], in rows or turned. */
  readonly weight: tf.TensorInfo;
  /** [O] */
  readonly bias?: tf.TensorInfo | undefined;
  readonly activation?: string;
}

/** out = σ(x Wᵀ + b) on `rows` rows of x. */
export function linearInto(
  out: Float32Array,
  x: Float32Array,
  rows: number,
  { weight, bias, activation = "linear" }: LinearParts,
  backend: NativeBackend,
): void {
  const [outputs, inputs] = weight.shape as [number, number];
  const epilogue = [bias && backend.floats(bias), activationCode(activation.toLowerCase()), 0];
  const turned = backend.turnedFloats(weight);
  if (turned === undefined) {
    const values = backend.floats(weight);
    backend.addon.matmul(x, values, out, 1, 1, 1, rows, outputs, inputs, false, true, ...epilogue);
  } else {
    backend.addon.matmulTurned(x, turned, out, rows, outputs, inputs, true, ...epilogue);
  }
}

export const linearKernels: readonly Kernel[] = ["Linear", "BiasedLinear"].map((kernelName) =>
  kernel(kernelName, ({ x, weight, bias }, { activation }, backend) => {
    const outer = x!.shape.slice(0, -1);
    const result = backend.output([...outer, weight!.shape[0]!], "float32");
    const rows = tf.util.sizeFromShape(outer);
    linearInto(
      result.dataId.array as Float32Array,
      backend.floats(x!),
      rows,
      { weight: weight!, bias, activation },
      backend,
    );
    return result;
  }),
);
