import { buildClassifier, type Classifier, type ClassifierConfig, summarize } from "@nacre/models";
import { Random } from "@nacre/random";
import { parseSafetensors, restore } from "@nacre/tensor";
import { settleLoaded } from "./bundled-model.ts";
import type { Architecture, BundleParts } from "./task.ts";

interface ClassifierModel {
  readonly model: ClassifierConfig;
  /** The input's shape, without the batch. */
  readonly input: readonly number[];
  readonly classes: readonly string[];
}

/** A new classifier, and what it is made of. */
export function newClassifier(
  { model: config, input, classes }: ClassifierModel,
  random: Random,
): { model: Classifier; architecture: Architecture } {
  const model = buildClassifier(config, { input: [...input], classes: classes.length }, random);
  const layers = summarize(model, [...input]);
  const total = layers.reduce((sum, { parameters }) => sum + parameters, 0);
  return { model, architecture: { name: config.family, parameters: total, input: [null, ...input], layers } };
}

/** A classifier with the weights of a bundle. */
export function loadClassifier(
  { model, input, classes }: ClassifierModel,
  { weights, order }: Pick<BundleParts, "weights" | "order">,
): Classifier {
  const classifier = buildClassifier(model, { input: [...input], classes: classes.length }, new Random(0));
  restore(classifier, parseSafetensors(weights).tensors);
  settleLoaded(classifier, { order });
  return classifier;
}
