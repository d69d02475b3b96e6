import type { Random } from "@nacre/random";
import { tf } from "@nacre/tensor";
import { z } from "zod";
import { Bert, BertConfig } from "./bert.ts";

/**
 * RoBERTa: Liu et al. 2019. BERT's network, trained longer on more; one kind of text, and positions that leave padding out.
 * Shapes: B texts, T tokens, C width.
 */
export const RobertaConfig = BertConfig.extend({
  family: z.literal("roberta"),
  vocabulary: z.int().positive().default(50_265).describe("number of token ids, V"),
  tokenTypes: z.int().positive().default(1).describe("kinds of text; there is no next sentence to predict"),
  epsilon: z.number().positive().default(1e-5).describe("added to the variance by layer normalisation"),
  padding: z.int().nonnegative().default(1).describe("id that fills shorter texts of a batch"),
});
export type RobertaConfig = z.infer<typeof RobertaConfig>;

export class Roberta extends Bert {
  constructor(config: Omit<RobertaConfig, "family">, random?: Random) {
    super(config, random, config.context + config.padding + 1);
  }

  /**
   * Tokens count from padding + 1, in fairseq's manner, and padding stands at its own id: [B, T, C]. Seen from the ids, so a text
   * is the same wherever its padding is.
   */
  protected override position(ids: tf.Tensor2D): tf.Tensor {
    const { padding } = this.config;
    const token = tf.cast(tf.notEqual(ids, padding), "float32"); // [B, T]
    const places = tf.add(tf.mul(tf.cumsum(token, 1), token), padding);
    return this.positions.forward(tf.cast(places, "int32"));
  }
}

type Sizes = Partial<Omit<RobertaConfig, "family">>;

/** 12 layers of 768, 124,055,040 parameters: "roberta-base" without a pooler. `changes` replace single settings. */
export function robertaBase(changes: Sizes = {}): RobertaConfig {
  return RobertaConfig.parse({ family: "roberta", ...changes });
}

/** 24 layers of 1024, 354,310,144 parameters: "roberta-large" without a pooler. */
export function robertaLarge(changes: Sizes = {}): RobertaConfig {
  return robertaBase({ layers: 24, heads: 16, width: 1024, hidden: 4096, ...changes });
}
