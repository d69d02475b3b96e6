import { Random } from "@nacre/random";
import { tf } from "@nacre/tensor";
import { z } from "zod";
import { ActivationName } from "./activations.ts";
import { Dense } from "./dense.ts";
import { Dropout } from "./dropout.ts";
import { Embedding } from "./embedding.ts";
import { gaussian, type Initializer, zeros } from "./initializers.ts";
import {
  type CacheOptions,
  type CausalLanguageModel,
  type LanguageModelContext,
  SpecialTokens,
} from "./language-model.ts";
import type { Layer } from "./layer.ts";
import { RmsNorm } from "./normalization.ts";
import { MultiHeadAttention } from "./transformer/attention.ts";
import { TransformerBlock } from "./transformer/block.ts";
import { checkIds, decode, decoderCache, head } from "./transformer/decoder.ts";
import { GatedFeedForward } from "./transformer/feed-forward.ts";
import type { KeyValueCache } from "./transformer/key-value-cache.ts";
import { RotaryScaling, RotaryTable } from "./transformer/rotary-table.ts";

/**
 * The decoder of Touvron et al. 2023, "LLaMA", and what grew from it: Llama 2 and 3, Mistral (Jiang et al. 2023: windows),
 * Qwen2 (Yang et al. 2024: biases) and Qwen3 (Yang et al. 2025: norms of queries and keys). Shapes: B batch, T tokens, C width,
 * V vocabulary.
 */
export const rotaryDecoderFields = {
  vocabulary: z.int().positive().default(32_000).describe("number of token ids, V"),
  context: z.int().positive().default(4096).describe("longest sequence, in tokens"),
  layers: z.int().positive().default(32).describe("blocks"),
  heads: z.int().positive().default(32).describe("attention heads of each block"),
  keyValueHeads: z
    .int()
    .positive()
    .optional()
    .describe("heads of keys and values, shared by groups of queries; all if absent"),
  headSize: z.int().positive().multipleOf(2).optional().describe("features of a head; width / heads if absent"),
  width: z.int().positive().default(4096).describe("features of the residual stream, C"),
  hidden: z.int().positive().default(11_008).describe("features inside the feed-forward layers"),
  activation: ActivationName.default("silu").describe("of the gates in the feed-forward layers"),
  rotaryBase: z.number().positive().default(10_000).describe("base of the rotary wavelengths, Θ"),
  rotaryScaling: RotaryScaling.optional().describe("how positions are stretched over longer sequences"),
  bias: z
    .enum(["none", "queryKeyValue", "all"])
    .default("none")
    .describe("which attention projections have a bias: Qwen2's have all but the output"),
  feedForwardBias: z.boolean().default(false).describe("whether the feed-forward layers have biases"),
  queryKeyNorm: z.boolean().default(false).describe("RMS normalisation of each head's queries and keys: Qwen3"),
  window: z
    .strictObject({
      size: z.int().positive().describe("tokens that a query sees, its own included"),
      from: z.int().nonnegative().default(0).describe("the first layer with a window; those before it see all"),
    })
    .optional()
    .describe("sliding windows: Mistral in every layer, Qwen2 in the later ones"),
  dropout: z
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .describe("share of embeddings and of each layer's output that is dropped in training"),
  attentionDropout: z.number().min(0).lt(1).default(0).describe("share of attention weights dropped in training"),
  epsilon: z.number().positive().default(1e-5).describe("added to the mean square in RMS normalisation"),
  tied: z.boolean().default(false).describe("whether the output's weight is the tokens' embedding"),
  specialTokens: SpecialTokens.default({ end: [] }),
};

export const LlamaConfig = z.strictObject({ family: z.literal("llama"), ...rotaryDecoderFields });
export type LlamaConfig = z.infer<typeof LlamaConfig>;

/** What a decoder with rotary positions is built from, whatever its feed-forward layers are. */
export type RotaryDecoderConfig = Omit<LlamaConfig, "family">;

