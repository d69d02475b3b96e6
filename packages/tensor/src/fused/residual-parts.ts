import * as tf from "@tensorflow/tfjs-core";
import { activate, type FusedActivation, swiglu } from "./activations.ts";
import { attention, rotary } from "./attention.ts";
import { has, run } from "./kernel.ts";
import { linear } from "./linear.ts";
import { layerNorm, rmsNorm } from "./normalization.ts";
import type { QuantizedWeights } from "./quantized.ts";
import { quantizedLinear } from "./quantized-linear.ts";
import { isRecording } from "./recording.ts";

/**
 * The two halves of a Transformer block as it decodes, each one operation: so few tokens at a time compute so little that calling
 * the parts one by one costs more than they do. Without gradients. Shapes: B sequences, T new tokens, C width, H heads, D size.
 */

/** W x + b: a weight [O, I], in floats or quantised, and a bias [O]. */
export interface Projection {
  readonly weight: tf.Tensor2D | QuantizedWeights;
  readonly bias?: tf.Tensor | undefined;
}

/** Layer normalisation where there is a bias, else root mean square. */
export interface Normalization {
  readonly gain: tf.Tensor;
  readonly bias?: tf.Tensor | undefined;
  readonly epsilon: number;
}

/** Keys and values of B sequences, with room for more behind them: both [B, room, key heads, D]. */
export interface KeyValueRows {
  readonly keys: Float32Array;
  readonly values: Float32Array;
  /** Rows of each sequence that there is room for. */
  readonly room: number;
  /** The first row that is seen. */
  readonly first: number;
  /** Rows that are seen, from `first`; new ones come behind them. */
  readonly count: number;
}

export interface AttentionParts {
  /** Of x, before everything else. Default: none. */
  readonly norm?: Normalization | undefined;
  readonly query: Projection;
  /** Of the new tokens' keys and values; not needed where these come from a source. */
  readonly key?: Projection | undefined;
  readonly value?: Projection | undefined;
  readonly output: Projection;
  /** Of each head's queries and keys, root mean square. Default: none. */
  readonly queryNorm?: Normalization | undefined;
  readonly keyNorm?: Normalization | undefined;
  readonly heads: number;
  readonly keyHeads: number;
  /** D. */
  readonly size: number;
  /** Of the logits. */
  readonly scale: number;
}

export interface AttentionPlace {
  /** The new tokens' rows are written behind `count`: the caller counts them from then on. */
  readonly rows?: KeyValueRows | undefined;
  /** Instead of rows: keys and values that are there and do not grow, as an encoder's, [B, S, key heads, D] both. */
  readonly source?: { readonly keys: tf.Tensor4D; readonly values: tf.Tensor4D } | undefined;
  /** Added to the logits: [B or 1, H or 1, T or 1, count + T, or S]. */
  readonly mask?: tf.Tensor | undefined;
  /** Cosines and sines [T, pairs] that queries and keys are turned by, as in `rotary`. */
  readonly angles?: { readonly cosines: tf.Tensor2D; readonly sines: tf.Tensor2D } | undefined;
}

export interface FeedForwardParts {
  readonly norm?: Normalization | undefined;
  /** Whose activated values `up`'s are multiplied with. Default: none, and up's are activated. */
  readonly gate?: Projection | undefined;
  readonly up: Projection;
  readonly down: Projection;
  readonly activation: FusedActivation;
}

/** Whether the backend at work has kernels for both halves, and no gradient will be asked for. */
export function hasResidualParts(): boolean {
  return !isRecording() && has("AttentionResidual") && has("FeedForwardResidual");
}

/**
 * x + W_o attention(norm(x)): [B, T, C] → [B, T, C]; over the rows and the new tokens, each seeing none after it, or over all of a
 * source.
 */
export function attentionResidual(x: tf.Tensor3D, parts: AttentionParts, place: AttentionPlace): tf.Tensor3D {
  check(x, parts, place);
  if (has("AttentionResidual")) return run("AttentionResidual", { x }, { parts, ...place })[0] as tf.Tensor3D;
  return tf.tidy(() => {
    const { heads, keyHeads, size, scale } = parts;
    const [batch, time] = x.shape;
    const { rows, source, mask, angles } = place;
    const input = parts.norm === undefined ? x : normalize(x, parts.norm);
    const split = (part: Projection, count: number, norm: Normalization | undefined): tf.Tensor4D => {
      const each = tf.reshape(project(input, part), [batch, time, count, size]) as tf.Tensor4D;
      return norm === undefined ? each : (normalize(each, norm) as tf.Tensor4D);
    };
    const turned = (each: tf.Tensor4D) => (angles === undefined ? each : rotary(each, angles.cosines, angles.sines));
    const query = turned(split(parts.query, heads, parts.queryNorm));
    const keys = rows ? write(rows.keys, turned(split(parts.key!, keyHeads, parts.keyNorm)), rows) : source!.keys;
    const values = rows ? write(rows.values, split(parts.value!, keyHeads, undefined), rows) : source!.values;
    const mixed = attention(query, keys, values, { causal: rows !== undefined, mask, scale });
    return tf.add(x, project(tf.reshape(mixed, [batch, time, heads * size]), parts.output)) as tf.Tensor3D;
  });
}

