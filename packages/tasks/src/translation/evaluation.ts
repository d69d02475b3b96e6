import {
  type AttentionMap,
  compareTranslations,
  evaluateTranslation,
  renderLanguageReport,
  type ScoredComparison,
  type TranslationEvaluation,
  term,
} from "@nacre/evaluate";
import { WordTranslator } from "@nacre/evaluate/baselines";
import type { Evaluated, EvaluationContext } from "../task.ts";
import type { TranslationRecipe } from "./recipe.ts";
import type { PairParts } from "./source.ts";

export interface TranslatedTest {
  readonly recipe: TranslationRecipe;
  readonly parts: PairParts;
  /** Of the test part's sources, in order. */
  readonly hypotheses: readonly string[];
  readonly attention: readonly AttentionMap[];
}

/** What a translator without a network makes of the test part. */
export interface TranslationBaseline {
  readonly name: string;
  readonly scores: TranslationEvaluation["scores"];
  readonly seconds: number;
}

/** `evaluation.json` of a translator. */
export interface TranslationResults {
  readonly evaluation: TranslationEvaluation;
  readonly baselines: readonly TranslationBaseline[];
  /** The model with the best baseline. */
  readonly comparison: { readonly against: string; readonly rows: readonly ScoredComparison[] } | null;
  readonly attention: readonly AttentionMap[];
}

/** Scores translations beside word-by-word ones and copies, and writes it up. */
export async function evaluateTranslator(test: TranslatedTest, context: EvaluationContext): Promise<Evaluated> {
  const { recipe, parts, hypotheses, attention } = test;
  const { resamples, lowercase, shown } = recipe.evaluate;
  const references = parts.test.map(({ target }) => target);
  const sources = parts.test.map(({ source }) => source);
  const common = {
    references: [references],
    seed: recipe.seed,
    resamples,
    lowercase,
    ...(parts.target === "zh" ? { tokenize: "zh" as const } : {}),
  };
  const evaluation = evaluateTranslation({ ...common, hypotheses, sources, shown });
  const tried = recipe.evaluate.baselines ? await tryBaselines(parts, context) : [];
  const rows = tried.map(({ name, texts, seconds }) => ({
    name,
    seconds,
    texts,
    scores: evaluateTranslation({ ...common, hypotheses: texts, shown: 0 }).scores,
  }));
  const best = [...rows].sort((one, other) => bleuOf(other) - bleuOf(one))[0];
  const comparison =
    best === undefined
      ? null
      : { against: best.name, rows: compareTranslations({ ...common, first: hypotheses, second: best.texts }) };
  const baselines = rows.map(({ texts: _, ...row }) => row);
  const report = (language: "en" | "zh") =>
    renderLanguageReport({
      title: recipe.title[language],
      evaluation,
      systems: baselines,
      comparisons: comparison,
      notes: comparison === null ? [] : [verdictOf(comparison, language)],
      attention,
      facts: context.facts,
      language,
    });
  const results: TranslationResults = { evaluation, baselines, comparison, attention };
  return {
    scores: evaluation.scores,
    baselines: baselines.map(({ name, scores, seconds }) => ({ name, scores: [...scores], seconds })),
    verdict: comparison === null ? "No simple system was tried." : verdictOf(comparison, "en"),
    evaluation: results,
    reports: { en: report("en"), zh: report("zh") },
  };
}

function bleuOf({ scores }: Pick<TranslationBaseline, "scores">): number {
  return scores.find(({ name }) => name === "BLEU")!.value;
}

async function tryBaselines(
  { train, test }: PairParts,
  context: EvaluationContext,
): Promise<{ name: string; texts: string[]; seconds: number }[]> {
  const sources = test.map(({ source }) => source);
  const name = "word by word";
  const started = performance.now();
  const translator = await WordTranslator.fit(
    train.map(({ source }) => source),
    train.map(({ target }) => target),
    {
      pause: async (share) => {
        context.signal?.throwIfAborted();
        context.progress(Math.round(100 * share), 100, "%", name);
        await new Promise((resolve) => setTimeout(resolve));
      },
    },
  );
  const texts = sources.map((source) => translator.translate(source));
  context.progress(100, 100, "%", name);
  return [
    { name, texts, seconds: (performance.now() - started) / 1000 },
    { name: "copy of the source", texts: sources, seconds: 0 },
  ];
}

function verdictOf({ against, rows }: NonNullable<TranslationResults["comparison"]>, language: "en" | "zh"): string {
  const { difference, low, high } = rows.find(({ name }) => name === "BLEU")!;
  const points = Math.abs(difference).toFixed(1);
  const range = `95 %: ${[low, high].map((value) => value.toFixed(1)).join(" – ")}`;
  const name = term(against, language);
  if (language === "zh") {
    if (low > 0) return `这个模型物有所值：BLEU 比最好的简单系统（${name}）高 ${points}（${range}）。`;
    if (high < 0) return `简单系统更好：${name} 的 BLEU 高 ${points}（${range}）。`;
    return `简单系统或许就够了：模型与 ${name} 难分高下（${range}）。`;
  }
  if (low > 0) return `The model is ${points} BLEU above the best simple system, ${name} (${range}).`;
  if (high < 0) return `A simple system does better: ${name} is ${points} BLEU above (${range}).`;
  return `A simple system may do: the model and ${name} cannot be told apart (${range}).`;
}
