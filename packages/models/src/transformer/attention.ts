import type { Random } from "@nacre/random";
import { attention, rotary, tf } from "@nacre/tensor";
import { checkLastAxis, checkSizes } from "../check.ts";
import { Dense } from "../dense.ts";
import { Dropout } from "../dropout.ts";
import type { Initializer } from "../initializers.ts";
import type { ForwardContext, Layer } from "../layer.ts";
import { RmsNorm } from "../normalization.ts";
import { attentionWeights, explicitAttention } from "./explicit-attention.ts";
import type { KeysAndValues, KeyValueCache } from "./key-value-cache.ts";
import type { RotaryAngles } from "./rotary-table.ts";

export interface MultiHeadAttentionOptions {
  /** Features of the queries' input and of the output, C. */
  width: number;
  heads: number;
  /** Heads of keys and values, each shared by `heads / keyValueHeads` queries (Ainslie et al. 2023). Default: `heads`. */
  keyValueHeads?: number | undefined;
  /** Features of a head, D. Default: width / heads. */
  headSize?: number | undefined;
  /** Features of the keys' and values' input, when that is another. Default: `width`. */
  sourceWidth?: number | undefined;
  /** Whether queries, keys and values have a bias. Default: true. */
  bias?: boolean;
  /** Whether the output has one. Default: `bias`. */
  outputBias?: boolean;
  /** Of the logits. Default: 1 / √D. */
  scale?: number;
  /** RMS normalisation of every head's queries and keys, with this ε (Henry et al. 2020; Qwen3). Default: none. */
  queryKeyNorm?: { readonly epsilon: number } | undefined;
  /** Share of the attention weights that is dropped in training. Default: 0. */
  dropout?: number;
  initializer?: Initializer;
  /** Of the queries' weight. Default: `initializer`. */
  queryInitializer?: Initializer;
  /** Of the output's weight. Default: `initializer`. */
  outputInitializer?: Initializer;
}

/** What one attention layer needs to know beside its input. */
export interface AttentionContext extends ForwardContext {
  /** Keys and values come from here, [B, S, source width]. Default: the input itself. */
  readonly source?: tf.Tensor3D | undefined;
  /** A query sees no later keys. Default: false. */
  readonly causal?: boolean | undefined;
  /** Added to the logits, without a gradient: [B or 1, heads or 1, T or 1, S]. */
  readonly mask?: tf.Tensor4D | undefined;
  /** Added to the logits, with a gradient, as T5's relative positions: [B or 1, heads or 1, T or 1, S]. */
  readonly positionBias?: tf.Tensor4D | undefined;
  /** Turns queries and keys by their positions. */
  readonly rotary?: RotaryAngles | undefined;
  /** Keys and values of earlier tokens: this layer's are those under `layer`. */
  readonly cache?: KeyValueCache | undefined;
  /** Which of the cache's layers this is. Default: 0. */
  readonly layer?: number | undefined;
  /** Sees the attention weights, which takes the slow way. */
  readonly observeAttention?: ObserveAttention | undefined;
}

/** Sees the attention weights [B, heads, T, S] of a layer; it must clone what it keeps. */
export type ObserveAttention = (weights: tf.Tensor4D, place: { layer: number; kind: "self" | "cross" }) => void;

/**
 * Multi-head attention: Vaswani et al. 2017, section 3.2.2. Shapes: B batch, T queries, S keys, C width, H heads, D head size.
 *
 * Each head computes softmax(Q Kᵀ / √D) V (equation 1). The root is of D alone and divides the logits inside the softmax; texts
 * that print it over Q Kᵀ or outside the softmax have misplaced it.
 *
 * `query.weight` [H · D, C], `key.weight` and `value.weight` [key heads · D, C], `output.weight` [C, H · D].
 */
export class MultiHeadAttention implements Layer<tf.Tensor3D, tf.Tensor3D> {
  readonly query: Dense;
  readonly key: Dense;
  readonly value: Dense;
  readonly output: Dense;
  readonly queryNorm: RmsNorm | undefined;
  readonly keyNorm: RmsNorm | undefined;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headSize: number;
  readonly scale: number;
  /** Of the attention weights. */
  readonly dropout: Dropout;

