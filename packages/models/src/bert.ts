import { Random } from "@nacre/random";
import { tf } from "@nacre/tensor";
import { z } from "zod";
import { ActivationName } from "./activations.ts";
import { Dense } from "./dense.ts";
import { Dropout } from "./dropout.ts";
import { Embedding } from "./embedding.ts";
import type { Encoder, EncoderContext } from "./encoder.ts";
import { type Initializer, truncatedNormal, zeros } from "./initializers.ts";
import { LayerNorm } from "./normalization.ts";
import { MultiHeadAttention } from "./transformer/attention.ts";
import { TransformerBlock } from "./transformer/block.ts";
import { FeedForward } from "./transformer/feed-forward.ts";
import { paddingMask } from "./transformer/masks.ts";
import { runBlocks } from "./transformer/stack.ts";

/**
 * BERT: Devlin, Chang, Lee, Toutanova 2019, section 3; a Transformer's encoder (Vaswani et al. 2017) with learnt positions.
 * Shapes: B texts, T tokens, C width, F features between, V vocabulary.
 */
export const BertConfig = z.strictObject({
  family: z.literal("bert"),
  vocabulary: z.int().positive().default(30_522).describe("number of token ids, V"),
  context: z.int().positive().default(512).describe("longest text, in tokens"),
  tokenTypes: z.int().positive().default(2).describe("kinds of text, as a question and its passage"),
  layers: z.int().nonnegative().default(12).describe("blocks of attention and feed-forward layer; 0: a bag of tokens"),
  heads: z.int().positive().default(12).describe("attention heads of each block"),
  width: z.int().positive().default(768).describe("features of a token, C"),
  hidden: z.int().positive().default(3072).describe("features inside a feed-forward layer, F"),
  activation: ActivationName.default("gelu").describe("activation of the feed-forward layers"),
  dropout: z.number().min(0).lt(1).default(0.1).describe("share of each layer's output that is dropped in training"),
  attentionDropout: z.number().min(0).lt(1).default(0.1).describe("share of the attention weights that is dropped"),
  epsilon: z.number().positive().default(1e-12).describe("added to the variance by layer normalisation"),
  padding: z.int().nonnegative().default(0).describe("id that fills shorter texts of a batch"),
  pooler: z.boolean().default(false).describe("whether the first token's vector passes one more layer, for `pool`"),
});
export type BertConfig = z.infer<typeof BertConfig>;

/** The published initialisation: normal, σ = 0.02, nothing beyond 2 σ. Without `random` the weights are 0, to be filled. */
export function bertInitializer(random: Random | undefined): Initializer {
  return random ? truncatedNormal(0.02) : zeros;
}

export class Bert implements Encoder {
  readonly config: Omit<BertConfig, "family">;
  readonly tokens: Embedding;
  readonly positions: Embedding;
  readonly tokenTypes: Embedding;
  readonly normalization: LayerNorm;
  readonly dropout: Dropout;
  readonly blocks: readonly TransformerBlock[];
  readonly pooler: Dense | undefined;

  /**
   * @param random without it the weights are 0, to be filled
   * @param positions rows of the table of positions, where these are not `context`
   */
  constructor(config: Omit<BertConfig, "family">, random?: Random, positions = config.context) {
    const { vocabulary, tokenTypes, width: features, epsilon } = config;
    if (features % config.heads !== 0) {
      throw new RangeError(`Expected \`width\` to be a multiple of ${config.heads} heads. Received ${features}.`);
    }
    this.config = config;
    const initializer = bertInitializer(random);
    const stream = random ?? new Random(0);
    const table = (rows: number, name: string) =>
      new Embedding({ vocabulary: rows, features, initializer }, stream.fork(name));
    this.tokens = table(vocabulary, "tokens");
    this.positions = table(positions, "positions");
    this.tokenTypes = table(tokenTypes, "tokenTypes");
    this.normalization = new LayerNorm({ features, epsilon });
    this.dropout = new Dropout(config.dropout);
    this.blocks = Array.from({ length: config.layers }, (_, layer) => {
      return block(config, initializer, stream.fork("blocks", layer));
    });
    this.pooler = config.pooler
      ? new Dense({ inputs: features, outputs: features, activation: "tanh", initializer }, stream.fork("pooler"))
      : undefined;
  }

