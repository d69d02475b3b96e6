import type { tf } from "@nacre/tensor";
import type { SpecialTokens } from "./language-model.ts";
import type { ForwardContext } from "./layer.ts";
import type { ObserveAttention } from "./transformer/attention.ts";
import type { KeyValueCache } from "./transformer/key-value-cache.ts";

/** What the encoder needs to know beside the ids. Shapes: B pairs, S source tokens, T target tokens, C width, V vocabulary. */
export interface EncodeContext extends ForwardContext {
  /** [B, S], 1 for tokens and 0 for padding. Default: all are tokens. */
  readonly mask?: tf.Tensor2D | undefined;
  /** Sees the attention weights [B, heads, S, S] of each layer, which takes the slow way. */
  readonly observeAttention?: ObserveAttention | undefined;
}

/** What the decoder needs to know beside the ids. */
export interface DecodeContext extends ForwardContext {
  /** What `encode` gave, [B, S, C]. With a cache its keys and values are computed once, in the first call. */
  readonly memory: tf.Tensor3D;
  /** The source's mask, [B, S]. Default: all are tokens. */
  readonly memoryMask?: tf.Tensor2D | undefined;
  /** What earlier calls have computed, for one memory; this call adds its tokens. */
  readonly cache?: KeyValueCache | undefined;
  /** Logits of the last token only: [B, 1, V]. */
  readonly lastOnly?: boolean | undefined;
  /** Sees the attention weights of each layer, of the target to itself and (`kind` "cross") to the source, [B, heads, T, S]. */
  readonly observeAttention?: ObserveAttention | undefined;
}

export interface SequenceToSequenceContext extends Omit<EncodeContext, "observeAttention"> {
  /** What the decoder is given: the target shifted right behind `start`, [B, T] int32. See `shiftRight`. */
  readonly target: tf.Tensor2D;
}

/** Turns one sequence into another: what translation trains, and what generation decodes with. */
export interface SequenceToSequenceModel {
  /** Number of target ids, V. */
  readonly vocabulary: number;
  /** Longest source or target, in tokens; Infinity where positions have no end. */
  readonly context: number;
  /** Ids that begin, end and pad texts. */
  readonly specialTokens: SpecialTokens;
  /** The id that every target begins with. */
  readonly start: number;
  /** ids [B, S] int32 → memory [B, S, C]. */
  encode(ids: tf.Tensor2D, context: EncodeContext): tf.Tensor3D;
  /** ids [B, T] int32, `start` first → logits [B, T, V] of what follows each. */
  decode(ids: tf.Tensor2D, context: DecodeContext): tf.Tensor3D;
  /** Both: source [B, S] → logits [B, T, V]. */
  forward(source: tf.Tensor2D, context: SequenceToSequenceContext): tf.Tensor3D;
  /**
   * An empty cache for one batch of targets, the caller's to dispose. `reorder` moves their memory's keys and values with them;
   * whoever goes on with other rows must reorder `memoryMask` (and `memory`) likewise.
   */
  createCache(options?: { readonly capacity?: number | undefined }): KeyValueCache;
}

export function isSequenceToSequenceModel(model: object): model is SequenceToSequenceModel {
  const { encode, decode, createCache } = model as Partial<SequenceToSequenceModel>;
  return typeof encode === "function" && typeof decode === "function" && typeof createCache === "function";
}

/**
 * The decoder's input for these targets: `start` first, each row moved right by one, its last id dropped.
 *
 * @param targets rows of T ids, one after another
 * @param time T
 */
export function shiftRight(targets: Int32Array, time: number, start: number): Int32Array {
  if (time < 1 || targets.length % time !== 0) {
    throw new RangeError(`shiftRight: expected rows of ${time} ids. Received ${targets.length} ids.`);
  }
  const shifted = new Int32Array(targets.length);
  for (let row = 0; row < targets.length; row += time) {
    shifted[row] = start;
    shifted.set(targets.subarray(row, row + time - 1), row + 1);
  }
  return shifted;
}