  constructor(options: MultiHeadAttentionOptions, random: Random) {
    const { width, heads, keyValueHeads = heads, sourceWidth = width, bias = true, initializer } = options;
    const headSize = options.headSize ?? width / heads;
    checkSizes("MultiHeadAttention", { width, heads, keyValueHeads, headSize, sourceWidth });
    if (heads % keyValueHeads !== 0) {
      throw new RangeError(
        `MultiHeadAttention: expected \`keyValueHeads\` to divide ${heads} heads. Received ${keyValueHeads}.`,
      );
    }
    this.heads = heads;
    this.keyValueHeads = keyValueHeads;
    this.headSize = headSize;
    this.scale = options.scale ?? 1 / Math.sqrt(headSize);
    this.dropout = new Dropout(options.dropout ?? 0);
    const dense = (inputs: number, outputs: number, name: string, first = initializer): Dense =>
      new Dense({ inputs, outputs, bias, ...(first && { initializer: first }) }, random.fork(name));
    this.query = dense(width, heads * headSize, "query", options.queryInitializer);
    this.key = dense(sourceWidth, keyValueHeads * headSize, "key");
    this.value = dense(sourceWidth, keyValueHeads * headSize, "value");
    const last = options.outputInitializer ?? initializer;
    this.output = new Dense(
      {
        inputs: heads * headSize,
        outputs: width,
        bias: options.outputBias ?? bias,
        ...(last && { initializer: last }),
      },
      random.fork("output"),
    );
    const norm = options.queryKeyNorm && { features: headSize, epsilon: options.queryKeyNorm.epsilon };
    this.queryNorm = norm && new RmsNorm(norm);
    this.keyNorm = norm && new RmsNorm(norm);
  }

  /** x [B, T, C] → [B, T, C]. */
  forward(x: tf.Tensor3D, context: AttentionContext): tf.Tensor3D {
    checkLastAxis("MultiHeadAttention", x.shape, { size: this.query.inputs, rank: 3 });
    return tf.tidy(() => {
      const [batch, time] = x.shape;
      let query = this.#split(this.query.forward(x, context), this.heads); // [B, T, H, D]
      if (this.queryNorm) query = this.queryNorm.forward(query) as tf.Tensor4D;
      if (context.rotary) query = rotary(query, context.rotary.cosines, context.rotary.sines);
      const { keys, values } = this.#keysAndValues(x, context); // [B, S, key heads, D]
      const mixed = this.#attend(query, { keys, values }, context); // [B, T, H, D]
      return this.output.forward(tf.reshape(mixed, [batch, time, this.heads * this.headSize]), context) as tf.Tensor3D;
    });
  }

  /** Keys and values of a source: from the cache, which computes them once, where there is one. */
  remember(source: tf.Tensor3D, context: AttentionContext): KeysAndValues {
    const { cache, layer = 0 } = context;
    const compute = () => ({
      keys: this.#keys(source, { ...context, rotary: undefined }),
      values: this.#split(this.value.forward(source, context), this.keyValueHeads),
    });
    return cache ? cache.remember(layer, compute) : compute();
  }

  #keysAndValues(x: tf.Tensor3D, context: AttentionContext): KeysAndValues {
    const { source, cache, layer = 0 } = context;
    if (source !== undefined) return this.remember(source, context);
    const keys = this.#keys(x, context);
    const values = this.#split(this.value.forward(x, context), this.keyValueHeads);
    return cache ? cache.append(layer, keys, values) : { keys, values };
  }

  #keys(x: tf.Tensor3D, context: AttentionContext): tf.Tensor4D {
    const { rotary: angles } = context;
    let keys = this.#split(this.key.forward(x, context), this.keyValueHeads);
    if (this.keyNorm) keys = this.keyNorm.forward(keys) as tf.Tensor4D;
    return angles ? rotary(keys, angles.cosines, angles.sines) : keys;
  }

  /** […, heads · D] → [B, S, heads, D]. */
  #split(x: tf.Tensor, heads: number): tf.Tensor4D {
    return tf.reshape(x, [x.shape[0]!, x.shape[1]!, heads, this.headSize]);
  }

  #attend(query: tf.Tensor4D, { keys, values }: KeysAndValues, context: AttentionContext): tf.Tensor4D {
    const { causal = false, mask, positionBias, observeAttention, layer = 0 } = context;
    const { scale } = this;
    const dropout = this.dropout.draw(context);
    if (!observeAttention) return attention(query, keys, values, { causal, mask, bias: positionBias, scale, dropout });
    const weights = attentionWeights(query, keys, { causal, mask, positionBias, scale }); // [B, H, T, S]
    observeAttention(weights, { layer, kind: context.source ? "cross" : "self" });
    return explicitAttention(weights, values, dropout);
  }
}
