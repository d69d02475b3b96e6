import type { AnswersEvaluation } from "../answers.ts";
import type { Score } from "../classification.ts";
import type { CorpusComparison } from "../corpus-significance.ts";
import type { LanguageModelEvaluation } from "../language-model.ts";
import type { MultipleChoiceEvaluation } from "../multiple-choice.ts";
import type { RetrievalEvaluation } from "../retrieval.ts";
import { term } from "../terms.ts";
import type { TranslationEvaluation } from "../translation.ts";
import { type AttentionMap, attentionMaps } from "./attention-maps.ts";
import { escapeHtml, figure, section, table } from "./html.ts";
import { answerParts, choiceParts, likelihoodParts, retrievalParts, translationParts } from "./language-examples.ts";
import { type LanguageText, languageText } from "./language-text.ts";
import { factsSection, page } from "./page.ts";
import { whisker } from "./plots.ts";
import { fill, type ReportLanguage, reportText } from "./text.ts";

/** Evaluations of language that a page can be made of. */
export type LanguageEvaluation =
  | TranslationEvaluation
  | AnswersEvaluation
  | LanguageModelEvaluation
  | RetrievalEvaluation
  | MultipleChoiceEvaluation;

/** Another system's scores on the same test part; those of a name that the evaluation has are shown. */
export interface RivalSystem {
  readonly name: string;
  readonly scores: readonly Pick<Score, "name" | "value" | "low" | "high">[];
  readonly note?: string;
}

/** A significance test of two systems on one score. */
export interface ScoredComparison extends CorpusComparison {
  readonly name: string;
  readonly signature?: string;
}

export interface WrittenSample {
  readonly prompt: string;
  readonly text: string;
  /** What the model wrote before fine-tuning. */
  readonly before?: string;
}

export interface LanguageReportInput {
  readonly title: string;
  readonly evaluation: LanguageEvaluation;
  /** Baselines. Default none. */
  readonly systems?: readonly RivalSystem[];
  /** Whether those are simple systems, or what the model itself was before it was fine-tuned. Default: simple. */
  readonly systemsAre?: "simple" | "earlier";
  /** Of the model, first, with one of the systems; what `compareTranslations` gives. Default none. */
  readonly comparisons?: { readonly against: string; readonly rows: readonly ScoredComparison[] } | null;
  /** What to know first, in the report's language. Default none. */
  readonly notes?: readonly string[];
  /** Texts that the model wrote. Default none. */
  readonly samples?: readonly WrittenSample[];
  /** Where a translator looked. Default none. */
  readonly attention?: readonly AttentionMap[];
  readonly facts: readonly { readonly name: string; readonly value: string }[];
  /** Default "en". */
  readonly language?: ReportLanguage;
}

/**
 * An evaluation of language as one HTML page, like `renderReport`: scores with intervals and signatures, other systems, whether
 * differences are real, and examples. Everything that comes from data is escaped.
 */
export function renderLanguageReport(input: LanguageReportInput): string {
  const { title, evaluation, language = "en" } = input;
  const words = languageText(language);
  const kind = evaluation.kind.replace("-", "_") as "translation";
  const parts = [
    ...(input.notes ?? []).map((note) => `<section class="verdict"><p>${escapeHtml(note)}</p></section>`),
    scores(evaluation, words, language),
    systems(input, words),
    comparisons(input, words),
    samples(input, words),
    attentionMaps(input.attention ?? [], words),
    ...details(evaluation, words, language),
    factsSection(input.facts, language),
  ];
  const count = evaluation.examples.toLocaleString("en");
  const subtitle = `${reportText(language).report} · ${count} ${words[`examples_${kind}`]}`;
  return page({ title, subtitle, language, parts });
}

function details(evaluation: LanguageEvaluation, words: LanguageText, language: ReportLanguage): string[] {
  switch (evaluation.kind) {
    case "translation":
      return translationParts(evaluation, words);
    case "answers":
      return answerParts(evaluation, words, language);
    case "language-model":
      return likelihoodParts(evaluation, words);
    case "retrieval":
      return retrievalParts(evaluation, words);
    case "multiple-choice":
      return choiceParts(evaluation, words);
  }
}

/** What a whole line of a score's plot stands for; none for scores without an end. */
function scaleOf({ kind }: LanguageEvaluation): number | null {
  if (kind === "language-model") return null;
  return kind === "translation" || kind === "answers" ? 100 : 1;
}

