import { from, reportTable } from "@nacre/data";
import { type Classifier, summarize } from "@nacre/models";
import { Random } from "@nacre/random";
import { parseSafetensors, restore } from "@nacre/tensor";
import { z } from "zod";
import {
  balancedWeights,
  type ClassifierBatch,
  classifierLoss,
  collate,
  predictProbabilities,
} from "../classifier-batch.ts";
import { baselineSample, evaluateClassifier } from "../classifier-evaluation.ts";
import { classifierScores } from "../classifier-scores.ts";
import type { Predictor } from "../predictor.ts";
import type { BundleParts, Problem, Task, TaskContext } from "../task.ts";
import { Bag, BagConfig, writeBuckets } from "./bag.ts";
import { textPredictor } from "./predictor.ts";
import { TextClassificationRecipe } from "./recipe.ts";
import { openTexts, type TextExample } from "./source.ts";

/** What `config.json` of a bundle of this task holds. */
const Config = z.object({
  task: z.literal("text-classification"),
  model: BagConfig,
  classes: z.array(z.string()).min(2),
  example: z.string().describe("a typical text"),
});

const evaluationBatch = 512;

/** Texts into classes: sentiment, intent, topic. */
export const textClassification: Task<TextClassificationRecipe> = {
  name: "text-classification",
  recipe: TextClassificationRecipe,
  monitor: { name: "accuracy", mode: "max" },
  prepare,
  async load(parts) {
    return loadTextPredictor(parts);
  },
};

async function prepare(recipe: TextClassificationRecipe, context: TaskContext): Promise<Problem> {
  const { name, licence, classes, train, validation, test } = await openTexts(recipe, context);
  if (classes.length < 2) throw new Error(`Expected two or more classes in ${name}. Received ${classes.length}.`);
  const rows = (part: readonly TextExample[]) => part.map(({ text, label }) => ({ text, label: classes[label]! }));
  const splits = { train: rows(train), validation: rows(validation), test: rows(test) };
  const report = await reportTable({ name, splits, target: "label", cleaning: [] });
  const { model: config } = recipe;
  const { length } = config;
  const shape = [length];
  const write = ({ text, label }: TextExample, into: Float32Array): number => {
    writeBuckets(text, into, config);
    return label;
  };
  const batchesOf = (part: readonly TextExample[]) => collate(from(part), { batch: evaluationBatch, length, write });
  const counts = classes.map((_, index) => train.filter(({ label }) => label === index).length);

  const problem: Problem<Classifier, ClassifierBatch> = {
    report,
    sources: [
      {
        name,
        digest: `sha256:${report.digest}`,
        records: report.records,
        ...(licence === undefined ? {} : { licence }),
      },
    ],
    batches: collate(from(train).shuffle({ seed: recipe.seed }), { batch: recipe.train.batch, length, write }),
    batchesPerEpoch: Math.ceil(train.length / recipe.train.batch),
    build(random) {
      const model = new Bag(config, classes.length, random);
      const layers = summarize(model, shape);
      const parameters = layers.reduce((sum, layer) => sum + layer.parameters, 0);
      return { model, architecture: { name: config.family, parameters, input: [null, ...shape], layers } };
    },
    loss: classifierLoss({
      shape,
      labelSmoothing: recipe.train.labelSmoothing,
      classWeights: recipe.train.classWeights === "balanced" ? balancedWeights(counts) : undefined,
    }),
    async validate(model) {
      const probabilities = await predictProbabilities(model, batchesOf(validation), { shape });
      return classifierScores(
        probabilities,
        validation.map(({ label }) => label),
      );
    },
    async evaluate(model, evaluation) {
      let done = 0;
      const predicted = await predictProbabilities(model, batchesOf(test), {
        shape,
        signal: evaluation.signal,
        onBatch: (size) => evaluation.progress((done += size), test.length, "texts"),
      });
      const known = baselineSample(train, { seed: recipe.seed, limit: recipe.evaluate.baselineLimit });
      const labelled = (part: readonly TextExample[]) => ({
        features: part.map(({ text }) => text),
        labels: part.map(({ label }) => label),
      });
      return evaluateClassifier(
        {
          title: recipe.title,
          config: recipe.evaluate,
          classes,
          seed: recipe.seed,
          examples: predicted.map((probabilities, index) => ({ probabilities, label: test[index]!.label })),
          available: train.length,
          texts: { train: labelled(known), test: labelled(test) },
          show: async (index) => ({ row: { text: test[index]!.text } }),
        },
        evaluation,
      );
    },
    config: { task: "text-classification", model: config, classes, example: train[0]!.text },
    preprocessor: { kind: "n-gram buckets", ngrams: config.ngrams, buckets: config.buckets, length },
  };
  return problem as unknown as Problem;
}

async function loadTextPredictor({ config, weights }: BundleParts): Promise<Predictor> {
  const { model, classes, example } = Config.parse(config);
  const classifier = new Bag(model, classes.length, new Random(0));
  restore(classifier, parseSafetensors(weights).tensors);
  return textPredictor({ classifier, model, classes, example });
}
