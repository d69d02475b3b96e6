import type { BaselineRow } from "../baselines.ts";
import type { ClassificationEvaluation, Score } from "../classification.ts";
import type { BaselineVerdict } from "../judge.ts";
import { term } from "../terms.ts";
import { escapeHtml, figure, percent, section, table } from "./html.ts";
import { factsSection, page } from "./page.ts";
import { confusionTable, curvesPlot, reliabilityPlot, whisker } from "./plots.ts";
import { fill, type ReportLanguage, type ReportText, reportText } from "./text.ts";

type Worst = ClassificationEvaluation["worst"][number] & {
  /** Data URL. */
  readonly png?: string;
  readonly row?: Readonly<Record<string, string | number | null>>;
};

export interface ReportInput {
  readonly title: string;
  readonly evaluation: ClassificationEvaluation;
  readonly baselines: readonly BaselineRow[];
  readonly comparison: BaselineVerdict | null;
  readonly worst: readonly Worst[];
  readonly facts: readonly { readonly name: string; readonly value: string }[];
  /** Default "en". */
  readonly language?: ReportLanguage;
}

/**
 * An evaluation as one HTML page: no network, no script; light, dark and printable. Everything that comes from data is
 * escaped.
 */
export function renderReport(input: ReportInput): string {
  const { title, evaluation, language = "en" } = input;
  const words = reportText(language);
  const ece = evaluation.scores.find(({ name }) => name === "ECE");
  const parts = [
    verdict(input, words),
    `<div class="two">${scores(evaluation, words, language)}${baselines(input, words)}</div>`,
    section(words.confusion, words.confusionHint, confusionTable(evaluation.classes, evaluation.confusion, words)),
    curves(evaluation, words),
    section(
      words.calibration,
      fill(words.calibrationHint, figure(ece?.value, 3)),
      reliabilityPlot(evaluation.calibration, { x: words.confidence, y: words.right, title: words.calibration }),
    ),
    perClass(evaluation, words),
    worst(input.worst, words),
    factsSection(input.facts, language),
  ];
  const subtitle = `${words.report} · ${evaluation.examples.toLocaleString("en")} ${words.examples}`;
  return page({ title, subtitle, language, parts });
}

function verdict({ comparison, language = "en" }: ReportInput, words: ReportText): string {
  if (comparison === null) return "";
  const { answer, best, examples, comparison: test } = comparison;
  const chance = test.pValue < 0.001 ? "p < 0.001" : `p = ${test.pValue.toFixed(3)}`;
  const text = fill(
    words[`verdict_${answer}`],
    Math.abs(100 * test.difference).toFixed(1),
    term(best, language),
    chance,
  );
  return `<section class="verdict ${answer}"><p>${escapeHtml(text)}</p><small>${escapeHtml(fill(words.test, examples))}</small></section>`;
}

function scores(
  { scores: all, resamples }: ClassificationEvaluation,
  words: ReportText,
  language: ReportLanguage,
): string {
  const content = table(all, [
    {
      title: "",
      cell: ({ name, signature }) =>
        `<span title="${escapeHtml(signature)}">${escapeHtml(term(name, language))}</span>`,
    },
    { title: "", cell: whisker },
    { title: "", cell: ({ value }) => figure(value), number: true },
    { title: "95 %", cell: ({ low, high }) => `<small>${figure(low, 3)} – ${figure(high, 3)}</small>`, number: true },
  ]);
  return section(words.scores, fill(words.scoresHint, resamples), content);
}

function baselines({ evaluation, baselines: all, language = "en" }: ReportInput, words: ReportText): string {
  if (all.length === 0) return "";
  const accuracyOf = (list: readonly Score[]): Score => list.find(({ name }) => name === "accuracy")!;
  const rows = [
    { name: words.model, own: true, score: accuracyOf(evaluation.scores), seconds: "", note: "" },
    ...all.map(({ name, scores: list, seconds, note = "" }) => ({
      name: term(name, language),
      own: false,
      score: accuracyOf(list),
      seconds: seconds.toFixed(1),
      note: term(note, language),
    })),
  ].sort((left, right) => right.score.value - left.score.value);
  const content = table(
    rows,
    [
      {
        title: words.algorithm,
        cell: ({ name, note }) => `${escapeHtml(name)}${note === "" ? "" : `<br><small>${escapeHtml(note)}</small>`}`,
      },
      { title: words.accuracy, cell: ({ score }) => whisker(score) },
      { title: "", cell: ({ score }) => percent(score.value), number: true },
      { title: words.seconds, cell: ({ seconds }) => `<small>${seconds}</small>`, number: true },
    ],
    ({ own }) => own,
  );
  return section(words.baselines, words.baselinesHint, content);
}

function curves({ roc, precisionRecall }: ClassificationEvaluation, words: ReportText): string {
  const plots = [
    curvesPlot(roc, { x: words.falsePositive, y: words.truePositive, title: "ROC" }),
    curvesPlot(precisionRecall, { x: words.recall, y: words.precision, title: `${words.precision} – ${words.recall}` }),
  ];
  return section(words.curves, words.curvesHint, `<div class="plots">${plots.join("")}</div>`);
}

function perClass({ perClass: rows }: ClassificationEvaluation, words: ReportText): string {
  const content = table(rows, [
    { title: words.class, cell: ({ label }) => escapeHtml(label) },
    { title: words.precision, cell: ({ precision }) => figure(precision, 3), number: true },
    { title: words.recall, cell: ({ recall }) => figure(recall, 3), number: true },
    { title: "F1", cell: ({ f1 }) => figure(f1, 3), number: true },
    { title: "ROC-AUC", cell: ({ rocAuc }) => figure(rocAuc), number: true },
    { title: words.support, cell: ({ support }) => support.toLocaleString("en"), number: true },
  ]);
  return section(words.perClass, "", content);
}

function worst(examples: readonly Worst[], words: ReportText): string {
  if (examples.length === 0) return "";
  const items = examples.map(({ label, predicted, probability, png, row }) => {
    const picture = png === undefined ? "" : `<img alt="${escapeHtml(label)}" src="${escapeHtml(png)}">`;
    const fields = Object.entries(row ?? {}).map(
      ([name, value]) => `<dt>${escapeHtml(name)}</dt><dd>${value === null ? "–" : escapeHtml(value)}</dd>`,
    );
    const wrong = label === predicted ? "" : ` class="wrong"`;
    return (
      `<li>${picture}<b>${escapeHtml(label)}</b> → <b${wrong}>${escapeHtml(predicted)}</b><br>` +
      `<small>${escapeHtml(fill(words.truth, probability.toFixed(3)))}</small>${fields.length > 0 ? `<dl>${fields.join("")}</dl>` : ""}</li>`
    );
  });
  return section(words.worst, words.worstHint, `<ul class="worst">${items.join("")}</ul>`);
}
