import type { DataReport, Dataset } from "@nacre/data";
import type { Manifest } from "@nacre/lineage";
import type { LayerSummary } from "@nacre/models";
import type { Random } from "@nacre/random";
import type { Model, tf } from "@nacre/tensor";
import type { LossContext, LossParts } from "@nacre/train";
import type { z } from "zod";
import type { BaselineSummary, ScoreRow } from "./events.ts";
import type { Predictor } from "./predictor.ts";
import type { FolderDigest } from "./pretrained-folder.ts";
import type { Recipe } from "./recipe.ts";
import type { TrainingConfig } from "./training.ts";

/**
 * One kind of problem. A task wires data, model, loss, metrics and prediction; it is the only place where they meet.
 * Adding one is one file here and one line in `tasks.ts`.
 */
export interface Task<R extends TrainedRecipe = TrainedRecipe> {
  readonly name: string;
  /** Checks a recipe of this task and fills in its defaults. */
  readonly recipe: z.ZodType<R>;
  /** The validation score that chooses the best checkpoint, and the best trial when tuning. */
  readonly monitor: { readonly name: string; readonly mode: "min" | "max" };
  /** Opens, cleans and splits the data and fits what is fitted, on the training part only. */
  prepare(recipe: R, context: TaskContext): Promise<Problem>;
  /** A predictor over the parts of a bundle that this task wrote. */
  load(parts: BundleParts): Promise<Predictor>;
}

/** A recipe that trains. */
export interface TrainedRecipe extends Recipe {
  readonly train: TrainingConfig;
}

/** What surrounds a stage: where to tell how far it is, and when to give up. */
export interface TaskContext {
  /** Relative paths in the recipe start here. */
  readonly folder: string;
  readonly signal?: AbortSignal | undefined;
  progress(done: number, total: number, unit: string, detail?: string): void;
}

/** A recipe's problem, prepared. The types of its examples and batches stay inside. */
export interface Problem<M extends Model = Model, Batch = unknown> {
  readonly report: DataReport;
  /** What the model is made of, for the manifest. */
  readonly sources: Manifest["data"];
  /** The pretrained model that training begins with. */
  readonly base?: FolderDigest;
  /** One pass over the training part in batches; shuffled anew each epoch. */
  readonly batches: Dataset<Batch>;
  readonly batchesPerEpoch: number;
  /** The model as it is before the first step. One that reads a folder takes its time. */
  build(random: Random, stage: Pick<TaskContext, "signal" | "progress">): Built<M> | Promise<Built<M>>;
  /** Which parameters checkpoints keep: `trained` where `build` brings back the others. Default: all. */
  readonly checkpoints?: "all" | "trained";
  loss(model: M, batch: Batch, context: LossContext<Batch>): tf.Scalar | LossParts;
  /** Scores on the validation part, by name. */
  validate(model: M): Promise<Record<string, number>>;
  /** Scores, baselines and report on the test part, which nothing has seen before. */
  evaluate(model: M, context: EvaluationContext): Promise<Evaluated>;
  /** What is saved beside the weights. */
  readonly config: object;
  readonly preprocessor: object;
  /**
   * Writes the model's folder in place of `config` and the plain weights: the files that Hugging Face has for its family,
   * tokenizer included.
   */
  readonly save?: (model: M, folder: string) => Promise<void>;
}

export interface Built<M> {
  readonly model: M;
  readonly architecture: Architecture;
}

/** `architecture.json`. */
export interface Architecture {
  readonly name: string;
  readonly parameters: number;
  readonly input: readonly (number | null)[];
  readonly layers: readonly LayerSummary[];
}

export interface EvaluationContext extends TaskContext {
  /** Facts of the run, printed in the report. */
  readonly facts: readonly { readonly name: string; readonly value: string }[];
}

export interface Evaluated {
  readonly scores: readonly ScoreRow[];
  readonly baselines: readonly BaselineSummary[];
  /** In words: would a simple algorithm do? */
  readonly verdict: string;
  /** `evaluation.json`. */
  readonly evaluation: object;
  /** `report.html` and `report.zh.html`. */
  readonly reports: Readonly<Record<"en" | "zh", string>>;
}

/** The parts of a bundle that a predictor is built from; the weights may lie in shared memory. */
export interface BundleParts {
  readonly manifest: Pick<Manifest, "task" | "name">;
  readonly config: unknown;
  readonly preprocessor: unknown;
  /** The content of `tokenizer.json`, where there is one. */
  readonly tokenizer?: unknown;
  /** The bytes of `model.safetensors`. */
  readonly weights: Uint8Array;
  /**
   * Goes with the weights wherever they are shared, 0 at first: with it their matrices may be brought into another order where they
   * lie. See `settleParameters` of @nacre/tensor.
   */
  readonly order?: Int32Array | undefined;
}