/** Blocks normalised before their parts, rotary positions, no position embedding: Llama, and mixtures on its frame. */
export class RotaryDecoder<Config extends RotaryDecoderConfig = RotaryDecoderConfig>
  implements CausalLanguageModel, Layer<tf.Tensor2D, tf.Tensor3D>
{
  readonly config: Config;
  readonly tokens: Embedding; // [V, C]
  readonly dropout: Dropout;
  readonly blocks: readonly TransformerBlock[];
  readonly norm: RmsNorm;
  /** Absent when tied to the tokens. */
  readonly output: Dense | undefined;
  readonly rotary: RotaryTable;
  /** Of each layer: how many keys a query sees. */
  readonly windows: readonly (number | undefined)[];

  /** Weights are drawn from N(0, 0.02²); without `random` they are 0, to be filled. */
  constructor(config: Config, feedForward: FeedForwardMaker, random?: Random) {
    const { vocabulary, context, layers, width, epsilon, rotaryBase, rotaryScaling, window, dropout } = config;
    const stream = random ?? new Random(0);
    const initializer = random ? gaussian(0.02) : zeros;
    this.config = config;
    this.tokens = new Embedding({ vocabulary, features: width, initializer }, stream.fork("tokens"));
    this.dropout = new Dropout(dropout);
    this.blocks = Array.from({ length: layers }, (_, layer) => {
      const here = stream.fork("blocks", layer);
      return new TransformerBlock(
        {
          attentionNorm: new RmsNorm({ features: width, epsilon }),
          attention: new MultiHeadAttention(
            {
              width,
              heads: config.heads,
              keyValueHeads: config.keyValueHeads,
              headSize: config.headSize,
              bias: config.bias !== "none",
              outputBias: config.bias === "all",
              queryKeyNorm: config.queryKeyNorm ? { epsilon } : undefined,
              dropout: config.attentionDropout,
              initializer,
            },
            here.fork("attention"),
          ),
          feedForwardNorm: new RmsNorm({ features: width, epsilon }),
          feedForward: feedForward(layer, initializer, here.fork("feedForward")),
        },
        { normalize: "before", dropout },
      );
    });
    this.norm = new RmsNorm({ features: width, epsilon });
    this.output = config.tied
      ? undefined
      : new Dense({ inputs: width, outputs: vocabulary, bias: false, initializer }, stream.fork("output"));
    const size = config.headSize ?? width / config.heads;
    this.rotary = new RotaryTable({ size, base: rotaryBase, context, scaling: rotaryScaling });
    this.windows = this.blocks.map((_, layer) => (window && layer >= window.from ? window.size : undefined));
  }

  get vocabulary(): number {
    return this.config.vocabulary;
  }

  get context(): number {
    return this.config.context;
  }

  get specialTokens(): SpecialTokens {
    return this.config.specialTokens;
  }

  /** ids [B, T] int32 → logits [B, T, V]. */
  forward(ids: tf.Tensor2D, context: LanguageModelContext): tf.Tensor3D {
    return tf.tidy(() => head(this.states(ids, context), this.output ?? this.tokens, context.lastOnly));
  }

  /** ids [B, T] int32 → what the logits are computed from [B, T, C]. */
  states(ids: tf.Tensor2D, context: LanguageModelContext): tf.Tensor3D {
    checkIds(this.constructor.name, ids);
    return tf.tidy(() => {
      const x = this.dropout.forward(this.tokens.forward(ids), context) as tf.Tensor3D; // [B, T, C]
      const states = decode(x, this.blocks, { context, windows: this.windows, rotary: this.rotary });
      return this.norm.forward(states) as tf.Tensor3D;
    });
  }

  createCache(options?: CacheOptions): KeyValueCache {
    return decoderCache(this.windows, this.config.context, options);
  }
}

export type FeedForwardMaker = (layer: number, initializer: Initializer, random: Random) => Layer;

export class Llama extends RotaryDecoder<LlamaConfig> {
  constructor(config: LlamaConfig, random?: Random) {
    const { width, hidden, activation, feedForwardBias: bias } = config;
    const feedForward: FeedForwardMaker = (_, initializer, stream) =>
      new GatedFeedForward({ width, hidden, activation, bias, initializer }, stream);
    super(config, feedForward, random);
  }
}

/** Number of parameters of everything but the feed-forward layers. */
export function frameParameters(config: RotaryDecoderConfig): number {
  const { vocabulary: V, layers, width: C, heads, keyValueHeads = heads, headSize = C / heads, bias, tied } = config;
  const [queries, keys] = [heads * headSize, keyValueHeads * headSize];
  const biases = (bias === "none" ? 0 : queries + 2 * keys) + (bias === "all" ? C : 0);
  const norms = 2 * C + (config.queryKeyNorm ? 2 * headSize : 0);
  const attention = 2 * C * queries + 2 * C * keys + biases + norms;
  return (tied ? 1 : 2) * V * C + layers * attention + C;
}

/** Number of parameters of a configuration, without building it. */
export function llamaParameters(config: LlamaConfig): number {
  const { layers, width, hidden, feedForwardBias } = config;
  return frameParameters(config) + layers * (3 * width * hidden + (feedForwardBias ? 2 * hidden + width : 0));
}
