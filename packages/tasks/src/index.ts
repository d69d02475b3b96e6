export { type NewRunEvent, RunEvent, type Stage, stages } from "./events.ts";
export type {
  AnswerSpan,
  ClassPrediction,
  FoundAnswer,
  GeneratedToken,
  GenerationDefaults,
  InputColumn,
  InputKind,
  OutputKind,
  Predictor,
  SearchHit,
  SearchResult,
  TextContinuation,
  TextTranslation,
  TokenAttribution,
} from "./predictor.ts";
export { RecipeError, type RecipeSource } from "./recipe.ts";
export { type RunOptions, runRecipe } from "./run.ts";
export { isAlive, RunFolder, RunState, runId } from "./run-folder.ts";
export type { Architecture, BundleParts, Evaluated, Problem, Task, TaskContext, TrainedRecipe } from "./task.ts";
export { loadPredictor, readRecipe, taskNamed, tasks } from "./tasks.ts";
export { TrainingConfig } from "./training.ts";
export { type Trial, type TuneEvent, type TuneOptions, tuneRecipe } from "./tune.ts";
export { draw, Space, TuneConfig } from "./tune-config.ts";
