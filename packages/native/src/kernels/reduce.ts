import * as tf from "@tensorflow/tfjs-core";
import type { NativeBackend } from "../backend.ts";
import { type Attributes, type Inputs, type Kernel, kernel, mostly, onCpu, using, view } from "../kernel.ts";
import { divide } from "./binary.ts";
import { transpose } from "./movement.ts";

const reductions = { sum: 0, product: 1, maximum: 2, minimum: 3, squares: 4 } as const;

/** A tensor as [outer, count, inner], where the axes of `count` are reduced. */
interface Run {
  readonly outer: number;
  readonly count: number;
  readonly inner: number;
}

/** How the axes lie when they are neighbours (axes of size 1 aside); undefined when they are not. */
function runOf(shape: readonly number[], axes: readonly number[]): Run | undefined {
  const counted = axes.filter((axis) => shape[axis] !== 1).sort((a, b) => a - b);
  if (counted.length === 0) return { outer: tf.util.sizeFromShape([...shape]), count: 1, inner: 1 };
  const first = counted[0]!;
  const last = counted.at(-1)!;
  for (let axis = first; axis <= last; axis++) {
    if (shape[axis] !== 1 && !counted.includes(axis)) return undefined;
  }
  const size = (from: number, to: number): number => tf.util.sizeFromShape(shape.slice(from, to));
  return { outer: size(0, first), count: size(first, last + 1), inner: size(last + 1, shape.length) };
}

/** Calls `reduce` with x brought into a run; axes that are no neighbours are moved to the end first. */
function along<T>(
  x: tf.TensorInfo,
  axes: readonly number[],
  backend: NativeBackend,
  reduce: (x: tf.TensorInfo, run: Run) => T,
): T {
  const run = runOf(x.shape, axes);
  if (run !== undefined) return reduce(x, run);
  const permutation = tf.backend_util.getAxesPermutation([...axes], x.shape.length)!;
  return using(backend, transpose(x, permutation, backend), (moved) => {
    const kept = moved.shape.length - axes.length;
    const [outer, count] = [moved.shape.slice(0, kept), moved.shape.slice(kept)].map(tf.util.sizeFromShape) as [
      number,
      number,
    ];
    return reduce(moved, { outer, count, inner: 1 });
  });
}

function shapeAfter(shape: number[], axes: number[], keepDims: boolean): number[] {
  return shape.flatMap((size, axis) => (axes.includes(axis) ? (keepDims ? [1] : []) : [size]));
}

/** The reduction of floats over `axes`, times `scale`. */
function reduceFloats(
  kind: keyof typeof reductions,
  x: tf.TensorInfo,
  axes: number[],
  backend: NativeBackend,
  { keepDims = false, scale = 1 } = {},
): tf.TensorInfo {
  return along(x, axes, backend, (moved, { outer, count, inner }) => {
    const result = backend.output(shapeAfter(x.shape, axes, keepDims), "float32");
    backend.addon.reduce(reductions[kind], backend.floats(moved), result.dataId.array, outer, count, inner, scale);
    return result;
  });
}

function floatReduction(kernelName: string, kind: keyof typeof reductions, attribute: string): Kernel {
  return mostly(kernelName, ({ x }, attributes, backend) => {
    if (x!.dtype !== "float32" || tf.util.sizeFromShape(x!.shape) === 0) return undefined;
    const axes = tf.util.parseAxisParam(attributes[attribute] ?? attributes.axis, x!.shape);
    return reduceFloats(kind, x!, axes, backend, attributes);
  });
}

function sum(inputs: Inputs, attributes: Attributes, backend: NativeBackend): tf.TensorInfo | undefined {
  const x = inputs.x!;
  const axes = tf.util.parseAxisParam(attributes.axis, x.shape);
  if (x.dtype === "float32") return reduceFloats("sum", x, axes, backend, attributes);
  if (x.dtype !== "int32" && x.dtype !== "bool") return undefined;
  return along(x, axes, backend, (moved, { outer, count, inner }) => {
    const result = backend.output(shapeAfter(x.shape, axes, attributes.keepDims), "int32");
    backend.addon.sumIntegers(backend.array(moved), result.dataId.array, outer, count, inner);
    return result;
  });
}

function mean(inputs: Inputs, attributes: Attributes, backend: NativeBackend): tf.TensorInfo | undefined {
  const x = inputs.x!;
  const axes = tf.util.parseAxisParam(attributes.axis, x.shape);
  const count = tf.util.sizeFromShape(axes.map((axis) => x.shape[axis]!));
  if (x.dtype === "float32") {
    // The mean of nothing is 0, as the cpu backend has it.
    const scale = count === 0 ? 0 : 1 / count;
    return reduceFloats("sum", x, axes, backend, { keepDims: attributes.keepDims, scale });
  }
  const total = sum(inputs, attributes, backend);
  return total && using(backend, total, (info) => divide(info, Math.max(count, 1), backend));
}

