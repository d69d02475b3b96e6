import { StatisticsTable } from "./additive.ts";
import { bootstrap } from "./bootstrap.ts";
import type { Score } from "./classification.ts";
import { type AnswerRule, answerF1, answerScores, exactMatch } from "./metrics/answers.ts";

/** A question, what the model says, and what is right. */
export interface AskedQuestion {
  readonly question: string;
  /** What the answer is looked for in. */
  readonly context: string;
  /** None where the text has no answer (SQuAD 2.0). */
  readonly answers: readonly string[];
  /** Empty for "there is no answer". */
  readonly prediction: string;
  /** Where the prediction starts in the context, in UTF-16 units; found by its text without. */
  readonly start?: number;
  /** How sure the model is that there is none, from 0 to 1 or on any scale; SQuAD 2.0 alone. */
  readonly noAnswer?: number;
}

export interface AnswerExample extends AskedQuestion {
  readonly index: number;
  /** Where prediction and a right answer are in the context; null where they are not. */
  readonly predicted: Place | null;
  readonly right: Place | null;
  /** From 0 to 1. */
  readonly exact: number;
  readonly f1: number;
}

export interface Place {
  readonly start: number;
  readonly end: number;
}

/** Everything about answers to a set of questions: JSON. */
export interface AnswersEvaluation {
  readonly kind: "answers";
  readonly rule: AnswerRule;
  readonly examples: number;
  /** In percent: exact match, F1 and, for SQuAD 2.0, both for the questions with and without an answer. */
  readonly scores: readonly Score[];
  /** What would have been best to say "no answer" above: by exact match and by F1 (SQuAD 2.0 with `noAnswer`). */
  readonly thresholds: { readonly exact: Threshold; readonly f1: Threshold } | null;
  /** Lowest F1 first. */
  readonly worst: readonly AnswerExample[];
  /** Every so many questions, in order. */
  readonly sample: readonly AnswerExample[];
  readonly resamples: number;
  readonly seed: number;
}

export interface Threshold {
  /** In percent. */
  readonly value: number;
  readonly threshold: number;
}

export interface AnswersOptions {
  readonly rule: AnswerRule;
  readonly questions: readonly AskedQuestion[];
  /** A `noAnswer` above it counts as an empty prediction. Default 1, so that only empty predictions do. */
  readonly threshold?: number;
  readonly seed: number;
  /** Bootstrap resamples. Default 1000. */
  readonly resamples?: number;
  /** Questions in `worst` and in `sample`. Default 24. */
  readonly shown?: number;
}

/** Exact match and F1 with bootstrap intervals, and questions with their answers. @throws RangeError without questions. */
export function evaluateAnswers(options: AnswersOptions): AnswersEvaluation {
  const { rule, questions, threshold = 1, seed, resamples = 1000, shown = 24 } = options;
  if (questions.length === 0) throw new RangeError("Expected questions to evaluate. Received none.");
  const raw = questions.map((question) => answerScores(question, rule));
  const scores = questions.map((question, index) =>
    rule === "squad-2.0" && (question.noAnswer ?? 0) > threshold ? bothOf(hasAnswer(question) ? 0 : 1) : raw[index]!,
  );
  const groups: readonly (readonly [string, (question: AskedQuestion) => boolean])[] = [
    ["", () => true],
    ...(rule === "squad-2.0"
      ? ([
          [" (answerable)", hasAnswer],
          [" (unanswerable)", (question: AskedQuestion) => !hasAnswer(question)],
        ] as const)
      : []),
  ];
  const rows = groups.flatMap(([suffix, belongs]) => {
    const inside = questions.map((question) => (belongs(question) ? 1 : 0));
    if (!inside.includes(1)) return [];
    const table = (part: "exact" | "f1"): StatisticsTable<{ value: number }> =>
      new StatisticsTable(
        scores.map((score, index) => [inside[index]! * 100 * score[part], inside[index]!]),
        ([sum, count]) => ({ value: sum! / count! }),
      );
    return [
      { name: `exact match${suffix}`, signature: exactMatch(rule).signature, table: table("exact") },
      { name: `F1${suffix}`, signature: answerF1(rule).signature, table: table("f1") },
    ];
  });
  const intervals = bootstrap(questions.length, (weights) => rows.map(({ table }) => table.score(weights).value), {
    seed,
    resamples,
  });
  const examples = questions.map((question, index) => ({
    ...question,
    index,
    predicted: place(question.context, [question.prediction], question.start),
    right: place(question.context, question.answers),
    ...scores[index]!,
  }));
  const stride = Math.max(1, Math.floor(examples.length / Math.max(1, shown)));
  return {
    kind: "answers",
    rule,
    examples: questions.length,
    scores: rows.map(({ name, signature, table }, which) => ({
      name,
      value: table.score().value,
      ...intervals[which]!,
      signature: `${signature}|bs:${resamples}|seed:${seed}`,
    })),
    thresholds:
      rule === "squad-2.0" && questions.every(({ noAnswer }) => noAnswer !== undefined)
        ? {
            exact: bestThreshold(
              questions,
              raw.map(({ exact }) => exact),
            ),
            f1: bestThreshold(
              questions,
              raw.map(({ f1 }) => f1),
            ),
          }
        : null,
    worst: [...examples].sort((one, other) => one.f1 - other.f1 || one.index - other.index).slice(0, shown),
    sample: examples.filter((_, index) => index % stride === 0).slice(0, shown),
    resamples,
    seed,
  };
}

const hasAnswer = ({ answers }: AskedQuestion): boolean => answers.length > 0;
const bothOf = (value: number): { exact: number; f1: number } => ({ exact: value, f1: value });

/** SQuAD 2.0's search: answers are taken in the order of growing doubt, as long as that gains. */
function bestThreshold(questions: readonly AskedQuestion[], scores: readonly number[]): Threshold {
  let current = questions.filter((question) => !hasAnswer(question)).length;
  let [best, threshold] = [current, 0];
  const order = questions.map((_, index) => index);
  order.sort((one, other) => questions[one]!.noAnswer! - questions[other]!.noAnswer!);
  for (const index of order) {
    const question = questions[index]!;
    current += hasAnswer(question) ? scores[index]! : question.prediction === "" ? 0 : -1;
    if (current > best) [best, threshold] = [current, question.noAnswer!];
  }
  return { value: (100 * best) / questions.length, threshold };
}

function place(context: string, texts: readonly string[], start?: number): Place | null {
  for (const text of texts) {
    if (text === "") continue;
    const at = start !== undefined && context.startsWith(text, start) ? start : context.indexOf(text);
    if (at >= 0) return { start: at, end: at + text.length };
  }
  return null;
}
