import { Dense, Dropout, Embedding, type ForwardContext, gaussian, zeros } from "@nacre/models";
import type { Random } from "@nacre/random";
import { tf } from "@nacre/tensor";
import { z } from "zod";
import type { Votes } from "./margin-votes.ts";
import { NgramConfig } from "./ngrams.ts";

const spread = z
  .number()
  .positive()
  .describe(
    "standard deviation, over the training part, of what these votes add to the logits; those of the trained part are often about 3",
  );

/**
 * The mean of embedded n-grams and a linear layer, as fastText (Joulin et al. 2017, "Bag of Tricks for Efficient Text
 * Classification", section 2). N-grams share buckets by their hash, so there is no vocabulary. Shapes: B texts, L n-grams, C
 * features, K classes.
 */
export const BagConfig = NgramConfig.extend({
  family: z.literal("bag"),
  features: z.int().nonnegative().default(32).describe("numbers per n-gram; 0 for none, where n-grams vote directly"),
  direct: z.boolean().default(false).describe("whether each n-gram also has a vote for each class of its own"),
  weighting: z
    .enum(["mean", "tf-idf"])
    .default("mean")
    .describe("tf-idf: rare n-grams count more, and a text's weights have the length 1"),
  dropout: z.number().min(0).lt(1).default(0).describe("share of the mean that is dropped in training"),
  ngramDropout: z.number().min(0).lt(1).default(0).describe("share of the n-grams that is dropped in training"),
  naiveBayes: z
    .strictObject({
      spread,
      smoothing: z.number().positive().default(0.2).describe("what every n-gram counts in every class beforehand"),
    })
    .optional()
    .describe(
      "votes of complement naive Bayes, counted and not trained, are added when the model predicts: the two err at different " +
        "texts. Without it if absent",
    ),
  margins: z
    .strictObject({
      spread,
      penalty: z.number().positive().default(1).describe("weight of the errors against the margin, C"),
    })
    .optional()
    .describe(
      "votes of a linear support vector machine on the same n-grams are added when the model predicts, as those of naive Bayes. " +
        "Without it if absent",
    ),
}).refine(({ features, direct }) => features > 0 || direct, {
  message: "expected features above 0, or direct votes",
  path: ["features"],
});
export type BagConfig = z.infer<typeof BagConfig>;

export interface BagOptions {
  readonly classes: number;
  /** Weight of each bucket, [buckets]; for `weighting: tf-idf`. Default: 0, to be filled. */
  readonly idf?: Float32Array | undefined;
  /** For `naiveBayes` and `margins`, their sum. Default: 0, to be filled. */
  readonly fixed?: Votes | undefined;
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

/** Whether votes are added that are fitted at once and not trained. */
export function hasFixedVotes({ naiveBayes, margins }: BagConfig): boolean {
  return naiveBayes !== undefined || margins !== undefined;
}

/** What is fitted and not trained; 0 until a bundle fills it. */
function constant(values: Float32Array | undefined, shape: number[]): tf.Variable {
  return tf.tidy(() => tf.variable(values === undefined ? tf.zeros(shape) : tf.tensor(values, shape), false));
}

/**
 * Inverse document frequency of each bucket, with one more text that holds every n-gram (as scikit-learn's `smooth_idf`):
 * ln((1 + N) / (1 + n)) + 1 for a bucket that is in n of N texts.
 */
export function inverseDocumentFrequency(texts: readonly Int32Array[], buckets: number): Float32Array {
  const counts = new Float64Array(buckets);
  for (const text of texts) for (const bucket of new Set(text)) counts[bucket]!++;
  return Float32Array.from(counts, (count) => Math.log((1 + texts.length) / (1 + count)) + 1);
}