function reduceBytes(kernelName: string, all: boolean): Kernel {
  return mostly(kernelName, ({ x }, attributes, backend) => {
    if (x!.dtype !== "bool") return undefined;
    const axes = tf.util.parseAxisParam(attributes.axis, x!.shape);
    return along(x!, axes, backend, (moved, { outer, count, inner }) => {
      const result = backend.output(shapeAfter(x!.shape, axes, attributes.keepDims), "bool");
      backend.addon.reduceBytes(all, backend.array(moved), result.dataId.array, outer, count, inner);
      return result;
    });
  });
}

function argument(kernelName: string, smallest: boolean): Kernel {
  return mostly(kernelName, ({ x }, { axis }, backend) => {
    if (x!.dtype !== "float32") return undefined;
    const axes = tf.util.parseAxisParam(axis, x!.shape).slice(0, 1);
    const { outer, count, inner } = runOf(x!.shape, axes)!;
    if (count === 0) return undefined;
    const result = backend.output(shapeAfter(x!.shape, axes, false), "int32");
    backend.addon.argument(smallest, backend.floats(x!), result.dataId.array, outer, count, inner);
    return result;
  });
}

function cumulative(kernelName: string, product: boolean): Kernel {
  return mostly(kernelName, ({ x }, attributes, backend) => {
    if (x!.dtype !== "float32") return undefined;
    const [axis] = tf.util.parseAxisParam(attributes.axis, x!.shape);
    const size = (from: number, to?: number): number => tf.util.sizeFromShape(x!.shape.slice(from, to));
    const result = backend.output(x!.shape, "float32");
    const run = [size(0, axis), x!.shape[axis!] ?? 1, size(axis! + 1)];
    backend.addon.cumulative(
      product,
      backend.floats(x!),
      result.dataId.array,
      ...run,
      attributes.exclusive === true,
      attributes.reverse === true,
    );
    return result;
  });
}

export const reduceKernels: readonly Kernel[] = [
  mostly("Sum", sum),
  mostly("Mean", mean),
  floatReduction("Max", "maximum", "reductionIndices"),
  floatReduction("Min", "minimum", "axis"),
  floatReduction("Prod", "product", "axis"),
  reduceBytes("All", true),
  reduceBytes("Any", false),
  argument("ArgMax", false),
  argument("ArgMin", true),
  cumulative("Cumsum", false),
  cumulative("Cumprod", true),
  kernel("TopK", (inputs, attributes, backend) => {
    const x = inputs.x!;
    const width = x.shape.at(-1) ?? 1;
    const k: number = attributes.k;
    if (x.dtype !== "float32" || k > width || tf.util.sizeFromShape(x.shape) === 0) {
      return onCpu("TopK", inputs, attributes, backend);
    }
    const shape = [...x.shape.slice(0, -1), k];
    const values = backend.output(shape, "float32");
    const indices = backend.output(shape, "int32");
    const rows = tf.util.sizeFromShape(x.shape) / width;
    backend.addon.topK(backend.floats(x), values.dataId.array, indices.dataId.array, rows, width, k);
    return [values, indices];
  }),
  mostly("Softmax", ({ logits }, { dim }, backend) => {
    const { shape, dtype } = logits!;
    const last = shape.length - 1;
    if (dtype !== "float32" || shape.length === 0 || (dim !== -1 && dim !== last)) return undefined;
    const result = backend.output(shape, "float32");
    const width = shape[last]!;
    const rows = width === 0 ? 0 : tf.util.sizeFromShape(shape) / width;
    backend.addon.softmax(backend.floats(logits!), result.dataId.array, rows, width);
    return result;
  }),
  kernel("Reshape", ({ x }, { shape }, backend) => {
    const size = tf.util.sizeFromShape(x!.shape);
    const wanted = tf.util.inferFromImplicitShape(shape, size);
    tf.util.assert(
      size === tf.util.sizeFromShape(wanted),
      () =>
        `The new shape (${wanted}) has ${tf.util.sizeFromShape(wanted)} elements and the old shape (${x!.shape}) has ${size} elements. The new shape and old shape must have the same number of elements.`,
    );
    if (x!.dtype === "complex64") return onCpu("Reshape", { x: x! }, { shape }, backend);
    return view(x!, wanted, backend);
  }),
];
