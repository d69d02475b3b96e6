import type { BaselineRow } from "./baselines.ts";
import type { ClassificationEvaluation } from "./classification.ts";
import { type Comparison, mcnemar } from "./significance.ts";

/** The answer to "would a simple algorithm do?" */
export interface BaselineVerdict {
  readonly answer: "no" | "yes" | "undecided";
  /** The best simple algorithm by accuracy. */
  readonly best: string;
  /** Model minus baseline, over the examples that both predicted. */
  readonly comparison: Comparison;
  readonly examples: number;
  readonly text: string;
}

export interface JudgeOptions {
  readonly evaluation: ClassificationEvaluation;
  /** Whether the model was right, per example. */
  readonly hits: ArrayLike<number>;
  readonly labels: ArrayLike<number>;
  readonly baselines: readonly BaselineRow[];
}

/** Compares the model with the best baseline by McNemar's test at the 5 % level. Null without baselines. */
export function judgeBaselines({ evaluation, hits, labels, baselines }: JudgeOptions): BaselineVerdict | null {
  const accuracyOf = ({ scores }: Pick<BaselineRow, "scores">): number =>
    scores.find(({ name }) => name === "accuracy")!.value;
  const best = [...baselines].sort((left, right) => accuracyOf(right) - accuracyOf(left))[0];
  if (best === undefined) return null;
  const examples = best.predictions.length;
  const baselineHits = best.predictions.map((predicted, index) => Number(predicted === labels[index]));
  const comparison = mcnemar(Array.prototype.slice.call(hits, 0, examples), baselineHits);
  const points = `${Math.abs(comparison.difference * 100).toFixed(1)} percentage points`;
  const chance = comparison.pValue < 0.001 ? "p < 0.001" : `p = ${comparison.pValue.toFixed(3)}`;
  const model = `accuracy ${(accuracyOf(evaluation) * 100).toFixed(2)} %`;
  const rival = `the best simple algorithm, ${best.name}, at ${(accuracyOf(best) * 100).toFixed(2)} %`;
  if (comparison.pValue >= 0.05) {
    const text = `A simple algorithm may do: the model's ${model} and ${rival} cannot be told apart (${chance}).`;
    return { answer: "undecided", best: best.name, comparison, examples, text };
  }
  return comparison.difference > 0
    ? {
        answer: "no",
        best: best.name,
        comparison,
        examples,
        text: `The model is worth it: ${model}, ${points} above ${rival} (${chance}).`,
      }
    : {
        answer: "yes",
        best: best.name,
        comparison,
        examples,
        text: `A simple algorithm does better: ${rival}, is ${points} above the model's ${model} (${chance}).`,
      };
}
