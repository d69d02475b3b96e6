import { Random } from "@nacre/random";
import { tf } from "@nacre/tensor";
import { z } from "zod";
import { ActivationName } from "./activations.ts";
import { Dense } from "./dense.ts";
import { Dropout } from "./dropout.ts";
import { Embedding } from "./embedding.ts";
import { gaussian, type Initializer, zeros } from "./initializers.ts";
import { type CacheOptions, SpecialTokens } from "./language-model.ts";
import { RmsNorm } from "./normalization.ts";
import type {
  DecodeContext,
  EncodeContext,
  SequenceToSequenceContext,
  SequenceToSequenceModel,
} from "./sequence-to-sequence.ts";
import { MultiHeadAttention } from "./transformer/attention.ts";
import { type BlockContext, TransformerBlock } from "./transformer/block.ts";
import { checkIds, decoderCache, head } from "./transformer/decoder.ts";
import { FeedForward, GatedFeedForward } from "./transformer/feed-forward.ts";
import type { KeyValueCache } from "./transformer/key-value-cache.ts";
import { paddingMask } from "./transformer/masks.ts";
import { RelativePositionBias } from "./transformer/relative-position-bias.ts";
import { runBlocks } from "./transformer/stack.ts";

const size = z.int().positive();

/**
 * T5: Raffel et al. 2020, "Exploring the limits of transfer learning with a unified text-to-text Transformer", section 2.1: the
 * Transformer with normalisation before each layer and by the root mean square, no biases, and relative positions. Version 1.1
 * has gated feed-forward layers (Shazeer 2020) and an output of its own. Shapes: B pairs, S source tokens, T target tokens, C
 * width, D head size, F features between, V vocabulary.
 */
export const T5Config = z.strictObject({
  family: z.literal("t5"),
  vocabulary: size.default(32_128).describe("number of token ids, V"),
  encoderLayers: size.default(6).describe("blocks of the encoder"),
  decoderLayers: size.default(6).describe("blocks of the decoder"),
  heads: size.default(8).describe("attention heads of each block"),
  headSize: size.default(64).describe("features of a head, D; D times the heads need not be the width"),
  width: size.default(512).describe("features of a token, C"),
  hidden: size.default(2048).describe("features inside a feed-forward layer, F"),
  activation: ActivationName.default("relu").describe("activation of the feed-forward layers"),
  gated: z.boolean().default(false).describe("whether feed-forward layers multiply by a gate, as in version 1.1"),
  tiedOutput: z
    .boolean()
    .default(true)
    .describe("whether the output projection is the embedding, its input divided by √C; not so in version 1.1"),
  buckets: size.default(32).describe("different relative positions"),
  distance: size.default(128).describe("tokens beyond which all relative positions are one"),
  dropout: z.number().min(0).lt(1).default(0.1).describe("share of each layer's output that is dropped in training"),
  attentionDropout: z.number().min(0).lt(1).default(0.1).describe("share of the attention weights that is dropped"),
  epsilon: z.number().positive().default(1e-6).describe("added to the mean square by normalisation"),
  specialTokens: SpecialTokens.default({ end: [1], padding: 0 }),
  start: z.int().nonnegative().default(0).describe("id that every target begins with"),
});
export type T5Config = z.infer<typeof T5Config>;

/** The encoder or the decoder. */
class Stack {
  readonly bias: RelativePositionBias;
  readonly blocks: readonly TransformerBlock[];
  readonly norm: RmsNorm;

  constructor(config: T5Config, side: "encoder" | "decoder", random: Random | undefined) {
    const { heads, buckets, distance, width, epsilon } = config;
    const stream = random ?? new Random(0);
    const bidirectional = side === "encoder";
    const initializer = random ? gaussian(width ** -0.5) : zeros;
    this.bias = new RelativePositionBias({ heads, buckets, distance, bidirectional, initializer }, stream.fork("bias"));
    this.blocks = Array.from({ length: config[`${side}Layers`] }, (_, layer) =>
      block(config, { side, empty: !random, random: stream.fork("blocks", layer) }),
    );
    this.norm = new RmsNorm({ features: width, epsilon });
  }
}

export class T5 implements SequenceToSequenceModel {
  readonly config: T5Config;
  readonly tokens: Embedding; // [V, C]
  readonly encoder: Stack;
  readonly decoder: Stack;
  /** Absent when tied to the tokens. */
  readonly output: Dense | undefined;
  readonly dropout: Dropout;
  /** Relative positions have no end. */
  readonly context = Number.POSITIVE_INFINITY;

  /** Without `random` the weights are 0, to be filled. */
  constructor(config: T5Config, random?: Random) {
    const { vocabulary, width, tiedOutput, dropout } = config;
    const stream = random ?? new Random(0);
    const fork = (name: string) => (random ? stream.fork(name) : undefined);
    this.config = config;
    this.tokens = new Embedding(
      { vocabulary, features: width, initializer: random ? gaussian(1) : zeros },
      stream.fork("tokens"),
    );
    this.encoder = new Stack(config, "encoder", fork("encoder"));
    this.decoder = new Stack(config, "decoder", fork("decoder"));
    const initializer = random ? gaussian(width ** -0.5) : zeros;
    this.output = tiedOutput
      ? undefined
      : new Dense({ inputs: width, outputs: vocabulary, bias: false, initializer }, stream.fork("output"));
    this.dropout = new Dropout(dropout);
  }

