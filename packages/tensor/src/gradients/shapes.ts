import * as tf from "@tensorflow/tfjs-core";
import { type Attributes, call, flat, rule } from "./declare.ts";

const rearranging: tf.GradConfig[] = [
  rule("Reshape", { inputs: ["x"], gradient: (dy, [x]) => ({ x: () => tf.reshape(dy, x!.shape) }) }),
  rule("ExpandDims", { inputs: ["input"], gradient: (dy, [input]) => ({ input: () => tf.reshape(dy, input!.shape) }) }),
  rule("Transpose", {
    gradient: (dy, _, { perm }) => ({ x: () => tf.transpose(dy, tf.backend_util.getUndoAxesPermutation(perm)) }),
  }),
  rule("Reverse", { gradient: (dy, _, { dims }) => ({ x: () => tf.reverse(dy, dims) }) }),
  rule("BroadcastTo", {
    inputs: ["x"],
    gradient: (dy, [x]) => ({
      x: () => {
        const lead = dy.rank - x!.rank;
        const axes = dy.shape.flatMap((size, axis) => (axis < lead || size !== x!.shape[axis - lead] ? [axis] : []));
        return tf.reshape(tf.sum(dy, axes), x!.shape);
      },
    }),
  }),
  rule("Tile", {
    inputs: ["x"],
    gradient: (dy, [x], { reps }) => ({
      x: () => {
        const pairs = x!.shape.flatMap((size, axis) => [(reps as number[])[axis]!, size]);
        const axes = x!.shape.map((_, axis) => 2 * axis);
        return tf.sum(tf.reshape(dy, pairs), axes);
      },
    }),
  }),
  rule("Slice", {
    inputs: ["x"],
    gradient: (dy, [x], { begin }) => ({
      x: () => {
        const starts = [begin].flat() as number[];
        const paddings = x!.shape.map((size, axis) => {
          const before = starts[axis] ?? 0;
          return [before, size - before - dy.shape[axis]!] as [number, number];
        });
        return tf.pad(dy, paddings);
      },
    }),
  }),
  ...["PadV2", "MirrorPad"].map((name) =>
    rule(name, {
      inputs: ["x"],
      // A mirrored border does not move x here: as in TensorFlow.js, only the middle carries the gradient.
      gradient: (dy, [x], { paddings }) => ({
        x: () =>
          tf.slice(
            dy,
            (paddings as [number, number][]).map(([before]) => before),
            x!.shape,
          ),
      }),
    }),
  ),
  rule("BatchToSpaceND", {
    gradient: (dy, _, { blockShape, crops }) => ({ x: () => tf.spaceToBatchND(dy, blockShape, crops) }),
  }),
  rule("SpaceToBatchND", {
    gradient: (dy, _, { blockShape, paddings }) => ({ x: () => tf.batchToSpaceND(dy, blockShape, paddings) }),
  }),
];

/** Kernels of several inputs or outputs. The engine hands the gradients of several outputs over as an array. */
const joining: tf.GradConfig[] = [
  {
    kernelName: "AddN",
    saveAllInputs: true,
    gradFunc: (dy, saved) => byIndex(saved, () => tf.clone(dy as tf.Tensor)),
  },
  {
    kernelName: "Concat",
    saveAllInputs: true,
    gradFunc: (dy, saved, attributes) => {
      const { axis } = attributes as Attributes;
      const at = tf.util.parseAxisParam(axis, saved[0]!.shape)[0]!;
      const sizes = saved.map((input) => input.shape[at]!);
      const parts = tf.split(dy as tf.Tensor, sizes, at);
      return byIndex(saved, (index) => parts[index]!);
    },
  },
  {
    kernelName: "Pack",
    saveAllInputs: true,
    gradFunc: (dy, saved, attributes) => {
      const parts = tf.unstack(dy as tf.Tensor, (attributes as Attributes).axis);
      return byIndex(saved, (index) => parts[index]!);
    },
  },
  {
    kernelName: "SplitV",
    gradFunc: (dy, _, attributes) => ({ x: () => tf.concat(dy as tf.Tensor[], (attributes as Attributes).axis) }),
  },
  {
    kernelName: "Unpack",
    gradFunc: (dy, _, attributes) => ({ value: () => tf.stack(dy as tf.Tensor[], (attributes as Attributes).axis) }),
  },
];

