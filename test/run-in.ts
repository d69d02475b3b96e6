import { dirname, join } from "node:path";
import { openBundle } from "@nacre/lineage";
import { loadPredictor, type Predictor, RunFolder, type RunOptions, runRecipe } from "@nacre/tasks";

/** Runs a recipe's text in a run folder. Relative paths in it start at the folder around that one. */
export async function runIn(path: string, text: string, options: Partial<RunOptions> = {}): Promise<RunFolder> {
  const recipe = { file: join(dirname(path), "recipe.yaml"), text };
  for await (const _ of runRecipe({ recipe, folder: path, ...options }));
  return new RunFolder(path);
}

export async function predictorOf({ bundle: path }: RunFolder): Promise<Predictor> {
  return loadPredictor(await openBundle(path));
}
