import * as tf from "@tensorflow/tfjs-core";
import type { ArrayType, Values } from "../array-pool.ts";
import type { NativeBackend } from "../backend.ts";
import { type Attributes, type Inputs, isPlain, type Kernel, kernel, mostly, onCpu, view } from "../kernel.ts";

/** Steps between neighbours along each axis. */
function strides(shape: readonly number[]): number[] {
  const result = new Array<number>(shape.length);
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    result[axis] = step;
    step *= shape[axis]!;
  }
  return result;
}

interface Region {
  readonly sizes: readonly number[];
  readonly from: readonly number[];
  readonly to: readonly number[];
  readonly start?: number;
  readonly target?: number;
}

/** Copies a region with steps on both sides; the kernel checks that it lies within both arrays. */
function copy(source: Values, target: Values, region: Region, backend: NativeBackend): void {
  const { sizes, from, to, start = 0, target: at = 0 } = region;
  backend.addon.copy(source, target, Int32Array.of(sizes.length, start, at, ...sizes, ...from, ...to));
}

function dot(a: readonly number[], b: readonly number[]): number {
  let sum = 0;
  for (let axis = 0; axis < a.length; axis++) sum += a[axis]! * b[axis]!;
  return sum;
}

function output(shape: number[], like: tf.TensorInfo, backend: NativeBackend) {
  return backend.output(shape, like.dtype as ArrayType);
}

/** Axis i of the result is axis permutation[i] of x. */
export function transpose(x: tf.TensorInfo, permutation: readonly number[], backend: NativeBackend): tf.TensorInfo {
  const shape = permutation.map((axis) => x.shape[axis]!);
  const steps = strides(x.shape);
  const result = output(shape, x, backend);
  const from = permutation.map((axis) => steps[axis]!);
  copy(backend.array(x), result.dataId.array, { sizes: shape, from, to: strides(shape) }, backend);
  return result;
}

/** The region of x that begins at `begin`. */
function slice(
  x: tf.TensorInfo,
  begin: readonly number[],
  size: readonly number[],
  backend: NativeBackend,
): tf.TensorInfo {
  const from = strides(x.shape);
  const result = output([...size], x, backend);
  const region = { sizes: size, from, to: strides(size), start: dot(begin, from) };
  if (tf.util.sizeFromShape([...size]) > 0) copy(backend.array(x), result.dataId.array, region, backend);
  return result;
}

/** Writes x into the place of `target` that begins at `begin`. */
function place(x: tf.TensorInfo, target: tf.TensorInfo, begin: readonly number[], backend: NativeBackend): void {
  const to = strides(target.shape);
  const region = { sizes: x.shape, from: strides(x.shape), to, target: dot(begin, to) };
  copy(backend.array(x), backend.array(target), region, backend);
}

function concat(tensors: readonly tf.TensorInfo[], axis: number, backend: NativeBackend): tf.TensorInfo {
  const shape = tf.backend_util.computeOutShape(
    tensors.map((tensor) => tensor.shape),
    axis,
  );
  const result = output(shape, tensors[0]!, backend);
  const begin = shape.map(() => 0);
  for (const tensor of tensors) {
    if (tf.util.sizeFromShape(tensor.shape) > 0) place(tensor, result, begin, backend);
    begin[axis]! += tensor.shape[axis]!;
  }
  return result;
}

function sameType(tensors: readonly tf.TensorInfo[]): boolean {
  return tensors.every((tensor) => isPlain(tensor) && tensor.dtype === tensors[0]!.dtype);
}

function stridedSlice(inputs: Inputs, attributes: Attributes, backend: NativeBackend): tf.TensorInfo | undefined {
  const x = inputs.x!;
  if (!isPlain(x)) return undefined;
  const { begin, end, strides: steps, beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask } = attributes;
  const info = tf.slice_util.sliceInfo(
    x.shape,
    begin,
    end,
    steps,
    beginMask,
    endMask,
    ellipsisMask,
    newAxisMask,
    shrinkAxisMask,
  );
  const { finalShapeSparse, finalShape, isIdentity, sliceDim0, begin: from, end: to, strides: by } = info;
  if (isIdentity) return view(x, finalShape, backend);
  const sizes =
    sliceDim0 || tf.util.sizeFromShape(finalShapeSparse) > 0
      ? tf.slice_util.computeOutShape(from, to, by)
      : finalShapeSparse;
  const result = output(finalShape, x, backend);
  if (tf.util.sizeFromShape(finalShape) === 0) return result;
  const own = strides(x.shape);
  const region = { sizes, from: own.map((step, axis) => step * by[axis]!), to: strides(sizes), start: dot(from, own) };
  copy(backend.array(x), result.dataId.array, region, backend);
  return result;
}

function pad(inputs: Inputs, attributes: Attributes, backend: NativeBackend): tf.TensorInfo | undefined {
  const x = inputs.x!;
  if (!isPlain(x)) return undefined;
  const paddings: [number, number][] = attributes.paddings;
  if (paddings.some(([before, after]) => before < 0 || after < 0)) return undefined;
  if (paddings.every(([before, after]) => before === 0 && after === 0)) return view(x, x.shape, backend);
  const shape = x.shape.map((size, axis) => paddings[axis]![0] + size + paddings[axis]![1]);
  const result = output(shape, x, backend);
  result.dataId.array.fill(attributes.constantValue);
  if (tf.util.sizeFromShape(x.shape) > 0)
    place(
      x,
      result,
      paddings.map(([before]) => before),
      backend,
    );
  return result;
}

