import type { tf } from "@nacre/tensor";
import type { Embedding } from "./embedding.ts";
import type { ForwardContext } from "./layer.ts";
import type { ObserveAttention } from "./transformer/attention.ts";

/** What an encoder of texts needs to know beside the ids. Shapes: B texts, T tokens, C width. */
export interface EncoderContext extends ForwardContext {
  /** [B, T], 1 for tokens and 0 for padding. Default: all are tokens. */
  readonly mask?: tf.Tensor2D | undefined;
  /** Which of two texts each token belongs to, [B, T] int32, as 0 for a question and 1 for its passage. Default: 0. */
  readonly tokenTypes?: tf.Tensor2D | undefined;
  /** The tokens' vectors in place of the table's, [B, T, C], for gradients with regard to them; the ids still say their places. */
  readonly embedded?: tf.Tensor3D | undefined;
  /** Sees the attention weights [B, heads, T, T] of each layer, which takes the slow way. */
  readonly observeAttention?: ObserveAttention | undefined;
}

/** Gives every token a vector that depends on the whole text: what the heads stand on. */
export interface Encoder {
  readonly config: {
    readonly vocabulary: number;
    /** Longest text, in tokens. */
    readonly context: number;
    readonly width: number;
    readonly dropout: number;
    /** Of its normalisations. */
    readonly epsilon: number;
    /** The id that fills shorter texts of a batch. */
    readonly padding: number;
  };
  /** The vectors of the ids, [V, C], which a masked language model shares. */
  readonly tokens: Embedding;
  /** ids [B, T] int32 → [B, T, C]. */
  forward(ids: tf.Tensor2D, context: EncoderContext): tf.Tensor3D;
}
