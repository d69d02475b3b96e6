import * as tf from "@tensorflow/tfjs-core";
import type { ArrayType } from "../array-pool.ts";
import type { NativeBackend } from "../backend.ts";
import { isPlain, type Kernel, mostly, view } from "../kernel.ts";

const { collectGatherOpShapeInfo } = tf.backend_util.segment_util;

/** The same values as another type. */
function cast(x: tf.TensorInfo, dtype: ArrayType, backend: NativeBackend): tf.TensorInfo {
  const values = backend.array(x);
  const lies = backend.typeOf(x);
  if (lies === dtype) return { ...view(x, x.shape, backend), dtype };
  const result = backend.output(x.shape, dtype);
  backend.addon.cast(values, result.dataId.array);
  return result;
}

/** Filled with 0. */
function zeros(shape: number[], dtype: ArrayType, backend: NativeBackend) {
  const result = backend.output(shape, dtype);
  const { array } = result.dataId;
  if (array instanceof Float32Array && array.length > 4096) backend.addon.fill(array, 0);
  else array.fill(0);
  return result;
}

function filled(x: tf.TensorInfo, value: number, backend: NativeBackend): tf.TensorInfo | undefined {
  if (!isPlain(x)) return undefined;
  const result = backend.output(x.shape, x.dtype as ArrayType);
  const { array } = result.dataId;
  if (array instanceof Float32Array && array.length > 4096) backend.addon.fill(array, value);
  else array.fill(value);
  return result;
}

export const gatherKernels: readonly Kernel[] = [
  mostly("Cast", ({ x }, { dtype }, backend) =>
    isPlain(x!) && isPlain({ ...x!, dtype }) ? cast(x!, dtype, backend) : undefined,
  ),
  mostly("GatherV2", ({ x, indices }, attributes, backend) => {
    if (!isPlain(x!) || indices!.dtype !== "int32") return undefined;
    const axis = tf.util.parseAxisParam(attributes.axis, x!.shape)[0]!;
    const info = collectGatherOpShapeInfo(x! as never, indices! as never, axis, attributes.batchDims ?? 0);
    const { batchSize, outerSize, dimSize, sliceSize, outputShape } = info;
    const count = batchSize === 0 ? 0 : tf.util.sizeFromShape(indices!.shape) / batchSize;
    const result = backend.output(outputShape, x!.dtype as ArrayType);
    const sizes = [batchSize, outerSize, dimSize, sliceSize, count];
    const turned = axis === 0 && batchSize === 1 ? backend.turnedFloats(x!) : undefined;
    try {
      if (turned !== undefined) {
        const values = result.dataId.array as Float32Array;
        backend.addon.gatherTurned(turned, backend.array(indices!), values, dimSize, sliceSize, count);
      } else backend.addon.gather(backend.array(x!), backend.array(indices!), result.dataId.array, ...sizes);
    } catch (error) {
      backend.disposeData(result.dataId);
      throw error;
    }
    return result;
  }),
  mostly("UnsortedSegmentSum", ({ x, segmentIds }, { numSegments }, backend) => {
    const count = segmentIds!.shape[0]!;
    if (x!.dtype !== "float32" || segmentIds!.dtype !== "int32" || segmentIds!.shape.length !== 1) return undefined;
    if (count === 0 || x!.shape[0] !== count) return undefined;
    const result = backend.output([numSegments, ...x!.shape.slice(1)], "float32");
    const inner = tf.util.sizeFromShape(x!.shape.slice(1));
    backend.addon.segmentSum(
      backend.floats(x!),
      backend.array(segmentIds!),
      result.dataId.array,
      count,
      numSegments,
      inner,
    );
    return result;
  }),
  mostly("GatherNd", ({ params, indices }, _, backend) => {
    if (params!.dtype !== "float32" || indices!.dtype !== "int32") return undefined;
    const depth = indices!.shape.at(-1)!;
    const [shape, count, inner] = tf.backend_util.prepareAndValidate(params! as never, indices! as never);
    if (count === 0 || depth > 6) return undefined;
    const result = backend.output(shape, "float32");
    const sizes = Int32Array.from(params!.shape.slice(0, depth));
    try {
      backend.addon.gatherNd(
        backend.floats(params!),
        backend.array(indices!),
        result.dataId.array,
        sizes,
        count,
        depth,
        inner,
      );
    } catch (error) {
      backend.disposeData(result.dataId);
      throw error;
    }
    return result;
  }),
  mostly("ScatterNd", ({ indices, updates }, { shape }, backend) => {
    if (updates!.dtype !== "float32" || indices!.dtype !== "int32") return undefined;
    const { sliceRank, numUpdates, sliceSize } = tf.backend_util.calculateShapes(
      updates! as never,
      indices! as never,
      shape,
    );
    if (sliceRank > 6 || numUpdates === 0) return undefined;
    const result = zeros(shape, "float32", backend);
    const sizes = Int32Array.from(shape.slice(0, sliceRank));
    try {
      backend.addon.scatterAdd(
        backend.floats(updates!),
        backend.array(indices!),
        result.dataId.array,
        sizes,
        numUpdates,
        sliceRank,
        sliceSize,
      );
    } catch (error) {
      backend.disposeData(result.dataId);
      throw error;
    }
    return result;
  }),
  mostly("OneHot", ({ indices }, { dtype, depth, onValue, offValue }, backend) => {
    if (indices!.dtype !== "int32" || (dtype !== "float32" && dtype !== "int32")) return undefined;
    const result = backend.output([...indices!.shape, depth], dtype as "float32" | "int32");
    const values = backend.array(indices!);
    backend.addon.oneHot(values, result.dataId.array, values.length, depth, onValue, offValue);
    return result;
  }),
  mostly("Select", ({ condition, t, e }, _, backend) => {
    if (t!.dtype !== e!.dtype || !isPlain(t!) || condition!.dtype !== "bool") return undefined;
    const values = backend.array(condition!);
    const size = tf.util.sizeFromShape(t!.shape);
    if (values.length === 0 || size % values.length !== 0 || tf.util.sizeFromShape(e!.shape) !== size) return undefined;
    const result = backend.output(t!.shape, t!.dtype as ArrayType);
    const [yes, no] = [backend.array(t!), backend.array(e!)];
    backend.addon.select(values, yes, no, result.dataId.array, values.length, size / values.length);
    return result;
  }),
  mostly("ZerosLike", ({ x }, _, backend) => filled(x!, 0, backend)),
  mostly("OnesLike", ({ x }, _, backend) => filled(x!, 1, backend)),
  mostly("Fill", (_, { shape, value, dtype }, backend) => {
    const type = dtype ?? tf.util.inferDtype(value);
    return filled({ dataId: {}, shape, dtype: type }, value, backend);
  }),
];
