import * as tf from "@tensorflow/tfjs-core";
import type { NativeBackend } from "../backend.ts";
import { type Kernel, mostly } from "../kernel.ts";

const arithmetic = ["Add", "Sub", "Multiply", "Maximum", "Minimum", "SquaredDifference"];
const floating = ["RealDiv", "Mod", "Pow", "Atan2"];
const comparison = ["Equal", "NotEqual", "Greater", "GreaterEqual", "Less", "LessEqual"];
const logical = ["LogicalAnd", "LogicalOr"];

const codes = new Map<string, number>();

function codeOf(name: string, backend: NativeBackend): number {
  if (codes.size === 0) {
    for (const [code, each] of backend.addon.binaryOperations.trim().split(" ").entries()) codes.set(each, code);
  }
  return codes.get(name)!;
}

/** Shapes as the kernels read them: the rank, then the sizes of the result and of both sides, filled up with 1. */
function broadcastShapes(result: number[], a: number[], b: number[]): Int32Array {
  const { length } = result;
  const shapes = new Int32Array(1 + 3 * length).fill(1);
  shapes[0] = length;
  shapes.set(result, 1);
  shapes.set(a, 1 + 2 * length - a.length);
  shapes.set(b, 1 + 3 * length - b.length);
  return shapes;
}

/** Operands of one length, whatever their shape, are one run. */
const flat = new Int32Array([1, 0, 0, 0]);

function same(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let axis = 0; axis < a.length; axis++) if (a[axis] !== b[axis]) return false;
  return true;
}

/** `operation`(a, b) with broadcasting; undefined where there is no loop for the types. */
export function combine(
  operation: string,
  a: tf.TensorInfo,
  b: tf.TensorInfo,
  backend: NativeBackend,
  dtype?: "float32" | "int32" | "bool",
): tf.TensorInfo | undefined {
  const isComparison = comparison.includes(operation) || logical.includes(operation);
  if (a.dtype === "complex64" || b.dtype === "complex64" || a.dtype === "string" || b.dtype === "string")
    return undefined;
  const mixed = a.dtype !== b.dtype && (a.dtype === "float32" || b.dtype === "float32");
  const left = mixed ? backend.floats(a) : backend.array(a);
  const right = mixed ? backend.floats(b) : backend.array(b);
  const integers = left instanceof Int32Array && right instanceof Int32Array;
  const bytes = left instanceof Uint8Array && right instanceof Uint8Array;
  const floats = left instanceof Float32Array && right instanceof Float32Array;
  if (!floats && !(integers && (isComparison || arithmetic.includes(operation))) && !(bytes && isComparison)) {
    return undefined;
  }
  const equal = same(a.shape, b.shape);
  const shape = equal ? a.shape : tf.backend_util.assertAndGetBroadcastShape(a.shape, b.shape);
  const result = backend.output(shape, isComparison ? "bool" : (dtype ?? (floats ? "float32" : "int32")));
  let shapes: Int32Array = flat;
  if (equal) {
    flat[1] = flat[2] = flat[3] = left.length;
  } else if (right.length === 1 || left.length === 1) {
    flat[1] = result.dataId.array.length;
    flat[2] = left.length;
    flat[3] = right.length;
  } else {
    shapes = broadcastShapes(shape, a.shape, b.shape);
  }
  backend.addon.binary(codeOf(operation, backend), left, right, result.dataId.array, shapes);
  return result;
}

/** out = `operation`(a, b), of one length; a shorter b is one row of a. `out` may be one of them. */
export function combineInto(
  out: Float32Array,
  operation: "Add" | "Multiply",
  [a, b]: readonly [Float32Array, Float32Array],
  backend: NativeBackend,
): void {
  let shapes: Int32Array = flat;
  if (b.length === a.length) flat[1] = flat[2] = flat[3] = a.length;
  else shapes = broadcastShapes([a.length / b.length, b.length], [a.length / b.length, b.length], [b.length]);
  backend.addon.binary(codeOf(operation, backend), a, b, out, shapes);
}

/** x / divisor as floats. */
export function divide(x: tf.TensorInfo, divisor: number, backend: NativeBackend): tf.TensorInfo {
  const values = backend.floats(x);
  const result = backend.output(x.shape, "float32");
  flat[1] = flat[2] = values.length;
  flat[3] = 1;
  const code = codeOf("RealDiv", backend);
  backend.addon.binary(code, values, Float32Array.of(divisor), result.dataId.array, flat);
  return result;
}

export const binaryKernels: readonly Kernel[] = [
  ...[...arithmetic, ...floating, ...comparison, ...logical].map((kernelName) =>
    mostly(kernelName, ({ a, b }, _, backend) => combine(kernelName, a!, b!, backend)),
  ),
  mostly("Prelu", ({ x, alpha }, _, backend) => combine("Prelu", x!, alpha!, backend)),
  mostly("EluGrad", ({ dy, y }, _, backend) => combine("EluGrad", dy!, y!, backend)),
  mostly("AddN", (inputs, _, backend) => {
    const tensors = inputs as unknown as tf.TensorInfo[];
    if (tensors.length < 2 || tensors.some(({ dtype }) => dtype !== "float32")) return undefined;
    const [first, second, ...others] = tensors as [tf.TensorInfo, tf.TensorInfo, ...tf.TensorInfo[]];
    const sum = combine("Add", first, second, backend)!;
    const array = backend.array(sum);
    flat[1] = flat[2] = flat[3] = array.length;
    for (const other of others) {
      backend.addon.binary(codeOf("Add", backend), array, backend.floats(other), array, flat);
    }
    return sum;
  }),
];
