import * as tf from "@tensorflow/tfjs-core";
import type { NativeBackend } from "./backend.ts";

/** The attributes of a kernel call; what they hold depends on the kernel. */
// biome-ignore lint/suspicious/noExplicitAny: TensorFlow.js types attributes per kernel, and the registry erases them.
export type Attributes = any;
export type Inputs = Record<string, tf.TensorInfo>;

export type Compute = (
  inputs: Inputs,
  attributes: Attributes,
  backend: NativeBackend,
) => tf.TensorInfo | tf.TensorInfo[];

/** A kernel under its name. */
export interface Kernel {
  readonly kernelName: string;
  readonly compute: Compute;
  /** A function that a program compiled before it was written lacks: without it plain operations compute. */
  readonly needs?: string;
}

export function kernel(kernelName: string, compute: Compute): Kernel {
  return { kernelName, compute };
}

/** What the cpu backend computes, on this backend's tensors: for types that have no native loop. */
export function onCpu(
  kernelName: string,
  inputs: Inputs,
  attributes: Attributes,
  backend: NativeBackend,
): tf.TensorInfo {
  const { kernelFunc } = tf.getKernel(kernelName, "cpu");
  return kernelFunc({ inputs: inputs as never, attrs: attributes, backend }) as tf.TensorInfo;
}

/** A kernel that is native for some types and shapes, and the cpu backend's for the others. */
export function mostly(
  kernelName: string,
  compute: (
    inputs: Inputs,
    attributes: Attributes,
    backend: NativeBackend,
  ) => tf.TensorInfo | tf.TensorInfo[] | undefined,
): Kernel {
  return kernel(
    kernelName,
    (inputs, attributes, backend) =>
      compute(inputs, attributes, backend) ?? onCpu(kernelName, inputs, attributes, backend),
  );
}

/** Of a type that lies in one typed array. */
export function isPlain({ dtype }: tf.TensorInfo): boolean {
  return dtype === "float32" || dtype === "int32" || dtype === "bool";
}

/** Another name for the same data: what reshaping costs. */
export function view(info: tf.TensorInfo, shape: number[], backend: NativeBackend): tf.TensorInfo {
  backend.incRef(info.dataId);
  return { dataId: info.dataId, shape, dtype: info.dtype };
}

/** Runs a step whose inputs were made on the way, and frees those. */
export function using<T>(backend: NativeBackend, temporary: tf.TensorInfo, work: (info: tf.TensorInfo) => T): T {
  try {
    return work(temporary);
  } finally {
    backend.disposeData(temporary.dataId);
  }
}
