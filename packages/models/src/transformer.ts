import { Random } from "@nacre/random";
import { tf } from "@nacre/tensor";
import { z } from "zod";
import { ActivationName } from "./activations.ts";
import { Dropout } from "./dropout.ts";
import { Embedding } from "./embedding.ts";
import { gaussian, glorotUniform, type Initializer, zeros } from "./initializers.ts";
import { type CacheOptions, SpecialTokens } from "./language-model.ts";
import { LayerNorm } from "./normalization.ts";
import type {
  DecodeContext,
  EncodeContext,
  SequenceToSequenceContext,
  SequenceToSequenceModel,
} from "./sequence-to-sequence.ts";
import { MultiHeadAttention } from "./transformer/attention.ts";
import { TransformerBlock } from "./transformer/block.ts";
import { checkIds, decoderCache, head } from "./transformer/decoder.ts";
import { FeedForward } from "./transformer/feed-forward.ts";
import type { KeyValueCache } from "./transformer/key-value-cache.ts";
import { paddingMask } from "./transformer/masks.ts";
import { sinusoidalPositions } from "./transformer/sinusoidal-positions.ts";
import { runBlocks } from "./transformer/stack.ts";
import { variable } from "./variable.ts";

const size = z.int().positive();
const share = z.number().min(0).lt(1);

/**
 * The Transformer: Vaswani et al. 2017, "Attention is all you need". Shapes: B pairs, S source tokens, T target tokens, C width,
 * F features between, V vocabulary.
 *
 * Label smoothing (section 5.4) belongs to the loss.
 */
export const TransformerConfig = z.strictObject({
  family: z.literal("transformer"),
  vocabulary: size.describe("number of token ids, V; of the source where the target has its own"),
  targetVocabulary: size.optional().describe("number of the target's token ids; without it both share one vocabulary"),
  context: size.default(512).describe("longest source or target, in tokens"),
  encoderLayers: size.default(6).describe("blocks of the encoder"),
  decoderLayers: size.default(6).describe("blocks of the decoder"),
  heads: size.default(8).describe("attention heads of each block"),
  decoderHeads: size.optional().describe("of the decoder's blocks, where these have another number"),
  width: size.default(512).describe("features of a token, C"),
  hidden: size.default(2048).describe("features inside a feed-forward layer, F"),
  decoderHidden: size.optional().describe("of the decoder's blocks, where these have another number"),
  activation: ActivationName.default("relu").describe("activation of the feed-forward layers"),
  normalize: z
    .enum(["after", "before"])
    .default("after")
    .describe(
      "layer normalisation after each residual sum, as published, or before each layer: trains without warm-up",
    ),
  tiedOutput: z
    .boolean()
    .default(true)
    .describe("whether the output projection is the target's embedding (section 3.4)"),
  outputBias: z.boolean().default(false).describe("whether fixed biases are added to the logits, as Marian's are"),
  scaleEmbedding: z.boolean().default(true).describe("whether embeddings are multiplied by √C (section 3.4)"),
  positions: z
    .enum(["halves", "interleaved"])
    .default("halves")
    .describe("sines before cosines, as the authors' code and Marian, or in turns, as the paper writes; a permutation"),
  dropout: share.default(0.1).describe("share of embeddings and of each layer's output that is dropped in training"),
  attentionDropout: share.default(0).describe("share of the attention weights that is dropped in training"),
  epsilon: z.number().positive().default(1e-5).describe("added to the variance by layer normalisation"),
  specialTokens: SpecialTokens.default({ end: [] }),
  start: z.int().nonnegative().default(0).describe("id that every target begins with"),
});
export type TransformerConfig = z.infer<typeof TransformerConfig>;

export class Transformer implements SequenceToSequenceModel {
  readonly config: TransformerConfig;
  readonly source: Embedding; // [V, C]
  /** The source's own where both share one vocabulary. */
  readonly target: Embedding;
  readonly encoder: readonly TransformerBlock[];
  readonly decoder: readonly TransformerBlock[];
  /** After the last block, where blocks normalise before their layers. */
  readonly encoderNorm: LayerNorm | undefined;
  readonly decoderNorm: LayerNorm | undefined;
  /** Absent when tied to the target's embedding. */
  readonly output: Embedding | undefined;
  /** [1, V], not trained. */
  readonly outputBias: tf.Variable | undefined;
  readonly dropout: Dropout;

  /** Without `random` the weights are 0, to be filled. */
  constructor(config: TransformerConfig, random?: Random) {
    const { vocabulary, targetVocabulary, width: features, epsilon } = config;
    const stream = random ?? new Random(0);
    const initializer = random ? gaussian(features ** -0.5) : zeros;
    const table = (rows: number, name: string) =>
      new Embedding({ vocabulary: rows, features, initializer }, stream.fork(name));
    const blocks = (side: "encoder" | "decoder") =>
      Array.from({ length: config[`${side}Layers`] }, (_, layer) =>
        block(config, { side, initializer: random ? glorotUniform : zeros, random: stream.fork(side, layer) }),
      );
    this.config = config;
    this.source = table(vocabulary, "source");
    this.target = targetVocabulary === undefined ? this.source : table(targetVocabulary, "target");
    this.encoder = blocks("encoder");
    this.decoder = blocks("decoder");
    this.encoderNorm = config.normalize === "before" ? new LayerNorm({ features, epsilon }) : undefined;
    this.decoderNorm = config.normalize === "before" ? new LayerNorm({ features, epsilon }) : undefined;
    this.output = config.tiedOutput ? undefined : table(this.vocabulary, "output");
    this.outputBias = config.outputBias
      ? variable(new Float32Array(this.vocabulary), [1, this.vocabulary], false)
      : undefined;
    this.dropout = new Dropout(config.dropout);
  }

