import { tf } from "@nacre/tensor";
import { Dropout } from "../dropout.ts";
import type { Layer } from "../layer.ts";
import type { AttentionContext, MultiHeadAttention } from "./attention.ts";
import { attentionInPlace, feedForwardInPlace } from "./residual-parts.ts";

export interface TransformerBlockParts {
  readonly attention: MultiHeadAttention;
  readonly attentionNorm: Layer;
  /** Attention to an encoder's output, with its norm: in decoders that have one. */
  readonly crossAttention?: MultiHeadAttention | undefined;
  readonly crossAttentionNorm?: Layer | undefined;
  readonly feedForward: Layer;
  readonly feedForwardNorm: Layer;
}

export interface TransformerBlockOptions {
  /** Whether x + f(norm(x)) ("before": GPT-2, Llama, T5) or norm(x + f(x)) ("after": the original, BERT). */
  readonly normalize: "before" | "after";
  /** Share of each part's output that is dropped in training. Default: 0. */
  readonly dropout?: number;
}

export interface BlockContext extends Omit<AttentionContext, "source"> {
  /** An encoder's output [B, S, C'] for the cross-attention. */
  readonly source?: tf.Tensor3D | undefined;
  /** Hides its padding: additive [B or 1, heads or 1, T or 1, S]. */
  readonly sourceMask?: tf.Tensor4D | undefined;
  /** Sees each mixture of experts' router logits [B · T, experts]; it must clone what it keeps. */
  readonly observeRouting?: ((logits: tf.Tensor2D, layer: number) => void) | undefined;
}

/**
 * Attention, attention to a source if it has one, and a feed-forward layer, each with a residual connection:
 * x [B, T, C] → [B, T, C]. Vaswani et al. 2017, section 3.1; normalised before as in Radford et al. 2019.
 */
export class TransformerBlock implements Layer<tf.Tensor3D, tf.Tensor3D> {
  readonly attentionNorm: Layer;
  readonly attention: MultiHeadAttention;
  readonly crossAttentionNorm: Layer | undefined;
  readonly crossAttention: MultiHeadAttention | undefined;
  readonly feedForwardNorm: Layer;
  readonly feedForward: Layer;
  readonly dropout: Dropout;
  readonly normalize: "before" | "after";

  constructor(parts: TransformerBlockParts, { normalize, dropout = 0 }: TransformerBlockOptions) {
    if ((parts.crossAttention === undefined) !== (parts.crossAttentionNorm === undefined)) {
      throw new Error("TransformerBlock: expected `crossAttention` and `crossAttentionNorm` together. Received one.");
    }
    this.attentionNorm = parts.attentionNorm;
    this.attention = parts.attention;
    this.crossAttentionNorm = parts.crossAttentionNorm;
    this.crossAttention = parts.crossAttention;
    this.feedForwardNorm = parts.feedForwardNorm;
    this.feedForward = parts.feedForward;
    this.dropout = new Dropout(dropout);
    this.normalize = normalize;
  }

  forward(x: tf.Tensor3D, { source, sourceMask, ...context }: BlockContext): tf.Tensor3D {
    return tf.tidy(() => {
      let y = this.#attend(x, this.attention, { norm: this.attentionNorm, context });
      const { crossAttention, crossAttentionNorm } = this;
      if (crossAttention && crossAttentionNorm) {
        if (source === undefined) {
          throw new Error("TransformerBlock: expected a `source` for the cross-attention. Received none.");
        }
        const { training, random, cache, layer, observeAttention } = context;
        const across = { training, random, cache, layer, observeAttention, source, mask: sourceMask };
        y = this.#attend(y, crossAttention, { norm: crossAttentionNorm, context: across });
      }
      return this.#feedForward(y, context);
    });
  }

  #attend(
    x: tf.Tensor3D,
    attention: MultiHeadAttention,
    { norm, context }: { norm: Layer; context: AttentionContext },
  ): tf.Tensor3D {
    const before = this.normalize === "before" ? norm : undefined;
    const sum = attentionInPlace(x, attention, { norm: before, context });
    if (sum === undefined) return this.#residual(x, norm, (z) => attention.forward(z, context), context);
    return before ? sum : (norm.forward(sum, context) as tf.Tensor3D);
  }

  #feedForward(x: tf.Tensor3D, context: BlockContext): tf.Tensor3D {
    const { feedForward, feedForwardNorm } = this;
    const norm = this.normalize === "before" ? feedForwardNorm : undefined;
    const sum = feedForwardInPlace(x, feedForward, { norm, context });
    if (sum === undefined) return this.#residual(x, feedForwardNorm, (z) => feedForward.forward(z, context), context);
    return norm ? sum : (feedForwardNorm.forward(sum, context) as tf.Tensor3D);
  }

  #residual(
    x: tf.Tensor3D,
    norm: Layer,
    compute: (x: tf.Tensor3D) => tf.Tensor,
    context: AttentionContext,
  ): tf.Tensor3D {
    if (this.normalize === "after") {
      return norm.forward(tf.add(x, this.dropout.forward(compute(x), context)), context) as tf.Tensor3D;
    }
    return tf.add(x, this.dropout.forward(compute(norm.forward(x, context) as tf.Tensor3D), context));
  }
}
