import { type AdditiveMetric, observeAll } from "./additive.ts";
import { bootstrap } from "./bootstrap.ts";
import type { Score } from "./classification.ts";
import type { ContaminationNote } from "./few-shot.ts";
import { choiceAccuracy, likeliestChoice, type MultipleChoice } from "./metrics/multiple-choice.ts";

/** Everything about a language model's choices: JSON. */
export interface MultipleChoiceEvaluation {
  readonly kind: "multiple-choice";
  readonly examples: number;
  readonly shots: number;
  /** Accuracy by likelihood, and by likelihood per character and per byte. From 0 to 1. */
  readonly scores: readonly Score[];
  /** Expected of guessing. */
  readonly chance: number;
  readonly contamination: ContaminationNote | null;
  readonly wrong: readonly {
    readonly index: number;
    readonly answer: string;
    readonly chosen: string;
  }[];
  readonly resamples: number;
  readonly seed: number;
}

export interface MultipleChoiceOptions {
  readonly questions: readonly MultipleChoice[];
  /** Solved examples in each prompt. Default 0. */
  readonly shots?: number;
  /** Whether the model may have seen the questions; `contamination` finds out. */
  readonly contamination?: ContaminationNote;
  readonly seed: number;
  /** Bootstrap resamples. Default 1000. */
  readonly resamples?: number;
  /** Default 24. */
  readonly shown?: number;
}

/** Accuracies with bootstrap intervals, in the manner of lm-evaluation-harness. @throws RangeError without questions. */
export function evaluateMultipleChoice(options: MultipleChoiceOptions): MultipleChoiceEvaluation {
  const { questions, shots = 0, contamination = null, seed, resamples = 1000, shown = 24 } = options;
  if (questions.length === 0) throw new RangeError("Expected questions to evaluate. Received none.");
  const metrics: (readonly [string, AdditiveMetric<MultipleChoice, { readonly value: number }>])[] = [
    ["accuracy", choiceAccuracy("sum")],
    ["accuracy per character", choiceAccuracy("characters")],
    ["accuracy per byte", choiceAccuracy("bytes")],
  ];
  if (questions.every(({ unconditional }) => unconditional !== undefined)) {
    metrics.push(["accuracy by mutual information", choiceAccuracy("pointwise")]);
  }
  const tables = metrics.map(([, metric]) => observeAll(metric, questions));
  const intervals = bootstrap(questions.length, (weights) => tables.map((table) => table.score(weights).value), {
    seed,
    resamples,
  });
  return {
    kind: "multiple-choice",
    examples: questions.length,
    shots,
    scores: metrics.map(([name, { signature }], which) => ({
      name,
      value: tables[which]!.score().value,
      ...intervals[which]!,
      signature: `${signature}|shots:${shots}|bs:${resamples}|seed:${seed}`,
    })),
    chance: questions.reduce((sum, { choices }) => sum + 1 / choices.length, 0) / questions.length,
    contamination,
    wrong: questions
      .map((question, index) => ({ question, index, chosen: likeliestChoice(question) }))
      .filter(({ question, chosen }) => chosen !== question.answer)
      .slice(0, shown)
      .map(({ question, index, chosen }) => ({
        index,
        answer: question.choices[question.answer]!,
        chosen: question.choices[chosen]!,
      })),
    resamples,
    seed,
  };
}
