import {
  bootstrap,
  evaluateLanguageModel,
  type LanguageModelEvaluation,
  renderLanguageReport,
  type ScoredText,
  wilson,
} from "@nacre/evaluate";
import type { Evaluated, EvaluationContext } from "../../task.ts";
import type { LanguageModelComparison, TextResults } from "../evaluation.ts";
import type { Measured, PairScore } from "./objective.ts";
import type { FineTuningRecipe } from "./recipe.ts";
import { type TunedComparison, verdictOf } from "./verdict.ts";

/** What a model gave the test part, and how long that took. */
export interface MeasuredModel extends Measured {
  readonly seconds: number;
  /** What it answers, a text for each prompt. */
  readonly answers: readonly string[];
}

export interface TunedOptions {
  readonly recipe: FineTuningRecipe;
  readonly before: MeasuredModel;
  readonly after: MeasuredModel;
  /** What was asked for `answers`. */
  readonly prompts: readonly string[];
}

type Scores = LanguageModelEvaluation["scores"];

const baseline = "before fine-tuning";

/** Scores a fine-tuned model beside what it was before, on the same answers, and writes it up. */
export function evaluateTuned(options: TunedOptions, context: EvaluationContext): Evaluated {
  const { recipe, before, after, prompts } = options;
  const { title } = recipe;
  const evaluation = scored(after, options);
  const earlier = scored(before, options).scores;
  const scores: Scores = [...evaluation.scores, ...rewards(options)];
  const baselines = [{ name: baseline, scores: earlier, seconds: before.seconds }];
  const comparison = compare(options);
  const samples = prompts.map((prompt, index) => ({
    prompt,
    text: after.answers[index]!,
    before: before.answers[index]!,
  }));
  const report = (language: "en" | "zh") =>
    renderLanguageReport({
      title: title[language],
      evaluation: { ...evaluation, scores },
      systems: baselines,
      systemsAre: "earlier",
      notes: [verdictOf(comparison, language)],
      samples,
      facts: context.facts,
      language,
    });
  const results: TextResults = {
    evaluation: { ...evaluation, scores },
    baselines,
    comparison,
    samples,
    unknownCharacters: 0,
  };
  return {
    scores,
    baselines: baselines.map((row) => ({ ...row, scores: [...row.scores] })),
    verdict: verdictOf(comparison, "en"),
    evaluation: results,
    reports: { en: report("en"), zh: report("zh") },
  };
}

/** Of the answers' tokens alone; and how often the better of two answers is the likelier one. */
function scored({ units, pairs }: Measured, { recipe }: TunedOptions): LanguageModelEvaluation {
  const own = evaluateLanguageModel({ texts: units, seed: recipe.seed, resamples: recipe.evaluate.resamples });
  const scores = own.scores.map((score) => ({ ...score, signature: `${score.signature}|of:answers` }));
  if (pairs === undefined) return { ...own, scores };
  const hits = pairs.filter(isRight).length;
  const signature = `share|pairs:${pairs.length}|log p(chosen) > log p(rejected)|interval:wilson`;
  const right = { name: "pairs ranked right", value: hits / pairs.length, ...wilson(hits, pairs.length), signature };
  return { ...own, scores: [right, ...scores] };
}

function isRight({ chosen, rejected }: PairScore): boolean {
  return chosen > rejected;
}

/** How much more than before the chosen answers are preferred: β times the gain in log-probability over the rejected ones'. */
function rewards({ recipe, before, after }: TunedOptions): Scores {
  const { objective, seed, evaluate } = recipe;
  if (objective.kind !== "preference" || after.pairs === undefined) return [];
  const { beta } = objective;
  const margins = after.pairs.map(({ chosen, rejected }, index) => {
    const was = before.pairs![index]!;
    return beta * (chosen - was.chosen - (rejected - was.rejected));
  });
  const mean = (weights?: Uint16Array) => weightedMean(margins, weights);
  const { resamples } = evaluate;
  const [interval] = bootstrap(margins.length, (weights) => [mean(weights)], { seed, resamples });
  const hits = margins.filter((margin) => margin > 0).length;
  const signature = `pairs:${margins.length}|beta:${beta}`;
  return [
    {
      name: "reward accuracy",
      value: hits / margins.length,
      ...wilson(hits, margins.length),
      signature: `share|${signature}|interval:wilson`,
    },
    {
      name: "reward margin",
      value: mean(),
      ...interval!,
      signature: `mean|${signature}|bs:${resamples}|seed:${seed}`,
    },
  ];
}

/** Of the pairs where there are any, else of the loss: what training was for. */
function compare({ recipe, before, after }: TunedOptions): TunedComparison & LanguageModelComparison {
  const { seed, evaluate } = recipe;
  const difference =
    after.pairs === undefined
      ? (weights?: Uint16Array) => meanLoss(before.units, weights) - meanLoss(after.units, weights)
      : (weights?: Uint16Array) => {
          const gained = after.pairs!.map((pair, at) => Number(isRight(pair)) - Number(isRight(before.pairs![at]!)));
          return 100 * weightedMean(gained, weights);
        };
  const [interval] = bootstrap(after.units.length, (weights) => [difference(weights)], {
    seed,
    resamples: evaluate.resamples,
  });
  const { low, high } = interval!;
  const answer = low > 0 ? "no" : high < 0 ? "yes" : "undecided";
  const of = after.pairs === undefined ? "answers" : "pairs";
  return { answer, best: baseline, difference: difference(), low, high, of };
}

function meanLoss(units: readonly ScoredText[], weights?: Uint16Array): number {
  let [nats, tokens] = [0, 0];
  units.forEach((unit, index) => {
    const weight = weights?.[index] ?? 1;
    nats -= weight * unit.logLikelihood;
    tokens += weight * unit.tokens;
  });
  return nats / tokens;
}

function weightedMean(values: readonly number[], weights?: Uint16Array): number {
  let [sum, count] = [0, 0];
  values.forEach((value, index) => {
    const weight = weights?.[index] ?? 1;
    sum += weight * value;
    count += weight;
  });
  return sum / count;
}