  get vocabulary(): number {
    return this.config.vocabulary;
  }

  get specialTokens(): SpecialTokens {
    return this.config.specialTokens;
  }

  get start(): number {
    return this.config.start;
  }

  /** Source [B, S] and target [B, T] of int32 → logits [B, T, V]. */
  forward(source: tf.Tensor2D, { target, mask, ...context }: SequenceToSequenceContext): tf.Tensor3D {
    return tf.tidy(() => {
      const memory = this.encode(source, { ...context, mask });
      return this.decode(target, { ...context, memory, memoryMask: mask });
    });
  }

  /** ids [B, S] int32 → memory [B, S, C]. */
  encode(ids: tf.Tensor2D, context: EncodeContext): tf.Tensor3D {
    checkIds("T5", ids);
    return tf.tidy(() => {
      const positionBias = this.encoder.bias.forward(ids.shape[1], ids.shape[1]); // [1, H, S, S]
      const mask = context.mask && paddingMask(context.mask);
      return this.#run(this.encoder, ids, { ...context, mask, positionBias });
    });
  }

  /** ids [B, T] int32 → logits [B, T, V]. */
  decode(ids: tf.Tensor2D, { memory, memoryMask, lastOnly, ...context }: DecodeContext): tf.Tensor3D {
    checkIds("T5", ids);
    return tf.tidy(() => {
      const time = ids.shape[1];
      const positionBias = this.decoder.bias.forward(time, (context.cache?.length ?? 0) + time); // [1, H, T, past + T]
      const sourceMask = memoryMask && paddingMask(memoryMask);
      const states = this.#run(this.decoder, ids, {
        ...context,
        causal: true,
        positionBias,
        source: memory,
        sourceMask,
      });
      if (this.output) return head(states, this.output, lastOnly);
      return head(tf.mul(states, this.config.width ** -0.5), this.tokens, lastOnly);
    });
  }

  /** Give `capacity` where memory matters; relative positions set no limit. */
  createCache({ capacity = Number.MAX_SAFE_INTEGER, ...options }: CacheOptions = {}): KeyValueCache {
    return decoderCache(Array(this.config.decoderLayers).fill(undefined), capacity, { ...options, capacity });
  }

  /** ids [B, T] → [B, T, C]. */
  #run({ blocks, norm }: Stack, ids: tf.Tensor2D, context: BlockContext): tf.Tensor3D {
    const embedded = this.dropout.forward(this.tokens.forward(ids), context) as tf.Tensor3D;
    return this.dropout.forward(norm.forward(runBlocks(embedded, blocks, context)), context) as tf.Tensor3D;
  }
}

interface BlockOptions {
  readonly side: "encoder" | "decoder";
  /** Whether the weights are 0. */
  readonly empty: boolean;
  readonly random: Random;
}

/** Logits are not scaled: the queries' weights are drawn smaller instead, by 1 / √D. */
function block(config: T5Config, { side, empty, random }: BlockOptions): TransformerBlock {
  const { width, heads, headSize, hidden, activation, gated, dropout, attentionDropout, epsilon } = config;
  const normal = (inputs: number): Initializer => (empty ? zeros : gaussian(inputs ** -0.5));
  const norm = () => new RmsNorm({ features: width, epsilon });
  const attention = (name: string) =>
    new MultiHeadAttention(
      {
        width,
        heads,
        headSize,
        bias: false,
        scale: 1,
        dropout: attentionDropout,
        initializer: normal(width),
        queryInitializer: normal(width * headSize),
        outputInitializer: normal(heads * headSize),
      },
      random.fork(name),
    );
  const options = {
    width,
    hidden,
    activation,
    bias: false,
    dropout,
    initializer: normal(width),
    outputInitializer: normal(hidden),
  };
  const stream = random.fork("feedForward");
  return new TransformerBlock(
    {
      attention: attention("attention"),
      attentionNorm: norm(),
      ...(side === "decoder" && { crossAttention: attention("crossAttention"), crossAttentionNorm: norm() }),
      feedForward: gated ? new GatedFeedForward(options, stream) : new FeedForward(options, stream),
      feedForwardNorm: norm(),
    },
    { normalize: "before", dropout },
  );
}

type Sizes = Partial<Omit<T5Config, "family">>;

/** 60,506,624 parameters: "t5-small". `changes` replace single settings. */
export function t5Small(changes: Sizes = {}): T5Config {
  return T5Config.parse({ family: "t5", ...changes });
}

/** 222,903,552 parameters: "t5-base". */
export function t5Base(changes: Sizes = {}): T5Config {
  const layers = { encoderLayers: 12, decoderLayers: 12 };
  return t5Small({ ...layers, heads: 12, width: 768, hidden: 3072, ...changes });
}

const version11 = { activation: "geluTanh", gated: true, tiedOutput: false } as const;

/** 76,961,152 parameters: "t5-v1_1-small". */
export function t5v11Small(changes: Sizes = {}): T5Config {
  const layers = { encoderLayers: 8, decoderLayers: 8 };
  return t5Small({ ...version11, ...layers, heads: 6, hidden: 1024, ...changes });
}

/** 247,577,856 parameters: "t5-v1_1-base". */
export function t5v11Base(changes: Sizes = {}): T5Config {
  return t5Base({ ...version11, hidden: 2048, ...changes });
}
