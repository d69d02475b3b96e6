import { summarize } from "@nacre/models";
import { Random } from "@nacre/random";
import { tf } from "@nacre/tensor";
import { z } from "zod";
import { Bag, BagConfig } from "./bag.ts";
import { type FittedNgrams, fitNgrams } from "./ngram-votes.ts";
import { attributed, bucketsOf, placedNgrams } from "./ngrams.ts";
import type { TextExample } from "./source.ts";
import type { TextFamily } from "./text-family.ts";

/** What `config.json` of a bag's bundle holds. */
export const BagBundle = z.object({
  task: z.literal("text-classification"),
  model: BagConfig,
  classes: z.array(z.string()).min(2),
  example: z.string().describe("a typical text"),
});
export type BagBundle = z.infer<typeof BagBundle>;

/** @param fitted what `fitBag` made of the training part; a bundle has it among its weights */
export function bagFamily(bundle: BagBundle, fitted: FittedNgrams = {}): TextFamily<Bag> {
  const { model: config, classes } = bundle;
  const idsOf = (text: string) => bucketsOf(text, config);
  const { ngrams, dictionary, characters, buckets, length } = config;
  return {
    padding: 0,
    longest: length,
    idsOf,
    build(random) {
      const model = new Bag(config, { classes: classes.length, ...fitted }, random);
      const layers = summarize(model, [length], { dtype: "int32" });
      const parameters = layers.reduce((sum, layer) => sum + layer.parameters, 0);
      return { model, architecture: { name: config.family, parameters, input: [null, length], layers } };
    },
    logits: (model, ids, context) => model.forward(ids, context),
    async attribute(model, text, index) {
      const placed = placedNgrams(text, config);
      const { buckets: found } = placed;
      if (found.length === 0) return attributed(text, placed, []);
      const added = tf.tidy(() => {
        const each = model.contributions(tf.tensor2d(found, [1, found.length], "int32")); // [1, L, K]
        return tf.sub(tf.slice(each, [0, 0, index], [1, found.length, 1]), tf.mean(each, 2, true)); // [1, L, 1]
      });
      const values = (await added.data()) as Float32Array;
      const parts = attributed(text, placed, values);
      added.dispose();
      return parts;
    },
    config: bundle,
    preprocessor: { kind: "n-gram buckets", ngrams, dictionary, characters, buckets, length },
  };
}

export function fitBag({ model, classes }: BagBundle, known: readonly TextExample[]): Promise<FittedNgrams> {
  return fitNgrams(model, { texts: known, classes: classes.length });
}

/** A bag with the weights of a bundle still to come. */
export function emptyBag(bundle: BagBundle): Bag {
  return new Bag(bundle.model, { classes: bundle.classes.length }, new Random(0));
}
