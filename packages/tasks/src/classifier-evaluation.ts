import {
  type BaselineVerdict,
  type ClassificationEvaluation,
  type ClassifiedExample,
  evaluateClassification,
  hits,
  judgeBaselines,
  renderReport,
} from "@nacre/evaluate";
import {
  type BaselineRow,
  crossValidateTextBaselines,
  type LabelledRows,
  runBaselines,
  type TextFold,
} from "@nacre/evaluate/baselines";
import { Random } from "@nacre/random";
import { z } from "zod";
import type { Evaluated, EvaluationContext } from "./task.ts";

export const EvaluationConfig = z.strictObject({
  resamples: z.int().min(100).default(1000).describe("bootstrap resamples behind each interval"),
  worst: z.int().nonnegative().default(24).describe("worst examples to keep"),
  baselines: z.boolean().default(true).describe("whether simple algorithms are tried on the same data"),
  baselineLimit: z.int().positive().default(8000).describe("most training examples that a baseline sees"),
});
export type EvaluationConfig = z.infer<typeof EvaluationConfig>;

/** What can be shown of an example. */
export interface ShownExample {
  /** Data URL. */
  readonly png?: string;
  readonly row?: Readonly<Record<string, string | number | null>>;
}

/** `evaluation.json` of a classifier. */
export interface ClassifierResults {
  readonly evaluation: ClassificationEvaluation;
  readonly baselines: readonly BaselineRow[];
  readonly comparison: BaselineVerdict | null;
  readonly worst: readonly (ClassificationEvaluation["worst"][number] & ShownExample)[];
}

/** What baselines learn from and are scored on: the same parts as the model. */
type BaselineData =
  | { readonly train: LabelledRows; readonly test: LabelledRows; readonly folds?: undefined }
  /** One fold for a test part of its own; more for cross-validation, the model's predictions being in the folds' order. */
  | { readonly folds: readonly TextFold[] };

export type ClassifierEvaluationOptions = BaselineData & {
  readonly title: Readonly<Record<"en" | "zh", string>>;
  readonly config: EvaluationConfig;
  readonly classes: readonly string[];
  readonly seed: number;
  /** The model's predictions on the test part. */
  readonly examples: readonly ClassifiedExample[];
  /** Rows of the whole training part, where baselines see only some of it. */
  readonly available: number;
  readonly show: (index: number) => Promise<ShownExample>;
};

/** The training examples that simple algorithms see: some of them at random, the same ones for the same seed. */
export function baselineSample<T>(
  train: readonly T[],
  { seed, limit }: { readonly seed: number; readonly limit: number },
): T[] {
  const order = new Random(seed).fork("baselines").permutation(train.length);
  return Array.from({ length: Math.min(train.length, limit) }, (_, index) => train[order[index]!]!);
}

/** Scores a classifier beside simple algorithms and writes it up. */
export async function evaluateClassifier(
  options: ClassifierEvaluationOptions,
  context: EvaluationContext,
): Promise<Evaluated> {
  const { title, config, classes, seed, examples, available, show } = options;
  const { resamples, worst: worstCount } = config;
  const evaluation = evaluateClassification({ classes, examples, seed, resamples, worst: worstCount });
  const setting = {
    available,
    classes,
    seed,
    limit: config.baselineLimit,
    progress: (done: number, total: number, name: string) => context.progress(done, total, "baselines", name),
    ...(context.signal === undefined ? {} : { signal: context.signal }),
  };
  const run = () =>
    options.folds === undefined
      ? runBaselines({ ...setting, train: options.train, test: options.test })
      : crossValidateTextBaselines({ ...setting, folds: options.folds });
  const baselines = config.baselines ? await run() : [];
  const comparison = judgeBaselines({
    evaluation,
    hits: hits(examples),
    labels: examples.map(({ label }) => label),
    baselines,
  });
  const worst = await Promise.all(
    evaluation.worst.map(async (example) => ({ ...example, ...(await show(example.index)) })),
  );
  const report = (language: "en" | "zh") =>
    renderReport({ title: title[language], evaluation, baselines, comparison, worst, facts: context.facts, language });
  const results: ClassifierResults = { evaluation, baselines, comparison, worst };
  return {
    scores: evaluation.scores,
    baselines: baselines.map(({ name, scores, seconds, note }) => ({
      name,
      scores: scores.map(plainScore),
      seconds,
      note,
    })),
    verdict: comparison?.text ?? "No simple algorithm was tried.",
    evaluation: results,
    reports: { en: report("en"), zh: report("zh") },
  };
}

function plainScore({ name, value, low, high }: { name: string; value: number; low: number; high: number }) {
  return { name, value, low, high };
}
