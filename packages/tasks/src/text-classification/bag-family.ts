import { summarize } from "@nacre/models";
import { Random } from "@nacre/random";
import { tf } from "@nacre/tensor";
import { z } from "zod";
import { Bag, BagConfig, type BagOptions, inverseDocumentFrequency } from "./bag.ts";
import { complementNaiveBayes } from "./naive-bayes.ts";
import { bucketsOf, placedNgrams } from "./ngrams.ts";
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

/** @param known training part, where there is something to be fitted on it; a bundle has it among its weights */
export function bagFamily(bundle: BagBundle, known: readonly TextExample[] = []): TextFamily<Bag> {
  const { model: config, classes } = bundle;
  const idsOf = (text: string) => bucketsOf(text, config);
  const fitted = fitBag(config, { classes: classes.length, known, idsOf });
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
      const { buckets: found, units, shares } = placedNgrams(text, config);
      const values = new Float64Array(units.length);
      if (found.length > 0) {
        const added = tf.tidy(() => {
          const each = model.contributions(tf.tensor2d(found, [1, found.length], "int32")); // [1, L, K]
          return tf.sub(tf.slice(each, [0, 0, index], [1, found.length, 1]), tf.mean(each, 2, true)); // [1, L, 1]
        });
        const numbers = await added.data();
        added.dispose();
        shares.forEach((own, ngram) => {
          for (const [unit, share] of own) values[unit]! += share * numbers[ngram]!;
        });
      }
      return units.map(([start, end], unit) => ({ text: text.slice(start, end), start, end, value: values[unit]! }));
    },
    config: bundle,
    preprocessor: { kind: "n-gram buckets", ngrams, dictionary, characters, buckets, length },
  };
}

/** What a bag holds of training texts without training. */
function fitBag(
  config: BagConfig,
  options: {
    readonly classes: number;
    readonly known: readonly TextExample[];
    readonly idsOf: (text: string) => Int32Array;
  },
): Pick<BagOptions, "idf" | "naiveBayes"> {
  const { classes, known, idsOf } = options;
  if (known.length === 0 || (config.weighting === "mean" && config.naiveBayes === undefined)) return {};
  const texts = known.map(({ text, label }) => ({ found: idsOf(text), label }));
  const idf =
    config.weighting === "tf-idf"
      ? inverseDocumentFrequency(
          texts.map(({ found }) => found),
          config.buckets,
        )
      : undefined;
  if (config.naiveBayes === undefined) return { idf };
  const weighted = texts.map(({ found, label }) => ({ buckets: found, weights: ngramWeights(found, idf), label }));
  const { buckets, naiveBayes } = config;
  return { idf, naiveBayes: complementNaiveBayes(weighted, { buckets, classes, ...naiveBayes }) };
}

/** As `Bag.weights`. */
function ngramWeights(found: Int32Array, idf: Float32Array | undefined): Float32Array {
  const weights = Float32Array.from(found, (bucket) => idf?.[bucket] ?? 1);
  const size =
    idf === undefined ? weights.length : Math.sqrt(weights.reduce((sum, weight) => sum + weight * weight, 0));
  return weights.map((weight) => weight / Math.max(1e-6, size));
}

/** A bag with the weights of a bundle still to come. */
export function emptyBag(bundle: BagBundle): Bag {
  return new Bag(bundle.model, { classes: bundle.classes.length }, new Random(0));
}
