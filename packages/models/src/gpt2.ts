import { Random } from "@nacre/random";
import { tf } from "@nacre/tensor";
import { z } from "zod";
import { ActivationName } from "./activations.ts";
import { Dense } from "./dense.ts";
import { Dropout } from "./dropout.ts";
import { Embedding } from "./embedding.ts";
import { gaussian, zeros } from "./initializers.ts";
import {
  type CacheOptions,
  type CausalLanguageModel,
  type LanguageModelContext,
  SpecialTokens,
} from "./language-model.ts";
import type { Layer } from "./layer.ts";
import { LayerNorm } from "./normalization.ts";
import { MultiHeadAttention } from "./transformer/attention.ts";
import { TransformerBlock } from "./transformer/block.ts";
import { checkIds, decode, decoderCache, head } from "./transformer/decoder.ts";
import { FeedForward } from "./transformer/feed-forward.ts";
import type { KeyValueCache } from "./transformer/key-value-cache.ts";
import { maskedPositions } from "./transformer/masks.ts";

/**
 * The decoder of Radford et al. 2019, "Language models are unsupervised multitask learners", and with larger sizes and
 * `window` that of Brown et al. 2020, "Language models are few-shot learners". Shapes: B batch, T tokens, C width, V vocabulary.
 */
export const Gpt2Config = z
  .strictObject({
    family: z.literal("gpt2"),
    vocabulary: z.int().positive().default(50_257).describe("number of token ids, V"),
    context: z.int().positive().default(1024).describe("longest sequence, in tokens"),
    layers: z.int().positive().default(12).describe("blocks"),
    heads: z.int().positive().default(12).describe("attention heads of each block"),
    width: z.int().positive().default(768).describe("features of the residual stream, C"),
    hidden: z
      .int()
      .positive()
      .optional()
      .describe("features inside the feed-forward layers; four times the width if absent"),
    activation: ActivationName.default("geluTanh").describe("inside the feed-forward layers"),
    window: z
      .int()
      .positive()
      .optional()
      .describe("every second layer sees only so many tokens, its own included: the locally banded attention of GPT-3"),
    dropout: z
      .number()
      .min(0)
      .lt(1)
      .default(0.1)
      .describe("share of embeddings and of each part's output dropped in training"),
    attentionDropout: z.number().min(0).lt(1).default(0).describe("share of attention weights dropped in training"),
    epsilon: z.number().positive().default(1e-5).describe("added to the variance in layer normalisation"),
    tied: z.boolean().default(true).describe("whether the output's weight is the tokens' embedding"),
    specialTokens: SpecialTokens.default({ end: [] }),
  })
  .refine(({ width, heads }) => width % heads === 0, "width must be a multiple of heads");
export type Gpt2Config = z.infer<typeof Gpt2Config>;

export class Gpt2 implements CausalLanguageModel, Layer<tf.Tensor2D, tf.Tensor3D> {
  readonly config: Gpt2Config;
  readonly tokens: Embedding; // [V, C]
  readonly positions: Embedding; // [context, C]
  readonly dropout: Dropout;
  readonly blocks: readonly TransformerBlock[];
  readonly norm: LayerNorm;
  /** Absent when tied to the tokens. */
  readonly output: Dense | undefined;
  /** Of each layer: how many keys a query sees. */
  readonly windows: readonly (number | undefined)[];