function byIndex(inputs: tf.Tensor[], gradient: (index: number) => tf.Tensor): Record<number, () => tf.Tensor> {
  return Object.fromEntries(inputs.map((_, index) => [index, () => gradient(index)]));
}

const indexing: tf.GradConfig[] = [
  flat("OneHot", "indices"),
  rule("GatherV2", {
    inputs: ["x", "indices"],
    gradient: (dy, saved, { axis, batchDims }) => {
      const [x, indices] = saved as [tf.Tensor, tf.Tensor];
      return {
        x: () => gatherGradient(dy, x, indices, { axis: tf.util.parseAxisParam(axis, x.shape)[0]!, batchDims }),
        indices: () => tf.zeros(indices.shape),
      };
    },
  }),
  rule("UnsortedSegmentSum", {
    inputs: ["segmentIds"],
    gradient: (dy, saved) => {
      const segments = saved[0] as tf.Tensor1D;
      return { x: () => takeRows(dy, segments), segmentIds: () => tf.zeros(segments.shape) };
    },
  }),
  rule("GatherNd", {
    inputs: ["params", "indices"],
    gradient: (dy, saved) => {
      const [params, indices] = saved as [tf.Tensor, tf.Tensor];
      return {
        params: () => tf.scatterND(indices, dy, params.shape as [number]),
        indices: () => tf.zeros(indices.shape),
      };
    },
  }),
  rule("ScatterNd", {
    inputs: ["indices"],
    gradient: (dy, [indices]) => ({
      updates: () => tf.gatherND(dy, indices!),
      indices: () => tf.zeros(indices!.shape),
    }),
  }),
];

/** Rows of segments that are out of range (negative) had no effect, so they get 0. */
function takeRows(dy: tf.Tensor, segments: tf.Tensor1D): tf.Tensor {
  const inside = tf.cast(tf.greaterEqual(segments, 0), "float32");
  const rows = tf.gather(dy, tf.maximum(segments, tf.scalar(0, "int32")) as tf.Tensor1D);
  return tf.mul(rows, tf.reshape(inside, [segments.size, ...Array(rows.rank - 1).fill(1)]));
}

/** The rows of dy go back, summed, to where the indices took them from: one segment for each (batch, row). */
function gatherGradient(
  dy: tf.Tensor,
  x: tf.Tensor,
  indices: tf.Tensor,
  { axis, batchDims }: { axis: number; batchDims: number },
): tf.Tensor {
  const outer = x.shape.slice(batchDims, axis);
  const inner = x.shape.slice(axis + 1);
  const batches = size(x.shape.slice(0, batchDims));
  const picks = batches === 0 ? 0 : indices.size / batches;
  const rows = x.shape[axis]!;
  // [batch, outer, picks, inner] → [batch · picks, outer, inner]
  const values = tf.transpose(tf.reshape(dy, [batches, size(outer), picks, size(inner)]), [0, 2, 1, 3]);
  const offsets = tf.mul(tf.range(0, batches, 1, "int32"), tf.scalar(rows, "int32"));
  const flatIndices = tf.add(
    tf.reshape(tf.cast(indices, "int32"), [batches, picks]),
    tf.reshape(offsets, [batches, 1]),
  );
  const sums = call(
    "UnsortedSegmentSum",
    { x: tf.reshape(values, [batches * picks, size(outer), size(inner)]), segmentIds: tf.reshape(flatIndices, [-1]) },
    { numSegments: batches * rows },
  );
  const back = tf.transpose(tf.reshape(sums, [batches, rows, size(outer), size(inner)]), [0, 2, 1, 3]);
  return tf.reshape(back, x.shape);
}

function size(shape: number[]): number {
  return tf.util.sizeFromShape(shape);
}

export const shapes: readonly tf.GradConfig[] = [...rearranging, ...joining, ...indexing];
