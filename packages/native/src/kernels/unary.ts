import type * as tf from "@tensorflow/tfjs-core";
import type { NativeBackend } from "../backend.ts";
import { type Kernel, kernel, mostly } from "../kernel.ts";

/** Kernels of one input and without attributes, as the field `x`. */
const plain = [
  ..."Abs Acos Acosh Asin Asinh Atan Atanh Ceil Cos Cosh Elu Erf Exp Expm1 Floor Log Log1p Neg Reciprocal".split(" "),
  ..."Relu Relu6 Round Rsqrt Selu Sigmoid Sign Sin Sinh Softplus Sqrt Square Tan Tanh".split(" "),
];
const forIntegers = ["Abs", "Neg", "Square"];

const codes = new Map<string, number>();

export function unaryCode(name: string, backend: NativeBackend): number {
  if (codes.size === 0) {
    for (const [code, each] of backend.addon.unaryOperations.trim().split(" ").entries()) codes.set(each, code);
  }
  return codes.get(name)!;
}

/** `operation`(x); undefined where there is no loop for the type. */
export function each(
  operation: string,
  x: tf.TensorInfo,
  backend: NativeBackend,
  first = 0,
  second = 0,
): tf.TensorInfo | undefined {
  if (x.dtype === "int32" && forIntegers.includes(operation)) {
    const result = backend.output(x.shape, "int32");
    backend.addon.unary(unaryCode(operation, backend), backend.array(x), result.dataId.array, first, second);
    return result;
  }
  if (x.dtype !== "float32") return undefined;
  const result = backend.output(x.shape, "float32");
  backend.addon.unary(unaryCode(operation, backend), backend.floats(x), result.dataId.array, first, second);
  return result;
}

function classified(kernelName: string, kind: number, type: "float32" | "bool" = "float32"): Kernel {
  return mostly(kernelName, ({ x }, _, backend) => {
    if (x!.dtype !== type) return undefined;
    const result = backend.output(x!.shape, "bool");
    const values = type === "float32" ? backend.floats(x!) : backend.array(x!);
    backend.addon.classify(values, result.dataId.array, kind);
    return result;
  });
}

export const unaryKernels: readonly Kernel[] = [
  ...plain.map((kernelName) => mostly(kernelName, ({ x }, _, backend) => each(kernelName, x!, backend))),
  mostly("LeakyRelu", ({ x }, { alpha }, backend) => each("LeakyRelu", x!, backend, alpha)),
  mostly("Step", ({ x }, { alpha }, backend) => each("Step", x!, backend, alpha)),
  mostly("ClipByValue", ({ x }, attributes, backend) =>
    each("ClipByValue", x!, backend, attributes.clipValueMin, attributes.clipValueMax),
  ),
  classified("IsFinite", 0),
  classified("IsInf", 1),
  classified("IsNan", 2),
  classified("LogicalNot", 3, "bool"),
  kernel("Identity", ({ x }, _, backend) => {
    backend.incRef(x!.dataId);
    return { dataId: x!.dataId, shape: x!.shape, dtype: x!.dtype };
  }),
];
