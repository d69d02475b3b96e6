import { Dense, Dropout, Embedding, type ForwardContext, gaussian, zeros } from "@nacre/models";
import type { Random } from "@nacre/random";
import { tf } from "@nacre/tensor";
import { z } from "zod";
import { type FittedNgrams, hasFixedVotes, voteFields } from "./ngram-votes.ts";
import { NgramConfig } from "./ngrams.ts";

/**
 * The mean of embedded n-grams and a linear layer, as fastText (Joulin et al. 2017, "Bag of Tricks for Efficient Text
 * Classification", section 2). N-grams share buckets by their hash, so there is no vocabulary. Shapes: B texts, L n-grams, C
 * features, K classes.
 */
export const BagConfig = NgramConfig.extend({
  family: z.literal("bag"),
  features: z.int().nonnegative().default(32).describe("numbers per n-gram; 0 for none, where n-grams vote directly"),
  direct: z.boolean().default(false).describe("whether each n-gram also has a vote for each class of its own"),
  dropout: z.number().min(0).lt(1).default(0).describe("share of the mean that is dropped in training"),
  ngramDropout: z.number().min(0).lt(1).default(0).describe("share of the n-grams that is dropped in training"),
  ...voteFields,
}).refine(({ features, direct }) => features > 0 || direct, {
  message: "expected features above 0, or direct votes",
  path: ["features"],
});
export type BagConfig = z.infer<typeof BagConfig>;

/** What is not fitted yet is 0, to be filled. */
export interface BagOptions extends FittedNgrams {
  readonly classes: number;
}

/** Buckets of n-grams [B, L] int32, 0 for none → logits [B, K]. */
export class Bag {
  readonly embedding: Embedding | undefined;
  readonly votes: Embedding | undefined;
  /** [buckets] */
  readonly idf: tf.Variable | undefined;
  /** Votes that are not trained, with naive Bayes or margins: [buckets, K] and [K]. */
  readonly fixedVotes: tf.Variable | undefined;
  readonly fixedBias: tf.Variable | undefined;
  readonly dropout: Dropout;
  readonly ngramDropout: Dropout;
  readonly output: Dense;

  constructor(config: BagConfig, { classes, idf, fixed }: BagOptions, random: Random) {
    const { buckets, features, direct, weighting } = config;
    if (features > 0) {
      const table = { vocabulary: buckets, features, initializer: gaussian(0.1) };
      this.embedding = new Embedding(table, random.fork("embedding"));
    }
    if (direct) {
      const table = { vocabulary: buckets, features: classes, initializer: zeros };
      this.votes = new Embedding(table, random.fork("votes"));
    }
    if (weighting === "tf-idf") this.idf = constant(idf, [buckets]);
    if (hasFixedVotes(config)) {
      this.fixedVotes = constant(fixed?.table, [buckets, classes]);
      this.fixedBias = constant(fixed?.bias, [classes]);
    }
    this.dropout = new Dropout(config.dropout);
    this.ngramDropout = new Dropout(config.ngramDropout);
    this.output = new Dense({ inputs: Math.max(1, features), outputs: classes }, random.fork("output"));
  }

  forward(buckets: tf.Tensor2D, context: ForwardContext): tf.Tensor2D {
    return tf.tidy(() => {
      const weights = tf.expandDims(this.ngramDropout.forward(this.weights(buckets), context), 1); // [B, 1, L]
      const pooled = (rows: tf.Tensor) => tf.squeeze(tf.matMul(weights, rows), [1]); // [B, L, C] → [B, C]
      const mean = this.embedding ? pooled(this.embedding.forward(buckets)) : tf.zeros([buckets.shape[0], 1]);
      const parts = [this.output.forward(this.dropout.forward(mean, context))]; // [B, K]
      if (this.votes) parts.push(pooled(this.votes.forward(buckets)));
      // Fitted to the texts that the other parts learn from, these know them by heart: the others would learn nothing beside them.
      if (this.fixedVotes && !context.training) {
        parts.push(tf.add(pooled(tf.gather(this.fixedVotes, buckets)), this.fixedBias!));
      }
      return tf.addN(parts) as tf.Tensor2D;
    });
  }

  /** How much each n-gram counts: [B, L] → [B, L]. */
  weights(buckets: tf.Tensor2D): tf.Tensor2D {
    return tf.tidy(() => {
      const present = tf.cast(tf.greater(buckets, 0), "float32"); // [B, L]
      if (this.idf === undefined) return tf.div(present, tf.maximum(tf.sum(present, 1, true), 1));
      const weights = tf.mul(tf.gather(this.idf, buckets), present);
      return tf.div(weights, tf.maximum(tf.sqrt(tf.sum(tf.square(weights), 1, true)), 1e-6));
    });
  }

  /**
   * What each n-gram adds to each class's logit, beside the intercepts: [B, L] → [B, L, K]. The model is linear in its n-grams, so
   * over a text they add up to the logits exactly.
   */
  contributions(buckets: tf.Tensor2D): tf.Tensor3D {
    return tf.tidy(() => {
      const weights = tf.expandDims(this.weights(buckets), 2); // [B, L, 1]
      const parts: tf.Tensor[] = [];
      if (this.embedding) {
        const rows = this.embedding.forward(buckets); // [B, L, C]
        const flat = tf.reshape(rows, [-1, rows.shape[2]!]);
        const [, time] = buckets.shape;
        parts.push(
          tf.reshape(tf.matMul(flat, this.output.weight as tf.Tensor2D, false, true), [-1, time, this.#classes]),
        );
      }
      if (this.votes) parts.push(this.votes.forward(buckets));
      if (this.fixedVotes) parts.push(tf.gather(this.fixedVotes, buckets));
      return tf.mul(weights, tf.addN(parts)) as tf.Tensor3D;
    });
  }

  get #classes(): number {
    return this.output.weight.shape[0]!;
  }
}

/** What is fitted and not trained; 0 until a bundle fills it. */
function constant(values: Float32Array | undefined, shape: number[]): tf.Variable {
  return tf.tidy(() => tf.variable(values === undefined ? tf.zeros(shape) : tf.tensor(values, shape), false));
}