function tile(inputs: Inputs, attributes: Attributes, backend: NativeBackend): tf.TensorInfo | undefined {
  const x = inputs.x!;
  const reps: number[] = attributes.reps;
  if (!isPlain(x) || x.shape.length > 6) return undefined;
  const shape = x.shape.map((size, axis) => size * reps[axis]!);
  const result = output(shape, x, backend);
  if (tf.util.sizeFromShape(shape) === 0) return result;
  const own = strides(x.shape);
  const sizes = x.shape.flatMap((size, axis) => [reps[axis]!, size]);
  const region = { sizes, from: own.flatMap((step) => [0, step]), to: strides(sizes) };
  copy(backend.array(x), result.dataId.array, region, backend);
  return result;
}

function reverse(x: tf.TensorInfo, axes: readonly number[], backend: NativeBackend): tf.TensorInfo {
  const own = strides(x.shape);
  const turned = (axis: number): boolean => axes.includes(axis);
  const result = output(x.shape, x, backend);
  if (tf.util.sizeFromShape(x.shape) === 0) return result;
  const start = own.reduce((sum, step, axis) => sum + (turned(axis) ? step * (x.shape[axis]! - 1) : 0), 0);
  const region = { sizes: x.shape, from: own.map((step, axis) => (turned(axis) ? -step : step)), to: own, start };
  copy(backend.array(x), result.dataId.array, region, backend);
  return result;
}

export const movementKernels: readonly Kernel[] = [
  mostly("Transpose", ({ x }, { perm }, backend) =>
    isPlain(x!) && x!.shape.length <= 12 ? transpose(x!, perm, backend) : undefined,
  ),
  mostly("Slice", ({ x }, attributes, backend) => {
    if (!isPlain(x!)) return undefined;
    const [begin, size] = tf.slice_util.parseSliceParams(x!, attributes.begin, attributes.size) as [number[], number[]];
    tf.slice_util.assertParamsValid(x! as never, begin, size);
    if (begin.every((at) => at === 0) && size.every((length, axis) => length === x!.shape[axis])) {
      return view(x!, size, backend);
    }
    return slice(x!, begin, size, backend);
  }),
  mostly("StridedSlice", stridedSlice),
  mostly("PadV2", pad),
  mostly("Tile", tile),
  mostly("Reverse", ({ x }, { dims }, backend) => {
    if (!isPlain(x!)) return undefined;
    return reverse(x!, tf.util.parseAxisParam(dims, x!.shape), backend);
  }),
  mostly("FlipLeftRight", ({ image }, _, backend) => (isPlain(image!) ? reverse(image!, [2], backend) : undefined)),
  mostly("Concat", (inputs, attributes, backend) => {
    const tensors = inputs as unknown as tf.TensorInfo[];
    const axis = tf.util.parseAxisParam(attributes.axis, tensors[0]!.shape)[0]!;
    tf.backend_util.assertParamsConsistent(
      tensors.map(({ shape }) => shape),
      axis,
    );
    if (!sameType(tensors)) return undefined;
    const filled = tensors.filter(({ shape }) => tf.util.sizeFromShape(shape) > 0);
    if (filled.length === 1) return view(filled[0]!, filled[0]!.shape, backend);
    return concat(filled.length === 0 ? tensors : filled, axis, backend);
  }),
  mostly("Pack", (inputs, { axis }, backend) => {
    const tensors = inputs as unknown as tf.TensorInfo[];
    if (!sameType(tensors) || tensors.some(({ shape }) => shape.join() !== tensors[0]!.shape.join())) return undefined;
    const { shape } = tensors[0]!;
    const expanded = [...shape.slice(0, axis), 1, ...shape.slice(axis)];
    return concat(
      tensors.map((tensor) => ({ ...tensor, shape: expanded })),
      axis,
      backend,
    );
  }),
  kernel("Unpack", (inputs, attributes, backend) => {
    const value = inputs.value!;
    if (!isPlain(value)) return onCpu("Unpack", inputs, attributes, backend);
    const axis: number = attributes.axis < 0 ? attributes.axis + value.shape.length : attributes.axis;
    const size = value.shape.map((length, each) => (each === axis ? 1 : length));
    const shape = value.shape.filter((_, each) => each !== axis);
    return Array.from({ length: value.shape[axis]! }, (_, each) => {
      const begin = value.shape.map((__, other) => (other === axis ? each : 0));
      return { ...slice(value, begin, size, backend), shape };
    });
  }),
  kernel("SplitV", (inputs, attributes, backend) => {
    const x = inputs.x!;
    if (!isPlain(x)) return onCpu("SplitV", inputs, attributes, backend);
    const axis = tf.util.parseAxisParam(attributes.axis, x.shape)[0]!;
    const sizes = tf.backend_util.prepareSplitSize(x as never, attributes.numOrSizeSplits, axis);
    let at = 0;
    return sizes.map((length) => {
      const begin = x.shape.map((_, each) => (each === axis ? at : 0));
      at += length;
      return slice(
        x,
        begin,
        x.shape.map((size, each) => (each === axis ? length : size)),
        backend,
      );
    });
  }),
];
