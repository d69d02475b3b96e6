import { Dense, Dropout, Embedding, type ForwardContext, gaussian, type Layer } from "@nacre/models";
import type { Random } from "@nacre/random";
import { tf } from "@nacre/tensor";
import { z } from "zod";

/**
 * The mean of embedded n-grams and a linear layer, as fastText (Joulin et al. 2017, "Bag of Tricks for Efficient Text
 * Classification", section 2). N-grams share buckets by their hash, so there is no vocabulary.
 */
export const BagConfig = z.strictObject({
  family: z.literal("bag"),
  buckets: z
    .int()
    .min(16)
    .max(2 ** 20)
    .default(2 ** 14)
    .describe("rows of the table of n-grams"),
  features: z.int().positive().default(32).describe("numbers per n-gram"),
  ngrams: z.int().min(1).max(5).default(2).describe("longest n-gram, in words; in characters where Chinese is written"),
  length: z.int().positive().default(96).describe("most n-grams of a text; the longest and last ones are left out"),
  dropout: z.number().min(0).lt(1).default(0).describe("share of the mean that is dropped in training"),
});
export type BagConfig = z.infer<typeof BagConfig>;

/** Buckets of n-grams [B, L], 0 for none → logits [B, K]. */
export class Bag implements Layer<tf.Tensor, tf.Tensor2D> {
  readonly embedding: Embedding;
  readonly dropout: Dropout;
  readonly output: Dense;

  constructor({ buckets, features, dropout }: BagConfig, classes: number, random: Random) {
    const options = { vocabulary: buckets, features, initializer: gaussian(0.1) };
    this.embedding = new Embedding(options, random.fork("embedding"));
    this.dropout = new Dropout(dropout);
    this.output = new Dense({ inputs: features, outputs: classes }, random.fork("output"));
  }

  forward(input: tf.Tensor, context: ForwardContext): tf.Tensor2D {
    return tf.tidy(() => {
      const rows = this.embedding.forward(tf.cast(input, "int32"), context); // [B, L, C]
      const present = tf.expandDims(tf.cast(tf.greater(input, 0), "float32"), 2); // [B, L, 1]
      const count = tf.maximum(tf.sum(present, 1), 1); // [B, 1]
      const mean = tf.div(tf.sum(tf.mul(rows, present), 1), count); // [B, C]
      return this.output.forward(this.dropout.forward(mean, context), context) as tf.Tensor2D; // [B, K]
    });
  }
}

const unit = /\p{Script=Han}|(?:(?!\p{Script=Han})[\p{L}\p{M}\p{N}'’])+|[^\s]/gu;

/** Writes the buckets (1 … buckets − 1) of a text's n-grams, shortest first; what is left of `into` stays 0. */
export function writeBuckets(
  text: string,
  into: Float32Array,
  { ngrams, buckets }: Pick<BagConfig, "ngrams" | "buckets">,
): void {
  const units = text.normalize("NFKC").toLowerCase().match(unit) ?? [];
  let at = 0;
  for (let size = 1; size <= ngrams; size++) {
    for (let start = 0; start + size <= units.length; start++) {
      if (at === into.length) return;
      into[at++] = 1 + (hash(units.slice(start, start + size).join(" ")) % (buckets - 1));
    }
  }
}

/** FNV-1a, 32 bits, over UTF-16 code units. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return value >>> 0;
}