/** x + W_down (σ(W_gate norm(x)) ∘ W_up norm(x)), or x + W_down σ(W_up norm(x)): […, C] → […, C]. */
export function feedForwardResidual<T extends tf.Tensor>(x: T, parts: FeedForwardParts): T {
  if (has("FeedForwardResidual")) return run("FeedForwardResidual", { x }, { parts })[0] as T;
  return tf.tidy(() => {
    const input = parts.norm === undefined ? x : normalize(x, parts.norm);
    const up = project(input, parts.up);
    let hidden: tf.Tensor;
    if (parts.gate === undefined) hidden = activate(up, parts.activation);
    else if (parts.activation === "silu") hidden = swiglu(project(input, parts.gate), up);
    else hidden = tf.mul(activate(project(input, parts.gate), parts.activation), up);
    return tf.add(x, project(hidden, parts.down)) as T;
  });
}

/** Puts new rows [B, T, heads, D] into the array, and gives all that are seen then, [B, count + T, heads, D]. */
function write(array: Float32Array, added: tf.Tensor4D, { room, first, count }: KeyValueRows): tf.Tensor4D {
  const [batch, time, heads, size] = added.shape;
  const row = heads * size;
  const values = added.dataSync();
  const seen = new Float32Array(batch * (count + time) * row);
  for (let sequence = 0; sequence < batch; sequence++) {
    const start = (sequence * room + first) * row;
    array.set(values.subarray(sequence * time * row, (sequence + 1) * time * row), start + count * row);
    seen.set(array.subarray(start, start + (count + time) * row), sequence * (count + time) * row);
  }
  return tf.tensor4d(seen, [batch, count + time, heads, size]);
}

function project(x: tf.Tensor, { weight, bias }: Projection): tf.Tensor {
  return "bits" in weight ? quantizedLinear(x, weight, { bias }) : linear(x, weight, { bias });
}

function normalize(x: tf.Tensor, { gain, bias, epsilon }: Normalization): tf.Tensor {
  return bias === undefined ? rmsNorm(x, gain, epsilon) : layerNorm(x, gain, bias, epsilon);
}

function check(x: tf.Tensor3D, parts: AttentionParts, { rows, source, mask, angles }: AttentionPlace): void {
  const { heads, keyHeads, size } = parts;
  const [batch, time] = x.shape;
  if (rows === undefined) {
    const wanted = [batch, source?.keys.shape[1], keyHeads, size];
    if (!source || [source.keys, source.values].some(({ shape }) => `${shape}` !== `${wanted}`)) {
      throw new Error(
        `attentionResidual: expected \`rows\`, or a source of keys and values [${batch}, count, ${keyHeads}, ${size}]. ` +
          `Received ${source ? `[${source.keys.shape}] and [${source.values.shape}]` : "neither"}.`,
      );
    }
  } else {
    const { keys, values, room, first, count } = rows;
    const wanted = batch * room * keyHeads * size;
    if (keys.length !== wanted || values.length !== wanted || first < 0 || first + count + time > room) {
      throw new Error(
        `attentionResidual: expected keys and values [${batch}, room, ${keyHeads}, ${size}] with room for ${time} rows behind ` +
          `${count} from row ${first}. Received ${keys.length} and ${values.length} values, and room for ${room} rows.`,
      );
    }
  }
  const shape = [batch, heads, time, rows ? rows.count + time : source!.keys.shape[1]];
  const broadcasts = mask?.shape.every((length, axis) => length === shape[axis] || (length === 1 && axis < 3));
  if (mask !== undefined && (mask.rank !== 4 || !broadcasts)) {
    throw new Error(`attentionResidual: expected a mask that broadcasts to [${shape}]. Received [${mask.shape}].`);
  }
  if (angles !== undefined && (angles.cosines.shape[0] !== time || 2 * angles.cosines.shape[1] > size)) {
    throw new Error(
      `attentionResidual: expected angles [${time}, at most ${size / 2}]. Received [${angles.cosines.shape}].`,
    );
  }
}
