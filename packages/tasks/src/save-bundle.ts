import { type Manifest, modelCard, writeBundle } from "@nacre/lineage";
import { type Model, snapshot } from "@nacre/tensor";
import type { Evaluated, Problem, TrainedRecipe } from "./task.ts";
import { version } from "./version.ts";

export interface Finished {
  readonly recipe: TrainedRecipe;
  readonly problem: Problem;
  readonly model: Model;
  /** Updates made. */
  readonly steps: number;
  readonly evaluated: Evaluated;
}

/** Writes the finished model, whole or not at all. */
export async function saveBundle(
  folder: string,
  { recipe, problem, model, steps, evaluated }: Finished,
): Promise<void> {
  const manifest: Omit<Manifest, "files"> = {
    format: 1,
    name: recipe.name,
    task: recipe.task,
    ...(recipe.description === undefined ? {} : { description: recipe.description.en }),
    created: new Date().toISOString(),
    code: { packages: { "@nacre/tasks": version } },
    recipe,
    seed: recipe.seed,
    steps,
    data: problem.sources,
    ...(problem.base === undefined ? {} : { base: problem.base }),
    preparation: problem.preprocessor,
    metrics: evaluated.scores.map(({ name, value, low, high }) => ({
      name,
      value,
      ...(low === undefined ? {} : { low }),
      ...(high === undefined ? {} : { high }),
    })),
  };
  await writeBundle(folder, {
    preprocessor: problem.preprocessor,
    ...(problem.save === undefined
      ? { config: problem.config, tensors: await snapshot(model) }
      : { write: (into: string) => problem.save!(model, into) }),
    card: modelCard(manifest),
    manifest,
  });
}
