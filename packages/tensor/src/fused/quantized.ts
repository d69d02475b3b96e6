import * as tf from "@tensorflow/tfjs-core";
import { fits, run } from "./kernel.ts";

/** Weights [n, k] as integers in groups of 32 along k, each group with its own scale. */
export interface QuantizedWeights {
  readonly bits: 8 | 4;
  /** n and k. */
  readonly shape: readonly [number, number];
  /** One a weight; or, with 4 bits, two in a byte: elements i and i + 16 of a group, offset by 8. */
  readonly values: Int8Array | Uint8Array;
  /** [n, k / 32] */
  readonly scales: Float32Array;
}

const group = 32;

/**
 * Rounds weights to the nearest of 255 (8 bits) or 16 (4 bits) multiples of a scale per group of 32.
 *
 * @param weights [n, k], k a multiple of 32
 */
export function quantizeWeights(weights: tf.Tensor2D, bits: 8 | 4): QuantizedWeights {
  const [n, k] = weights.shape;
  if (k % group !== 0) throw new RangeError(`quantizeWeights: expected rows of a multiple of 32. Received ${k}.`);
  const source = weights.dataSync();
  const scales = new Float32Array((n * k) / group);
  const values = bits === 8 ? new Int8Array(n * k) : new Uint8Array((n * k) / 2);
  for (let each = 0; each < scales.length; each++) {
    const start = each * group;
    let far = 0;
    for (let i = start; i < start + group; i++) if (Math.abs(source[i]!) > Math.abs(far)) far = source[i]!;
    const scale = Math.fround(bits === 8 ? Math.abs(far) / 127 : far / -8);
    const inverse = scale === 0 ? 0 : 1 / scale;
    scales[each] = scale;
    if (bits === 8) {
      for (let i = start; i < start + group; i++) values[i] = Math.round(source[i]! * inverse);
    } else {
      const nibble = (value: number): number => Math.min(15, Math.max(0, Math.round(value * inverse) + 8));
      for (let i = 0; i < group / 2; i++) {
        values[start / 2 + i] = nibble(source[start + i]!) | (nibble(source[start + group / 2 + i]!) << 4);
      }
    }
  }
  return { bits, shape: [n, k], values, scales };
}

/** The weights as floats: [n, k]. */
export function dequantize(weights: QuantizedWeights): tf.Tensor2D {
  const [n, k] = weights.shape;
  const result = new Float32Array(n * k);
  restore(weights, 0, result);
  return tf.tensor2d(result, [n, k]);
}

/**
 * Rows of quantised weights [n, k] as floats, as an embedding looks them up: ids […] of int32 in 0 … n − 1 → […, k]. The ids are
 * read, which waits for them where they are computed elsewhere.
 */
export function quantizedRows(weights: QuantizedWeights, ids: tf.Tensor): tf.Tensor {
  const [, k] = weights.shape;
  const rows = ids.dataSync();
  const result = new Float32Array(rows.length * k);
  rows.forEach((row, at) => void restore(weights, row * k, result.subarray(at * k, (at + 1) * k)));
  return tf.tensor(result, [...ids.shape, k]);
}

/** The elements from `start`, the first of a group, as many as fit. */
function restore({ bits, values, scales }: QuantizedWeights, start: number, result: Float32Array): void {
  for (let i = 0; i < result.length; i++) {
    const element = start + i;
    const place = element % group;
    const byte = values[(element - place) / 2 + (place % (group / 2))]!;
    const integer = bits === 8 ? values[element]! : (place < group / 2 ? byte & 15 : byte >> 4) - 8;
    result[i] = integer * scales[(element - place) / group]!;
  }
}

/**
 * x · Wᵀ with quantised weights: [m, k] → [m, n]. The kernel also rounds x to 8 bits per group of 32, so that it multiplies
 * integers: an error of at most 1/254 of each group's largest |x|.
 */
export function quantizedMatMul(x: tf.Tensor2D, weights: QuantizedWeights): tf.Tensor2D {
  const [n, k] = weights.shape;
  if (x.shape[1] !== k) throw new Error(`quantizedMatMul: expected rows of ${k}. Received [${x.shape}].`);
  if (fits("QuantizedMatMul", x)) return run("QuantizedMatMul", { x }, { weights, n, k })[0] as tf.Tensor2D;
  return tf.tidy(() => tf.matMul(x, dequantize(weights), false, true) as tf.Tensor2D);
}
