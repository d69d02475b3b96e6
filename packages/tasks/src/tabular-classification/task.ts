import { from, type Row, reportTable, TablePreparation } from "@nacre/data";
import { type Classifier, ClassifierConfig } from "@nacre/models";
import { z } from "zod";
import {
  balancedWeights,
  type ClassifierBatch,
  classifierLoss,
  collate,
  predictProbabilities,
} from "../classifier-batch.ts";
import { baselineSample, evaluateClassifier } from "../classifier-evaluation.ts";
import { loadClassifier, newClassifier } from "../classifier-model.ts";
import { classifierScores } from "../classifier-scores.ts";
import type { Predictor } from "../predictor.ts";
import type { BundleParts, Problem, Task, TaskContext } from "../task.ts";
import { rowPredictor } from "./predictor.ts";
import { TabularClassificationRecipe } from "./recipe.ts";
import { openTable } from "./source.ts";

/** What `config.json` of a bundle of this task holds. */
const Config = z.object({
  task: z.literal("tabular-classification"),
  model: ClassifierConfig,
  input: z.array(z.int().positive()),
  classes: z.array(z.string()).min(2),
  example: z.record(z.string(), z.union([z.string(), z.number(), z.null()])).describe("a typical row"),
});

const evaluationBatch = 1024;

/** Rows of a table into classes. */
export const tabularClassification: Task<TabularClassificationRecipe> = {
  name: "tabular-classification",
  recipe: TabularClassificationRecipe,
  monitor: { name: "accuracy", mode: "max" },
  prepare,
  async load(parts) {
    return loadRowPredictor(parts);
  },
};

interface Encoded {
  readonly features: Float32Array;
  readonly label: number;
}

async function prepare(recipe: TabularClassificationRecipe, context: TaskContext): Promise<Problem> {
  const parts = await openTable(recipe, context);
  const { name, target, train, validation, test } = parts;
  const preparation = await TablePreparation.fit(train, parts.schema);
  const { classes, width } = preparation;
  if (classes.length < 2) {
    throw new Error(`Expected two or more classes in the target "${target}" of ${name}. Received ${classes.length}.`);
  }
  const report = await reportTable({ name, splits: { train, validation, test }, target, cleaning: parts.cleaning });
  const encode = (rows: readonly Row[]): Encoded[] =>
    rows.map((row, at) => ({ features: preparation.transform(row, at), label: preparation.target(row, at) }));
  const encoded = { train: encode(train), validation: encode(validation), test: encode(test) };
  const write = ({ features, label }: Encoded, into: Float32Array): number => {
    into.set(features);
    return label;
  };
  const batchesOf = (rows: readonly Encoded[], batch: number) => collate(from(rows), { batch, length: width, write });
  const shuffled = from(encoded.train).shuffle({ seed: recipe.seed });
  const counts = classes.map((_, index) => encoded.train.filter(({ label }) => label === index).length);
  const shape = [width];

  const problem: Problem<Classifier, ClassifierBatch> = {
    report,
    sources: [
      {
        name,
        digest: `sha256:${report.digest}`,
        records: report.records,
        ...(parts.licence === undefined ? {} : { licence: parts.licence }),
      },
    ],
    batches: collate(shuffled, { batch: recipe.train.batch, length: width, write }),
    batchesPerEpoch: Math.ceil(train.length / recipe.train.batch),
    build: (random) => newClassifier({ model: recipe.model, input: shape, classes }, random),
    loss: classifierLoss({
      shape,
      labelSmoothing: recipe.train.labelSmoothing,
      classWeights: recipe.train.classWeights === "balanced" ? balancedWeights(counts) : undefined,
    }),
    async validate(model) {
      const rows = await predictProbabilities(model, batchesOf(encoded.validation, evaluationBatch), { shape });
      return classifierScores(
        rows,
        encoded.validation.map(({ label }) => label),
      );
    },
    async evaluate(model, evaluation) {
      let done = 0;
      const rows = await predictProbabilities(model, batchesOf(encoded.test, evaluationBatch), {
        shape,
        signal: evaluation.signal,
        onBatch: (size) => evaluation.progress((done += size), test.length, "rows"),
      });
      const known = baselineSample(encoded.train, { seed: recipe.seed, limit: recipe.evaluate.baselineLimit });
      const labelled = (part: readonly Encoded[]) => ({
        features: part.map(({ features }) => features),
        labels: part.map(({ label }) => label),
      });
      return evaluateClassifier(
        {
          title: recipe.title,
          config: recipe.evaluate,
          classes,
          seed: recipe.seed,
          examples: rows.map((probabilities, index) => ({ probabilities, label: encoded.test[index]!.label })),
          available: encoded.train.length,
          train: labelled(known),
          test: labelled(encoded.test),
          show: async (index) => ({ row: test[index]! }),
        },
        evaluation,
      );
    },
    config: {
      task: "tabular-classification",
      model: recipe.model,
      input: shape,
      classes,
      example: withoutTarget(train[0]!, target),
    },
    preprocessor: preparation.toJSON(),
  };
  return problem as unknown as Problem;
}

async function loadRowPredictor({ config, preprocessor, ...parts }: BundleParts): Promise<Predictor> {
  const { model, input, classes, example } = Config.parse(config);
  const preparation = TablePreparation.fromJSON(preprocessor);
  const classifier = loadClassifier({ model, input, classes }, parts);
  return rowPredictor({ classifier, preparation, classes, example });
}

function withoutTarget(row: Row, target: string): Row {
  return Object.fromEntries(Object.entries(row).filter(([name]) => name !== target));
}
