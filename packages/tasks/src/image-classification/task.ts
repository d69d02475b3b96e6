import { type Dataset, encodePng, from, ImagePreparation, type LabelledImage, reportImages } from "@nacre/data";
import { type Classifier, ClassifierConfig } from "@nacre/models";
import { Random } from "@nacre/random";
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
import { augment } from "./augment.ts";
import { imagePredictor } from "./predictor.ts";
import { ImageClassificationRecipe } from "./recipe.ts";
import { openImages } from "./source.ts";

/** What `config.json` of a bundle of this task holds. */
const Config = z.object({
  task: z.literal("image-classification"),
  model: ClassifierConfig,
  input: z.array(z.int().positive()),
  classes: z.array(z.string()).min(2),
});

const evaluationBatch = 256;

/** Pictures into classes. */
export const imageClassification: Task<ImageClassificationRecipe> = {
  name: "image-classification",
  recipe: ImageClassificationRecipe,
  monitor: { name: "accuracy", mode: "max" },
  prepare,
  async load(parts) {
    return loadImagePredictor(parts);
  },
};

async function prepare(recipe: ImageClassificationRecipe, context: TaskContext): Promise<Problem> {
  const parts = await openImages(recipe, context);
  // Decoded or drawn once, then kept: every epoch looks at them again.
  const [train, validation, test] = await readParts([parts.train, parts.validation, parts.test], context);
  const { classes } = parts;
  const preparation = await ImagePreparation.fit(
    train.map(({ image }) => image),
    parts.size ?? {},
  );
  const report = await reportImages({ name: parts.name, splits: { train, validation, test }, classes });
  const shape = [preparation.height, preparation.width, preparation.channels];
  const length = shape.reduce((product, size) => product * size, 1);
  const write = ({ image, label }: LabelledImage, into: Float32Array<ArrayBuffer>): number => {
    preparation.transform(image, into);
    return label;
  };
  const batchesOf = (records: Dataset<LabelledImage>, batch: number) => collate(records, { batch, length, write });
  const { augment: changes } = recipe.data;
  const augmentation = new Random(recipe.seed).fork("augment");
  const shuffled = from(train).shuffle({ seed: recipe.seed });
  const training = changes
    ? shuffled.map((record, { index, epoch }) => ({
        ...record,
        image: augment(record.image, changes, augmentation.fork(epoch, index)),
      }))
    : shuffled;
  const counts = classes.map((_, label) => train.filter((record) => record.label === label).length);
  const loss = classifierLoss({
    shape,
    labelSmoothing: recipe.train.labelSmoothing,
    classWeights: recipe.train.classWeights === "balanced" ? balancedWeights(counts) : undefined,
  });

  const problem: Problem<Classifier, ClassifierBatch> = {
    report,
    sources: [
      {
        name: parts.name,
        digest: `sha256:${report.digest}`,
        records: report.records,
        ...(parts.licence === undefined ? {} : { licence: parts.licence }),
      },
    ],
    batches: batchesOf(training, recipe.train.batch),
    batchesPerEpoch: Math.ceil(train.length / recipe.train.batch),
    build: (random) => newClassifier({ model: recipe.model, input: shape, classes }, random),
    loss,
    async validate(model) {
      const rows = await predictProbabilities(model, batchesOf(from(validation), evaluationBatch), { shape });
      return classifierScores(
        rows,
        validation.map(({ label }) => label),
      );
    },
    async evaluate(model, evaluation) {
      const tell = (done: number) => evaluation.progress(done, test.length, "images");
      let done = 0;
      const rows = await predictProbabilities(model, batchesOf(from(test), evaluationBatch), {
        shape,
        signal: evaluation.signal,
        onBatch: (size) => tell((done += size)),
      });
      const known = baselineSample(train, { seed: recipe.seed, limit: recipe.evaluate.baselineLimit });
      const features = (records: readonly LabelledImage[]) => records.map(({ image }) => plainPixels(image.pixels));
      return evaluateClassifier(
        {
          title: recipe.title,
          config: recipe.evaluate,
          classes,
          seed: recipe.seed,
          examples: rows.map((probabilities, index) => ({ probabilities, label: test[index]!.label })),
          available: train.length,
          train: { features: features(known), labels: known.map(({ label }) => label) },
          test: { features: features(test), labels: test.map(({ label }) => label) },
          show: async (index) => ({ png: await pngUrl(test[index]!.image) }),
        },
        evaluation,
      );
    },
    config: { task: "image-classification", model: recipe.model, input: shape, classes },
    preprocessor: preparation.toJSON(),
  };
  return problem as unknown as Problem;
}

async function readParts(
  parts: readonly Dataset<LabelledImage>[],
  context: TaskContext,
): Promise<[LabelledImage[], LabelledImage[], LabelledImage[]]> {
  const read: LabelledImage[][] = [];
  let done = 0;
  for (const [index, part] of parts.entries()) {
    const records: LabelledImage[] = [];
    for await (const record of part) {
      records.push(record);
      if (++done % 500 !== 0) continue;
      context.signal?.throwIfAborted();
      context.progress(done, done * 1.25, "images", ["train", "validation", "test"][index]);
    }
    read.push(records);
  }
  context.progress(done, done, "images");
  return read as [LabelledImage[], LabelledImage[], LabelledImage[]];
}

async function loadImagePredictor({ config, preprocessor, ...parts }: BundleParts): Promise<Predictor> {
  const { model, input, classes } = Config.parse(config);
  const preparation = ImagePreparation.fromJSON(preprocessor);
  const classifier = loadClassifier({ model, input, classes }, parts);
  return imagePredictor({ classifier, preparation, classes });
}

/** Brightness from 0 to 1: what simple algorithms see. Zeros stay zeros. */
function plainPixels(pixels: Uint8Array): Float32Array {
  const features = new Float32Array(pixels.length);
  for (let index = 0; index < pixels.length; index++) features[index] = pixels[index]! / 255;
  return features;
}

async function pngUrl(image: LabelledImage["image"]): Promise<string> {
  return `data:image/png;base64,${Buffer.from(await encodePng(image)).toString("base64")}`;
}