  /** With weights drawn as in the paper, section 2.3; without `random` they are 0, to be filled. */
  constructor(config: Gpt2Config, random?: Random) {
    const { vocabulary, context, layers, width, epsilon, dropout } = config;
    const stream = random ?? new Random(0);
    const initializer = random ? gaussian(0.02) : zeros;
    this.config = config;
    this.tokens = new Embedding({ vocabulary, features: width, initializer }, stream.fork("tokens"));
    this.positions = new Embedding({ vocabulary: context, features: width, initializer }, stream.fork("positions"));
    this.dropout = new Dropout(dropout);
    this.blocks = Array.from({ length: layers }, (_, layer) => block(config, stream.fork("blocks", layer), !random));
    this.norm = new LayerNorm({ features: width, epsilon });
    this.output = config.tied
      ? undefined
      : new Dense({ inputs: width, outputs: vocabulary, bias: false, initializer }, stream.fork("output"));
    this.windows = this.blocks.map((_, layer) => (layer % 2 === 1 ? config.window : undefined));
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
    checkIds("Gpt2", ids);
    return tf.tidy(() => {
      const x = tf.add(this.tokens.forward(ids), this.positions.forward(this.#places(ids, context))); // [B, T, C]
      const states = decode(this.dropout.forward(x, context) as tf.Tensor3D, this.blocks, {
        context,
        windows: this.windows,
      });
      return this.norm.forward(states) as tf.Tensor3D;
    });
  }

  createCache(options?: CacheOptions): KeyValueCache {
    return decoderCache(this.windows, this.config.context, options);
  }

  /** [B, T], or [T] where all sequences are alike. */
  #places(ids: tf.Tensor2D, { cache, mask, positions }: LanguageModelContext): tf.Tensor {
    const [, time] = ids.shape;
    const start = cache?.length ?? 0;
    if (start + time > this.config.context) {
      throw new RangeError(
        `Gpt2: expected at most ${this.config.context} tokens, for it has learnt no more positions. Received ${start + time}.`,
      );
    }
    if (positions) return positions;
    if (mask?.rank === 2) return maskedPositions(mask as tf.Tensor2D, time);
    return tf.range(start, start + time, 1, "int32");
  }
}

/** Normalised before its parts; the weights into the residual stream are drawn smaller, by 1 / √(2 · layers). */
function block(config: Gpt2Config, random: Random, empty: boolean): TransformerBlock {
  const { width, heads, hidden = 4 * width, layers, epsilon, dropout, attentionDropout, activation } = config;
  const initializer = empty ? zeros : gaussian(0.02);
  const outputInitializer = empty ? zeros : gaussian(0.02 / Math.sqrt(2 * layers));
  const weights = { initializer, outputInitializer };
  return new TransformerBlock(
    {
      attentionNorm: new LayerNorm({ features: width, epsilon }),
      attention: new MultiHeadAttention(
        { width, heads, dropout: attentionDropout, ...weights },
        random.fork("attention"),
      ),
      feedForwardNorm: new LayerNorm({ features: width, epsilon }),
      feedForward: new FeedForward({ width, hidden, activation, ...weights }, random.fork("feedForward")),
    },
    { normalize: "before", dropout },
  );
}

/** Number of parameters of a configuration, without building it. */
export function gpt2Parameters(config: Gpt2Config): number {
  const { vocabulary: V, context, layers, width: C, hidden = 4 * C, tied } = config;
  const attention = 4 * (C * C + C);
  const feedForward = 2 * hidden * C + hidden + C;
  return (V + context) * C + layers * (attention + feedForward + 4 * C) + 2 * C + (tied ? 0 : V * C);
}

type Sizes = Partial<Omit<Gpt2Config, "family">>;

function gpt2(sizes: Sizes, changes: Sizes): Gpt2Config {
  const end = { begin: 50_256, end: [50_256] };
  return Gpt2Config.parse({
    family: "gpt2",
    ...(changes.vocabulary ? {} : { specialTokens: end }),
    ...sizes,
    ...changes,
  });
}

/** 124,439,808 parameters: "gpt2". `changes` replace single settings, as the vocabulary. */
export function gpt2Small(changes: Sizes = {}): Gpt2Config {
  return gpt2({}, changes);
}

/** 354,823,168 parameters: "gpt2-medium". */
export function gpt2Medium(changes: Sizes = {}): Gpt2Config {
  return gpt2({ layers: 24, heads: 16, width: 1024 }, changes);
}

/** 774,030,080 parameters: "gpt2-large". */
export function gpt2Large(changes: Sizes = {}): Gpt2Config {
  return gpt2({ layers: 36, heads: 20, width: 1280 }, changes);
}

/** 1,557,611,200 parameters: "gpt2-xl". */
export function gpt2ExtraLarge(changes: Sizes = {}): Gpt2Config {
  return gpt2({ layers: 48, heads: 25, width: 1600 }, changes);
}

/**
 * GPT-3 of Brown et al. 2020, table 2.1, with its 2048 tokens of context; by default every second layer is banded, for which
 * the paper gives no width, so that it is `window` here. Folders of banded models are opened by this library alone.
 */
export function gpt3(size: keyof typeof gpt3Sizes, changes: Sizes = {}): Gpt2Config {
  return gpt2({ context: 2048, window: 256, dropout: 0, ...gpt3Sizes[size] }, changes);
}

const gpt3Sizes = {
  small: { layers: 12, heads: 12, width: 768 },
  medium: { layers: 24, heads: 16, width: 1024 },
  large: { layers: 24, heads: 16, width: 1536 },
  "1.3B": { layers: 24, heads: 16, width: 2048 },
  "2.7B": { layers: 32, heads: 32, width: 2560 },
  "6.7B": { layers: 32, heads: 32, width: 4096 },
  "13B": { layers: 40, heads: 40, width: 5120 },
  "175B": { layers: 96, heads: 96, width: 12_288 },
} as const;
