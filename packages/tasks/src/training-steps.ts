import type { Model } from "@nacre/tensor";
import { optimizerFrom, type Step, train } from "@nacre/train";
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

/** The steps of a recipe's training: its settings, in the terms of `@nacre/train`. */
export function trainingSteps({
  recipe,
  task,
  problem,
  model,
  folder,
  resume,
  signal,
}: TrainingOptions): AsyncGenerator<Step, void> {
  const { train: settings } = recipe;
  const stepsPerEpoch = Math.ceil(problem.batchesPerEpoch / settings.accumulate);
  const totalSteps = settings.steps ?? settings.epochs! * stepsPerEpoch;
  return train({
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
    checkpoints: {
      folder: folder.checkpoints,
      every: settings.checkpointEvery,
      keepBest: settings.keepBest,
      keepLast: settings.keepLast,
    },
    resume,
    signal,
  });
}
