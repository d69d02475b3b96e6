import type { Model } from "@nacre/tensor";
import { optimizerFrom, type Step, type TrainOptions, train } from "@nacre/train";
import type { RunFolder } from "./run-folder.ts";
import type { Problem, Task, TrainedRecipe } from "./task.ts";

export interface TrainingOptions {
  readonly recipe: TrainedRecipe;
  readonly task: Task;
  readonly problem: Problem;
  readonly model: Model;
  readonly folder: RunFolder;
  readonly resume: boolean;
  readonly signal: AbortSignal;
}

/** The steps of a recipe's training, with checkpoints in the run's folder. */
export function trainingSteps(options: TrainingOptions): AsyncGenerator<Step, void> {
  const { folder, resume, signal } = options;
  const { checkpoints: parameters = "all" } = options.problem;
  const { checkpointEvery, keepBest, keepLast } = options.recipe.train;
  const checkpoints = { folder: folder.checkpoints, every: checkpointEvery, keepBest, keepLast, parameters };
  return train({ ...trainOptions(options), checkpoints, resume, signal });
}

/** What a recipe's training needs of its problem. */
export type TrainedProblem<M extends Model, Batch> = Pick<
  Problem<M, Batch>,
  "batches" | "batchesPerEpoch" | "loss" | "validate"
>;

/** A recipe's settings, in the terms of `@nacre/train`, with nothing kept on disk. */
export function trainOptions<M extends Model, Batch>({
  recipe,
  task,
  problem,
  model,
}: {
  readonly recipe: TrainedRecipe;
  readonly task: Pick<Task, "monitor">;
  readonly problem: TrainedProblem<M, Batch>;
  readonly model: M;
}): TrainOptions<M, Batch> & { readonly steps: number } {
  const { train: settings } = recipe;
  const stepsPerEpoch = Math.ceil(problem.batchesPerEpoch / settings.accumulate);
  const totalSteps = settings.steps ?? settings.epochs! * stepsPerEpoch;
  return {
    model,
    data: problem.batches,
    loss: (trained, batch, context) => problem.loss(trained, batch, context),
    optimizer: optimizerFrom(settings.optimizer, { schedule: settings.schedule, totalSteps, stepsPerEpoch }),
    steps: totalSteps,
    seed: recipe.seed,
    accumulate: settings.accumulate,
    ...(settings.clipNorm === undefined ? {} : { clipNorm: settings.clipNorm }),
    ...(settings.movingAverage === undefined ? {} : { movingAverage: { decay: settings.movingAverage } }),
    validate: {
      every: "epoch",
      measure: (trained) => problem.validate(trained),
      monitor: task.monitor.name,
      mode: task.monitor.mode,
      ...(settings.patience === undefined ? {} : { patience: settings.patience }),
      restoreBest: (settings.weights ?? (settings.patience === undefined ? "last" : "best")) === "best",
    },
  };
}
