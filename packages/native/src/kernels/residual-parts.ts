import type * as tf from "@tensorflow/tfjs-core";
import type { NativeBackend } from "../backend.ts";
import { type Kernel, kernel } from "../kernel.ts";
import { combineInto } from "./binary.ts";
import { linearInto } from "./linear.ts";
import { unaryCode } from "./unary.ts";

/**
 * The halves of a decoder's block in one call each (packages/tensor/src/fused/residual-parts.ts): their steps are functions of the
 * addon on arrays that the backend lends, so that TensorFlow.js's engine is asked once instead of a dozen times.
 */

type Quantized = {
  bits: 8 | 4;
  shape: readonly [number, number];
  values: Int8Array | Uint8Array;
  scales: Float32Array;
};
interface Projection {
  readonly weight: tf.TensorInfo | Quantized;
  readonly bias?: tf.TensorInfo | undefined;
}
interface Normalization {
  readonly gain: tf.TensorInfo;
  readonly bias?: tf.TensorInfo | undefined;
  readonly epsilon: number;
}

/** One half's steps on `rows` rows; what it borrows goes back at the end. */
class Steps {
  readonly #backend: NativeBackend;
  readonly #borrowed: Float32Array[] = [];

  constructor(backend: NativeBackend) {
    this.#backend = backend;
  }

  borrow(length: number): Float32Array {
    const array = this.#backend.pool.take("float32", length);
    this.#borrowed.push(array);
    return array;
  }

  giveBack(): void {
    for (const array of this.#borrowed) this.#backend.pool.give("float32", array);
  }

  /** Each `width` values normalised. */
  normalize(x: Float32Array, { gain, bias, epsilon }: Normalization, width: number): Float32Array {
    const backend = this.#backend;
    const rows = width === 0 ? 0 : x.length / width;
    const out = this.borrow(x.length);
    const [means, scales] = [this.borrow(rows), this.borrow(rows)];
    const shift = bias && backend.floats(bias);
    const centered = bias !== undefined;
    backend.addon.normalizeRows(centered, x, backend.floats(gain), shift, out, means, scales, rows, width, epsilon);
    return out;
  }

  /** σ(W x + b) of each row. */
  project(x: Float32Array, { weight, bias }: Projection, rows: number, activation = "linear"): Float32Array {
    const backend = this.#backend;
    const [outputs, inputs] = weight.shape as readonly [number, number];
    const out = this.borrow(rows * outputs);
    if (!("bits" in weight)) {
      linearInto(out, x, rows, { weight, bias, activation }, backend);
      return out;
    }
    const shift = bias && backend.floats(bias);
    backend.addon.quantizedMatmul(x, weight.values, weight.scales, out, rows, outputs, inputs, weight.bits);
    if (shift !== undefined) combineInto(out, "Add", [out, shift], backend);
    if (activation !== "linear") {
      const name = activation[0]!.toUpperCase() + activation.slice(1);
      backend.addon.unary(unaryCode(name, backend), out, out, 0, 0);
    }
    return out;
  }
}

/** Runs the steps and adds what they give to x. */
function residual(
  x: tf.TensorInfo,
  backend: NativeBackend,
  work: (values: Float32Array, steps: Steps) => Float32Array,
) {
  const result = backend.output(x.shape, "float32");
  const steps = new Steps(backend);
  try {
    const values = backend.floats(x);
    const added = work(values, steps);
    combineInto(result.dataId.array as Float32Array, "Add", [values, added], backend);
  } finally {
    steps.giveBack();
  }
  return result;
}

/** What `attentionStep` is told, in one array for all calls: giving a new one to C++ costs more. */
const sizes = new Int32Array(12);

export const residualKernels: readonly Kernel[] = [
  kernel("AttentionResidual", ({ x }, { parts, rows, source, mask, angles }, backend) => {
    const [batch, time, width] = x!.shape as [number, number, number];
    const { heads, keyHeads, size, queryNorm, keyNorm } = parts;
    return residual(x!, backend, (values, steps) => {
      const input = parts.norm === undefined ? values : steps.normalize(values, parts.norm, width);
      let query = steps.project(input, parts.query, batch * time);
      if (queryNorm !== undefined) query = steps.normalize(query, queryNorm, size);
      let key = rows && steps.project(input, parts.key, batch * time);
      if (keyNorm !== undefined && key !== undefined) key = steps.normalize(key, keyNorm, size);
      const value = rows && steps.project(input, parts.value, batch * time);
      const mixed = steps.borrow(query.length);
      const turned = angles === undefined ? 0 : 2 * angles.cosines.shape[1];
      const count = rows?.count ?? source.keys.shape[1];
      const { room = count, first = 0 } = rows ?? {};
      sizes.set([batch, time, heads, keyHeads, size, room, first, count, turned]);
      for (const axis of [0, 1, 2]) sizes[9 + axis] = mask === undefined ? 1 : mask.shape[axis];
      backend.addon.attentionStep(
        query,
        key,
        value,
        angles && backend.floats(angles.cosines),
        angles && backend.floats(angles.sines),
        rows?.keys ?? backend.floats(source.keys),
        rows?.values ?? backend.floats(source.values),
        mixed,
        mask && backend.floats(mask),
        sizes,
        parts.scale,
        rows !== undefined,
      );
      return steps.project(mixed, parts.output, batch * time);
    });
  }),
  kernel("FeedForwardResidual", ({ x }, { parts }, backend) => {
    const width = x!.shape.at(-1)!;
    return residual(x!, backend, (values, steps) => {
      const rows = width === 0 ? 0 : values.length / width;
      const input = parts.norm === undefined ? values : steps.normalize(values, parts.norm, width);
      if (parts.gate === undefined) {
        return steps.project(steps.project(input, parts.up, rows, parts.activation), parts.down, rows);
      }
      const gated = parts.activation === "silu";
      const gate = steps.project(input, parts.gate, rows, gated ? "linear" : parts.activation);
      const up = steps.project(input, parts.up, rows);
      if (gated) backend.addon.swiglu(gate, up, up);
      else combineInto(up, "Multiply", [up, gate], backend);
      return steps.project(up, parts.down, rows);
    });
  }),
];