  /** ids [B, T] int32 → [B, T, C]. */
  forward(ids: tf.Tensor2D, context: EncoderContext): tf.Tensor3D {
    checkTime(ids, this.config.context);
    return tf.tidy(() => {
      const mask = context.mask && paddingMask(context.mask);
      return runBlocks(this.#embed(ids, context), this.blocks, { ...context, mask });
    });
  }

  /** The first token's vectors through the pooler, as for the next sentence's prediction: [B, T, C] → [B, C]. */
  pool(hidden: tf.Tensor3D): tf.Tensor2D {
    const { pooler } = this;
    if (pooler === undefined)
      throw new Error("Bert: expected a config with `pooler: true` for `pool`. Received false.");
    return tf.tidy(() => pooler.forward(firstToken(hidden)) as tf.Tensor2D);
  }

  /** The vectors of positions, [T, C] or [B, T, C]: their number counts from 0, padding too. */
  protected position(ids: tf.Tensor2D): tf.Tensor {
    return tf.slice(this.positions.weight, [0, 0], [ids.shape[1], this.config.width]);
  }

  #embed(ids: tf.Tensor2D, context: EncoderContext): tf.Tensor3D {
    const types: tf.Tensor = context.tokenTypes
      ? this.tokenTypes.forward(context.tokenTypes) // [B, T, C]
      : tf.slice(this.tokenTypes.weight, [0, 0], [1, this.config.width]); // [1, C]
    const tokens = context.embedded ?? this.tokens.forward(ids);
    const sum = tf.add(tokens, tf.add(this.position(ids), types));
    return this.dropout.forward(this.normalization.forward(sum), context) as tf.Tensor3D;
  }
}

/** The first token of each text: [B, T, C] → [B, C]. */
export function firstToken(hidden: tf.Tensor3D): tf.Tensor2D {
  const [batch, , width] = hidden.shape;
  return tf.tidy(() => tf.reshape(tf.slice(hidden, [0, 0, 0], [batch, 1, width]), [batch, width]));
}

function block(config: Omit<BertConfig, "family">, initializer: Initializer, random: Random): TransformerBlock {
  const { width, heads, hidden, activation, dropout, attentionDropout, epsilon } = config;
  const parts = {
    attention: new MultiHeadAttention(
      { width, heads, dropout: attentionDropout, initializer },
      random.fork("attention"),
    ),
    attentionNorm: new LayerNorm({ features: width, epsilon }),
    feedForward: new FeedForward({ width, hidden, activation, initializer }, random.fork("feedForward")),
    feedForwardNorm: new LayerNorm({ features: width, epsilon }),
  };
  return new TransformerBlock(parts, { normalize: "after", dropout });
}

function checkTime(ids: tf.Tensor2D, context: number): void {
  if (ids.rank === 2 && ids.shape[1] <= context) return;
  throw new RangeError(
    `Expected ids [B, T] of at most ${context} tokens, the longest text of this model. Received [${ids.shape}]: cut the texts ` +
      "when they are tokenised.",
  );
}

type Sizes = Partial<Omit<BertConfig, "family">>;

/** 12 layers of 768, 108,891,648 parameters: "bert-base-uncased" without its pooler. `changes` replace single settings. */
export function bertBase(changes: Sizes = {}): BertConfig {
  return BertConfig.parse({ family: "bert", ...changes });
}

/** 24 layers of 1024, 334,092,288 parameters: "bert-large-uncased" without its pooler. */
export function bertLarge(changes: Sizes = {}): BertConfig {
  return bertBase({ layers: 24, heads: 16, width: 1024, hidden: 4096, ...changes });
}

/** 4 layers of 256, 11,104,768 parameters, of the small models of Turc et al. 2019: what a laptop trains. */
export function bertMini(changes: Sizes = {}): BertConfig {
  return bertBase({ layers: 4, heads: 4, width: 256, hidden: 1024, ...changes });
}
