import type { Bundle } from "@nacre/lineage";
import type { z } from "zod";
import { imageClassification } from "./image-classification/task.ts";
import type { Predictor } from "./predictor.ts";
import { questionAnswering } from "./question-answering/task.ts";
import { parseRecipe, type RecipeSource } from "./recipe.ts";
import { tabularClassification } from "./tabular-classification/task.ts";
import type { BundleParts, Task, TrainedRecipe } from "./task.ts";
import { textClassification } from "./text-classification/task.ts";
import { textGeneration } from "./text-generation/task.ts";
import { textRetrieval } from "./text-retrieval/task.ts";
import { translation } from "./translation/task.ts";

/** Every task there is. A new one is one line here. */
export const tasks: readonly Task[] = [
  imageClassification,
  tabularClassification,
  textClassification,
  textGeneration,
  questionAnswering,
  textRetrieval,
  translation,
];

/** @throws Error that names the tasks there are. */
export function taskNamed(name: unknown): Task {
  const task = tasks.find((candidate) => candidate.name === name);
  if (task !== undefined) return task;
  const known = tasks.map((candidate) => candidate.name).join(", ");
  throw new Error(`expected one of ${known}. Received ${JSON.stringify(name)}.`);
}

/**
 * A recipe, checked by its task's schema.
 *
 * @throws RecipeError that lists every fault with file, line, key and what was expected.
 */
export function readRecipe(source: RecipeSource): TrainedRecipe {
  return parseRecipe(source, (name) => taskNamed(name).recipe as z.ZodType<TrainedRecipe>);
}

/**
 * A predictor over an opened bundle, or over its parts.
 *
 * @throws Error when the bundle is of an unknown task, damaged, or its parts do not fit each other.
 */
export async function loadPredictor(bundle: Bundle | BundleParts): Promise<Predictor> {
  const { weights } = bundle;
  const parts =
    typeof weights === "function" ? { ...bundle, weights: await weights(), order: new Int32Array(1) } : bundle;
  return taskNamed(parts.manifest.task).load(parts as BundleParts);
}
