import type { tf } from "@nacre/tensor";
import { z } from "zod";
import type { ForwardContext } from "./layer.ts";
import type { ObserveAttention } from "./transformer/attention.ts";
import type { KeyValueCache } from "./transformer/key-value-cache.ts";

/** Ids with a meaning of their own, as a model's folder names them. */
export const SpecialTokens = z.strictObject({
  begin: z.int().nonnegative().optional().describe("before a text"),
  end: z.array(z.int().nonnegative()).default([]).describe("each ends a text"),
  padding: z.int().nonnegative().optional().describe("fills shorter texts of a batch"),
});
export type SpecialTokens = z.infer<typeof SpecialTokens>;

/** What the forward pass of a language model needs to know. Shapes: B sequences, T new tokens, S with those in the cache. */
export interface LanguageModelContext extends ForwardContext {
  /** What earlier calls have computed; this call adds its tokens. */
  readonly cache?: KeyValueCache | undefined;
  /**
   * [B, S], 1 for tokens and 0 for padding, at the left where a text goes on; or what is added to the attention logits, [B or
   * 1, heads or 1, T or 1, S], for packed texts that must not see each other. Default: all are tokens.
   */
  readonly mask?: tf.Tensor2D | tf.Tensor4D | undefined;
  /**
   * Place of each token in its text, [B, T] int32, for models with learnt positions. Default: in order, padding not counted.
   * Rotary positions act through differences within a row alone, so models that have them do not need it.
   */
  readonly positions?: tf.Tensor2D | undefined;
  /** Logits of the last token only: [B, 1, V]. */
  readonly lastOnly?: boolean | undefined;
  /** Sees each layer's attention weights, which takes the slow way. */
  readonly observeAttention?: ObserveAttention | undefined;
  /** Sees each mixture of experts' router logits [B · T, experts]; it must clone what it keeps. */
  readonly observeRouting?: ((logits: tf.Tensor2D, layer: number) => void) | undefined;
}

export interface CacheOptions {
  /** Most tokens of a sequence. Default: the model's context. */
  readonly capacity?: number | undefined;
  /** How many of the last tokens `truncate` can always take back where the model has windows. Default: 0. */
  readonly rewind?: number | undefined;
}

/** Predicts each next token from those before it: what generation works on. */
export interface CausalLanguageModel {
  /** Number of token ids, V. */
  readonly vocabulary: number;
  /** Longest sequence it was made for, in tokens. */
  readonly context: number;
  /** Ids that begin, end and pad texts. */
  readonly specialTokens: SpecialTokens;
  /** ids [B, T] int32 → logits [B, T, V] of what follows each. */
  forward(ids: tf.Tensor2D, context: LanguageModelContext): tf.Tensor3D;
  /** An empty cache for one batch of sequences, the caller's to dispose. */
  createCache(options?: CacheOptions): KeyValueCache;
}

export function isCausalLanguageModel(model: object): model is CausalLanguageModel {
  const { forward, createCache } = model as Partial<CausalLanguageModel>;
  return typeof forward === "function" && typeof createCache === "function";
}
