import {
  type AnswerRule,
  type AnswersEvaluation,
  answerScores,
  evaluateAnswers,
  pairedBootstrap,
  renderLanguageReport,
  term,
} from "@nacre/evaluate";
import { AnswerFinder, slidingWindowAnswer } from "@nacre/evaluate/baselines";
import type { Evaluated, EvaluationContext } from "../task.ts";
import type { PassageQuestion } from "./source.ts";

/** How a simple algorithm did on the same questions. */
export interface AnswerBaseline {
  readonly name: string;
  readonly scores: AnswersEvaluation["scores"];
  readonly seconds: number;
  readonly note?: string;
}

/** F1, in percent: the model's less the best simple algorithm's, on the same questions. */
export interface AnswerComparison {
  readonly answer: "no" | "yes" | "undecided";
  readonly best: string;
  readonly difference: number;
  readonly low: number;
  readonly high: number;
  readonly pValue: number;
}

export interface QuestionEvaluationOptions {
  readonly title: Readonly<Record<"en" | "zh", string>>;
  readonly rule: AnswerRule;
  readonly seed: number;
  readonly resamples: number;
  readonly test: readonly PassageQuestion[];
  /** The model's answers; undefined for passages without tokens. */
  readonly found: readonly (Answer | undefined)[];
  /** What simple algorithms learn from; undefined where they are not to be tried. */
  readonly train: readonly PassageQuestion[] | undefined;
  /** Questions that the log-linear model learns from. */
  readonly limit: number;
}

interface Answer {
  readonly text: string;
  readonly start: number;
}

/** `evaluation.json` of a model that answers questions. */
export interface AnswerResults {
  readonly evaluation: AnswersEvaluation;
  readonly baselines: readonly AnswerBaseline[];
  readonly comparison: AnswerComparison | null;
}

/** Scores answers beside those of simple algorithms and writes it up. */
export async function evaluateQuestions(
  options: QuestionEvaluationOptions,
  context: EvaluationContext,
): Promise<Evaluated> {
  const { title } = options;
  const evaluation = evaluated(options, options.found);
  const tried = await tryBaselines(options, context);
  const comparison = compare(options, tried);
  const baselines = tried.map(({ answers: _, ...row }) => row);
  const report = (language: "en" | "zh") =>
    renderLanguageReport({
      title: title[language],
      evaluation,
      systems: baselines,
      notes: comparison === null ? [] : [verdictOf(comparison, language)],
      facts: context.facts,
      language,
    });
  const results: AnswerResults = { evaluation, baselines, comparison };
  return {
    scores: evaluation.scores,
    baselines: baselines.map((row) => ({ ...row, scores: [...row.scores] })),
    verdict: comparison === null ? "No simple algorithm was tried." : verdictOf(comparison, "en"),
    evaluation: results,
    reports: { en: report("en"), zh: report("zh") },
  };
}

function evaluated(
  { rule, seed, resamples, test }: QuestionEvaluationOptions,
  answers: readonly (Answer | undefined)[],
  shown?: number,
): AnswersEvaluation {
  return evaluateAnswers({
    rule,
    seed,
    resamples,
    ...(shown === undefined ? {} : { shown }),
    questions: test.map(({ question, passage, answers: right }, index) => {
      const answer = answers[index];
      const said = answer === undefined ? { prediction: "" } : { prediction: answer.text, start: answer.start };
      return { question, context: passage, answers: right, ...said };
    }),
  });
}

type TriedBaseline = AnswerBaseline & { readonly answers: readonly (Answer | undefined)[] };

async function tryBaselines(options: QuestionEvaluationOptions, context: EvaluationContext): Promise<TriedBaseline[]> {
  const { train, test, limit, seed } = options;
  if (train === undefined) return [];
  const rows: TriedBaseline[] = [];
  const answerAll = async (name: string, answer: (question: string, passage: string) => Answer) => {
    const answers: (Answer | undefined)[] = [];
    for (const [done, { question, passage }] of test.entries()) {
      if (done % 20 === 0) await pause(done / test.length, name);
      answers.push(/[\p{L}\p{N}]/u.test(passage) ? answer(question, passage) : undefined);
    }
    return answers;
  };
  const pause = async (share: number, detail: string): Promise<void> => {
    context.signal?.throwIfAborted();
    context.progress(Math.min(99, Math.round(100 * share)), 100, "%", detail);
    await new Promise((resolve) => setTimeout(resolve));
  };
  let started = performance.now();
  const add = (name: string, answers: TriedBaseline["answers"], note?: string): void => {
    const seconds = (performance.now() - started) / 1000;
    const { scores } = evaluated(options, answers, 0);
    rows.push({ name, scores, seconds, answers, ...(note === undefined ? {} : { note }) });
    started = performance.now();
  };
  add("sliding window", await answerAll("sliding window", slidingWindowAnswer));
  const known = train.filter(({ place }) => place !== undefined);
  const some = known.slice(0, limit);
  const finder = await AnswerFinder.fit(
    some.map(({ question, passage, place }) => ({
      question,
      context: passage,
      answer: passage.slice(place!.start, place!.end),
      start: place!.start,
    })),
    { seed, pause: (share) => pause(share, "log-linear model") },
  );
  const note = some.length < known.length ? `trained on ${some.length} of ${known.length}` : undefined;
  add("log-linear model", await answerAll("log-linear model", (...asked) => finder.answer(...asked)), note);
  context.progress(100, 100, "%");
  return rows;
}

function compare(
  { rule, test, found, seed, resamples }: QuestionEvaluationOptions,
  baselines: readonly TriedBaseline[],
): AnswerComparison | null {
  const f1 = (answers: readonly (Answer | undefined)[]): number[] =>
    test.map(({ answers: right }, index) => {
      const scores = answerScores({ prediction: answers[index]?.text ?? "", answers: right }, rule);
      return 100 * scores.f1;
    });
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [best] = baselines
    .map(({ name, answers }) => ({ name, values: f1(answers) }))
    .sort((one, other) => mean(other.values) - mean(one.values));
  if (best === undefined) return null;
  const { difference, low, high, pValue } = pairedBootstrap(f1(found), best.values, { seed, resamples });
  const answer = low > 0 ? "no" : high < 0 ? "yes" : "undecided";
  return { answer, best: best.name, difference, low, high, pValue };
}

function verdictOf({ answer, best, difference, low, high }: AnswerComparison, language: "en" | "zh"): string {
  const name = term(best, language);
  const points = Math.abs(difference).toFixed(1);
  const range = `95 %: ${[low, high].map((value) => value.toFixed(1)).join(" – ")}`;
  if (language === "zh") {
    if (answer === "no") return `这个模型物有所值：F1 比最好的简单算法（${name}）高 ${points} 个百分点（${range}）。`;
    if (answer === "yes") return `简单算法更好：${name} 的 F1 高 ${points} 个百分点（${range}）。`;
    return `简单算法或许就够了：模型与 ${name} 的 F1 难分高下（${range}）。`;
  }
  if (answer === "no") {
    return `The model is worth it: its F1 is ${points} points above that of the best simple algorithm, ${name} (${range}).`;
  }
  if (answer === "yes")
    return `A simple algorithm does better: the F1 of ${name} is ${points} points higher (${range}).`;
  return `A simple algorithm may do: the F1 of the model and of ${name} cannot be told apart (${range}).`;
}