function scores(evaluation: LanguageEvaluation, words: LanguageText, language: ReportLanguage): string {
  const scale = scaleOf(evaluation);
  const digits = scale === 100 ? 2 : 4;
  const scaled = ({ value, low, high }: Score, size: number) => ({
    value: value / size,
    low: low / size,
    high: high / size,
  });
  const content = table(evaluation.scores, [
    {
      title: "",
      cell: ({ name, signature }) => `${escapeHtml(term(name, language))}<br><code>${escapeHtml(signature)}</code>`,
    },
    ...(scale === null ? [] : [{ title: "", cell: (score: Score) => whisker(scaled(score, scale)) }]),
    { title: "", cell: ({ value }: Score) => figure(value, digits), number: true },
    {
      title: "95 %",
      cell: ({ low, high }: Score) => `<small>${figure(low, digits)} – ${figure(high, digits)}</small>`,
      number: true,
    },
  ]);
  return section(reportText(language).scores, fill(words.scoresHint, evaluation.resamples), content);
}

function systems(
  { evaluation, systems: rivals = [], systemsAre = "simple", language = "en" }: LanguageReportInput,
  words: LanguageText,
): string {
  if (rivals.length === 0) return "";
  const own: RivalSystem = { name: reportText(language).model, scores: evaluation.scores };
  const shown = evaluation.scores.filter(({ name }) =>
    rivals.some(({ scores: theirs }) => theirs.some((score) => score.name === name)),
  );
  const digits = scaleOf(evaluation) === 100 ? 2 : 4;
  const content = table(
    [own, ...rivals],
    [
      {
        title: words.system,
        cell: ({ name, note = "" }) =>
          `${escapeHtml(term(name, language))}${note === "" ? "" : `<br><small>${escapeHtml(term(note, language))}</small>`}`,
      },
      ...shown.map(({ name }) => ({
        title: term(name, language),
        cell: ({ scores: theirs }: RivalSystem) => figure(theirs.find((score) => score.name === name)?.value, digits),
        number: true,
      })),
    ],
    (row) => row === own,
  );
  return section(systemsAre === "simple" ? words.systems : words.earlier, words.systemsHint, content);
}

function comparisons({ comparisons: all = null, language = "en" }: LanguageReportInput, words: LanguageText): string {
  const first = all?.rows[0];
  if (all === null || first === undefined) return "";
  const content = table(all.rows, [
    {
      title: words.score,
      cell: ({ name, signature }) =>
        `${escapeHtml(term(name, language))}${signature === undefined ? "" : `<br><code>${escapeHtml(signature)}</code>`}`,
    },
    { title: reportText(language).model, cell: ({ first: value }) => figure(value, 2), number: true },
    { title: term(all.against, language), cell: ({ second }) => figure(second, 2), number: true },
    {
      title: words.difference,
      cell: ({ difference, low, high }) =>
        `${difference > 0 ? "+" : ""}${figure(difference, 2)} <small>${figure(low, 2)} – ${figure(high, 2)}</small>`,
      number: true,
    },
    {
      title: "p",
      cell: ({ pValue }) =>
        `${pValue < 0.001 ? "&lt; 0.001" : figure(pValue, 3)} <small>${escapeHtml(pValue < 0.05 ? words.significant : words.chance)}</small>`,
      number: true,
    },
  ]);
  const hint = fill(
    words.comparisonsHint,
    reportText(language).model,
    term(all.against, language),
    words[first.test],
    first.resamples.toLocaleString("en"),
  );
  return section(words.comparisons, hint, content);
}

function written(content: string): string {
  return `<p style="white-space:pre-wrap;overflow-wrap:anywhere">${content}</p>`;
}

function samples({ samples: all = [] }: LanguageReportInput, words: LanguageText): string {
  if (all.length === 0) return "";
  const items = all.map(({ prompt, text, before }) =>
    before === undefined
      ? written(`<b>${escapeHtml(prompt)}</b>${escapeHtml(text)}`)
      : written(`<b>${escapeHtml(prompt)}</b>`) +
        written(escapeHtml(text)) +
        written(`<small>${words.before}${escapeHtml(before)}</small>`),
  );
  return section(words.samples, words.samplesHint, items.join("<hr>"));
}