  get vocabulary(): number {
    return this.config.targetVocabulary ?? this.config.vocabulary;
  }

  get context(): number {
    return this.config.context;
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
    checkIds("Transformer", ids);
    return tf.tidy(() => this.encodeVectors(this.#embed(this.source, ids, 0), context));
  }

  /** ids [B, T] int32 → logits [B, T, V]. */
  decode(ids: tf.Tensor2D, context: DecodeContext): tf.Tensor3D {
    checkIds("Transformer", ids);
    return tf.tidy(() => {
      const x = this.#embed(this.target, ids, context.cache?.length ?? 0);
      const logits = head(this.decodeVectors(x, context), this.output ?? this.target, context.lastOnly);
      return this.outputBias ? tf.add<tf.Tensor3D>(logits, this.outputBias) : logits;
    });
  }

  /** The encoder alone: vectors [B, S, C], positions added → memory [B, S, C]. */
  encodeVectors(vectors: tf.Tensor3D, context: EncodeContext): tf.Tensor3D {
    return tf.tidy(() => {
      const mask = context.mask && paddingMask(context.mask);
      const dropped = this.dropout.forward(vectors, context) as tf.Tensor3D;
      const states = runBlocks(dropped, this.encoder, { ...context, mask });
      return (this.encoderNorm?.forward(states) ?? states) as tf.Tensor3D;
    });
  }

  /** The decoder alone: vectors [B, T, C], positions added → what the logits are computed from, [B, T, C]. */
  decodeVectors(vectors: tf.Tensor3D, { memory, memoryMask, ...context }: DecodeContext): tf.Tensor3D {
    return tf.tidy(() => {
      const sourceMask = memoryMask && paddingMask(memoryMask);
      const dropped = this.dropout.forward(vectors, context) as tf.Tensor3D;
      const states = runBlocks(dropped, this.decoder, { ...context, causal: true, source: memory, sourceMask });
      return (this.decoderNorm?.forward(states) ?? states) as tf.Tensor3D;
    });
  }

  createCache(options?: CacheOptions): KeyValueCache {
    return decoderCache(Array(this.config.decoderLayers).fill(undefined), this.config.context, options);
  }

  /** Embeddings and positions: [B, T] → [B, T, C], the first token at position `start`. */
  #embed(table: Embedding, ids: tf.Tensor2D, start: number): tf.Tensor3D {
    const { width, context, scaleEmbedding, positions } = this.config;
    const end = start + ids.shape[1];
    if (end > context) {
      throw new RangeError(`Transformer: expected at most ${context} tokens, its \`context\`. Received ${end}.`);
    }
    const waves = sinusoidalPositions(end, width, positions).subarray(start * width);
    const embedded = table.forward(ids);
    const scaled = scaleEmbedding ? tf.mul(embedded, Math.sqrt(width)) : embedded;
    return tf.add(scaled, tf.tensor2d(waves, [end - start, width]));
  }
}

interface BlockOptions {
  readonly side: "encoder" | "decoder";
  readonly initializer: Initializer;
  readonly random: Random;
}

function block(config: TransformerConfig, { side, initializer, random }: BlockOptions): TransformerBlock {
  const { width, activation, normalize, dropout, attentionDropout, epsilon } = config;
  const decodes = side === "decoder";
  const heads = (decodes ? config.decoderHeads : undefined) ?? config.heads;
  const hidden = (decodes ? config.decoderHidden : undefined) ?? config.hidden;
  if (width % heads !== 0) {
    throw new RangeError(`Transformer: expected \`width\` to be a multiple of ${heads} heads. Received ${width}.`);
  }
  const norm = () => new LayerNorm({ features: width, epsilon });
  const attention = (name: string) =>
    new MultiHeadAttention({ width, heads, dropout: attentionDropout, initializer }, random.fork(name));
  return new TransformerBlock(
    {
      attention: attention("attention"),
      attentionNorm: norm(),
      ...(decodes && { crossAttention: attention("crossAttention"), crossAttentionNorm: norm() }),
      feedForward: new FeedForward({ width, hidden, activation, initializer }, random.fork("feedForward")),
      feedForwardNorm: norm(),
    },
    { normalize, dropout },
  );
}

type Sizes = Partial<Omit<TransformerConfig, "family" | "vocabulary">>;

/** The paper's base model, table 3: 6 layers of 512; 63.1 M parameters with its 37,000 tokens. `changes` replace settings. */
export function transformerBase(vocabulary: number, changes: Sizes = {}): TransformerConfig {
  return TransformerConfig.parse({ family: "transformer", vocabulary, ...changes });
}

/** The paper's big model, table 3: 6 layers of 1024, more dropout; 214.2 M parameters with its 37,000 tokens. */
export function transformerBig(vocabulary: number, changes: Sizes = {}): TransformerConfig {
  return transformerBase(vocabulary, { heads: 16, width: 1024, hidden: 4096, dropout: 0.3, ...changes });
}

/** 3 layers of 256 that normalise first: for a hundred thousand short sentences, where the base model overfits. */
export function transformerSmall(vocabulary: number, changes: Sizes = {}): TransformerConfig {
  const layers = { encoderLayers: 3, decoderLayers: 3 };
  const sizes = { ...layers, heads: 8, width: 256, hidden: 1024, normalize: "before", context: 256 } as const;
  return transformerBase(vocabulary, { ...sizes, ...changes });
}
