import type { NamedTensorData, TensorData } from "@nacre/tensor";
import { fromFloat32, toFloat32 } from "@nacre/tensor";
import { z } from "zod";
import type { TokenAttribution } from "../predictor.ts";
import { marginVotes, type Votes } from "./margin-votes.ts";
import { complementNaiveBayes } from "./naive-bayes.ts";
import { attributed, bucketsOf, NgramConfig, placedNgrams } from "./ngrams.ts";
import type { TextExample } from "./source.ts";

const spread = z
  .number()
  .positive()
  .describe(
    "standard deviation, over the training part, of what these votes add to the logits; those of the trained part are often about 3",
  );

/** How n-grams count, and which votes of theirs are fitted at once and not trained. */
export const voteFields = {
  weighting: z
    .enum(["mean", "tf-idf"])
    .default("mean")
    .describe("tf-idf: rare n-grams count more, and a text's weights have the length 1"),
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
};

/** Votes of n-grams beside a model of another kind. */
export const NgramVotesConfig = NgramConfig.extend(voteFields).refine(hasFixedVotes, {
  message: "expected naiveBayes or margins: without them there are no votes",
});
export type NgramVotesConfig = z.infer<typeof NgramVotesConfig>;

/** Whether votes are added that are fitted at once and not trained. */
export function hasFixedVotes({ naiveBayes, margins }: { naiveBayes?: unknown; margins?: unknown }): boolean {
  return naiveBayes !== undefined || margins !== undefined;
}

/** What n-grams hold of training texts without training. */
export interface FittedNgrams {
  /** Weight of each bucket, [buckets]; for `weighting: tf-idf`. */
  readonly idf?: Float32Array | undefined;
  /** For `naiveBayes` and `margins`, their sum. */
  readonly fixed?: Votes | undefined;
}

export async function fitNgrams(
  config: NgramVotesConfig,
  { texts, classes }: { readonly texts: readonly TextExample[]; readonly classes: number },
): Promise<FittedNgrams> {
  const { weighting, buckets, naiveBayes, margins } = config;
  if (weighting === "mean" && !hasFixedVotes(config)) return {};
  const found = texts.map(({ text }) => bucketsOf(text, config));
  const idf = weighting === "tf-idf" ? inverseDocumentFrequency(found, buckets) : undefined;
  if (!hasFixedVotes(config)) return { idf };
  const weighted = found.map((own, at) => ({ buckets: own, weights: ngramWeights(own, idf), label: texts[at]!.label }));
  const sizes = { buckets, classes };
  const votes = margins && (await marginVotes(weighted, { ...sizes, ...margins }));
  const counted = naiveBayes && complementNaiveBayes(weighted, { ...sizes, ...naiveBayes });
  if (counted === undefined) return { idf, fixed: votes };
  const table = votes === undefined ? counted : counted.map((vote, at) => vote + votes.table[at]!);
  return { idf, fixed: { table, bias: votes?.bias ?? new Float32Array(classes) } };
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

/** As `Bag.weights`. */
function ngramWeights(found: Int32Array, idf: Float32Array | undefined): Float32Array {
  const weights = Float32Array.from(found, (bucket) => idf?.[bucket] ?? 1);
  const size =
    idf === undefined ? weights.length : Math.sqrt(weights.reduce((sum, weight) => sum + weight * weight, 0));
  return weights.map((weight) => weight / Math.max(1e-6, size));
}

const names = { table: "ngram_votes.table", bias: "ngram_votes.bias", idf: "ngram_votes.idf" } as const;

/** Fitted votes of n-grams for each of K classes. */
export class NgramVotes {
  readonly config: NgramVotesConfig;
  readonly #votes: Votes;
  readonly #idf: Float32Array | undefined;

  constructor(config: NgramVotesConfig, { fixed, idf }: FittedNgrams) {
    if (fixed === undefined) throw new Error("Expected votes of naive Bayes or of margins. Received none.");
    this.config = config;
    this.#votes = fixed;
    this.#idf = idf;
  }

  /** Whether a file of weights has votes. */
  static isIn(tensors: ReadonlyMap<string, unknown>): boolean {
    return tensors.has(names.table);
  }

  /** @param classes how many there are, K. @throws Error when a tensor is missing or has another shape. */
  static read(config: NgramVotesConfig, tensors: ReadonlyMap<string, TensorData>, classes: number): NgramVotes {
    const read = (name: string, shape: readonly number[]): Float32Array => {
      const tensor = tensors.get(name);
      if (tensor?.shape.join() === shape.join()) return toFloat32(tensor);
      const found = tensor === undefined ? "none" : `one of [${tensor.shape}]`;
      throw new Error(`Expected a tensor "${name}" of [${shape}] among the bundle's weights. Received ${found}.`);
    };
    const { buckets, weighting } = config;
    const fixed = { table: read(names.table, [buckets, classes]), bias: read(names.bias, [classes]) };
    return new NgramVotes(config, weighting === "tf-idf" ? { fixed, idf: read(names.idf, [buckets]) } : { fixed });
  }

  tensors(): NamedTensorData[] {
    const { table, bias } = this.#votes;
    const tensor = (name: string, values: Float32Array, shape: number[]): NamedTensorData => ({
      name,
      dtype: "F32",
      shape,
      data: fromFloat32(values, "F32"),
    });
    return [
      tensor(names.table, table, [this.config.buckets, bias.length]),
      tensor(names.bias, bias, [bias.length]),
      ...(this.#idf === undefined ? [] : [tensor(names.idf, this.#idf, [this.#idf.length])]),
    ];
  }

  /** What a text's n-grams add to the logits, [K]. */
  logits(text: string): Float32Array {
    const { table, bias } = this.#votes;
    const found = bucketsOf(text, this.config);
    const weights = ngramWeights(found, this.#idf);
    const row = (bucket: number) => table.subarray(bucket * bias.length, (bucket + 1) * bias.length);
    const sums = bias.slice();
    found.forEach((bucket, at) => {
      row(bucket).forEach((vote, each) => void (sums[each]! += weights[at]! * vote));
    });
    return sums;
  }

  /** What each word, Chinese character or sign adds to the logit of class `index`; the votes' mean over the classes is 0. */
  attribute(text: string, index: number): TokenAttribution[] {
    const { table, bias } = this.#votes;
    const placed = placedNgrams(text, this.config);
    const weights = ngramWeights(placed.buckets, this.#idf);
    const vote = (bucket: number, at: number) => weights[at]! * table[bucket * bias.length + index]!;
    return attributed(text, placed, Float32Array.from(placed.buckets, vote));
  }
}

/**
 * Adds to `some` what another model attributes, by how much the places have in common; a place of `others` that none of `some`
 * touches gets an entry of its own. Both in the order of the text.
 */
export function joinAttributions(
  some: readonly TokenAttribution[],
  others: readonly TokenAttribution[],
): TokenAttribution[] {
  const joined = some.map((part) => ({ ...part }));
  const alone: TokenAttribution[] = [];
  let first = 0;
  for (const other of others) {
    while (first < joined.length && joined[first]!.end <= other.start) first++;
    const common: { part: { value: number }; length: number }[] = [];
    for (let at = first; at < joined.length && joined[at]!.start < other.end; at++) {
      const part = joined[at]!;
      common.push({ part, length: Math.min(part.end, other.end) - Math.max(part.start, other.start) });
    }
    const whole = common.reduce((sum, { length }) => sum + length, 0);
    if (whole === 0) alone.push(other);
    else for (const { part, length } of common) part.value += (other.value * length) / whole;
  }
  return [...joined, ...alone].sort((one, two) => one.start - two.start);
}
