import type { AnswerExample, AnswersEvaluation, Place } from "../answers.ts";
import type { LanguageModelEvaluation } from "../language-model.ts";
import type { MultipleChoiceEvaluation } from "../multiple-choice.ts";
import type { RetrievalEvaluation } from "../retrieval.ts";
import { term } from "../terms.ts";
import type { TranslationEvaluation, TranslationExample } from "../translation.ts";
import { escapeHtml, figure, percent, section, table } from "./html.ts";
import type { LanguageText } from "./language-text.ts";
import { fill, type ReportLanguage } from "./text.ts";

/** What BLEU consists of, and segments with scores of their own. */
export function translationParts({ bleu, worst, sample }: TranslationEvaluation, words: LanguageText): string[] {
  const orders = bleu.counts.map((matched, index) => ({
    order: index + 1,
    matched,
    total: bleu.totals[index]!,
    precision: bleu.precisions[index]!,
  }));
  const makeup = table(orders, [
    { title: words.order, cell: ({ order }) => String(order) },
    { title: words.matched, cell: ({ matched }) => matched.toLocaleString("en"), number: true },
    { title: words.total, cell: ({ total }) => total.toLocaleString("en"), number: true },
    { title: words.precision, cell: ({ precision }) => `${figure(precision, 1)} %`, number: true },
  ]);
  const lengths = [bleu.hypothesisLength, bleu.referenceLength].map((length) => length.toLocaleString("en"));
  const list = (examples: readonly TranslationExample[]): string =>
    lines(
      examples.map(({ source, references, hypothesis, bleu: own, chrf, ter }) => [
        ...(source === null ? [] : [[words.source, escapeHtml(source)] as const]),
        ...references.map((reference) => [words.reference, escapeHtml(reference)] as const),
        [words.hypothesis, `<b>${escapeHtml(hypothesis)}</b>`] as const,
        ["", `<small>BLEU ${figure(own, 1)} · chrF2 ${figure(chrf, 1)} · TER ${figure(ter, 1)}</small>`] as const,
      ]),
    );
  return [
    section(words.bleu, fill(words.bleuHint, figure(bleu.brevityPenalty, 3), ...lengths), makeup),
    ...shown(words.sample, list(sample)),
    ...shown(words.worst, list(worst)),
  ];
}

/** Questions with right and given answers marked where they stand. */
export function answerParts(
  { thresholds, worst, sample }: AnswersEvaluation,
  words: LanguageText,
  language: ReportLanguage,
): string[] {
  const list = (examples: readonly AnswerExample[]): string =>
    `<ul class="lines">${examples.map((example) => `<li>${answerExample(example, words)}</li>`).join("")}</ul>`;
  const best =
    thresholds === null
      ? []
      : [
          section(
            words.thresholds,
            "",
            table(
              [
                { name: "exact match", ...thresholds.exact },
                { name: "F1", ...thresholds.f1 },
              ],
              [
                { title: words.score, cell: ({ name }) => escapeHtml(term(name, language)) },
                { title: "", cell: ({ value }) => figure(value, 2), number: true },
                { title: words.threshold, cell: ({ threshold }) => figure(threshold, 4), number: true },
              ],
            ),
          ),
        ];
  return [
    ...best,
    ...(sample.length === 0 ? [] : [section(words.sample, words.answersHint, list(sample))]),
    ...(worst.length === 0 ? [] : [section(words.worst, words.answersHint, list(worst))]),
  ];
}

function answerExample(example: AnswerExample, words: LanguageText): string {
  const { question, context, answers, prediction, predicted, right, exact, f1 } = example;
  const said = (text: string): string => (text === "" ? `<i>${escapeHtml(words.noAnswer)}</i>` : escapeHtml(text));
  const texts = answers.length === 0 ? [""] : [...new Set(answers)];
  return (
    `<b>${escapeHtml(question)}</b><p>${marked(context, { predicted, right })}</p>` +
    `<dl><dt>${escapeHtml(words.right)}</dt><dd>${texts.map(said).join(" · ")}</dd>` +
    `<dt>${escapeHtml(words.predicted)}</dt><dd${exact === 1 ? "" : ' class="wrong"'}>${said(prediction)} <small>F1 ${figure(f1, 2)}</small></dd></dl>`
  );
}

/** The context around both places, with what belongs to them marked. */
function marked(context: string, { predicted, right }: { predicted: Place | null; right: Place | null }): string {
  const places = [predicted, right].filter((place) => place !== null);
  const around = 160;
  const from = places.length === 0 ? 0 : Math.max(0, Math.min(...places.map(({ start }) => start)) - around);
  const to = places.length === 0 ? 2 * around : Math.max(...places.map(({ end }) => end)) + around;
  const cuts = new Set([from, Math.min(to, context.length)]);
  for (const { start, end } of places) for (const cut of [start, end]) cuts.add(cut);
  const borders = [...cuts].sort((one, other) => one - other);
  const inside = (place: Place | null, at: number): boolean => place !== null && at >= place.start && at < place.end;
  const parts = borders.slice(0, -1).map((start, index) => {
    const text = escapeHtml(context.slice(start, borders[index + 1]));
    const classes = [inside(right, start) ? "right" : "", inside(predicted, start) ? "said" : ""].filter(Boolean);
    return classes.length === 0 ? text : `<mark class="${classes.join(" ")}">${text}</mark>`;
  });
  return `${from > 0 ? "…" : ""}${parts.join("")}${to < context.length ? "…" : ""}`;
}

/** Lengths, how tokens were scored, and the texts that surprise most. */
export function likelihoodParts(evaluation: LanguageModelEvaluation, words: LanguageText): string[] {
  const { tokens, characters, bytes, window, worst } = evaluation;
  const lengths = fill(words.lengths, ...[tokens, characters, bytes].map((count) => count.toLocaleString("en")));
  const windows =
    window === null ? "" : ` ${fill(words.window, window.context, window.stride, window.context - window.stride)}`;
  const content = table(worst, [
    { title: words.text, cell: ({ index, text }) => escapeHtml(text === null ? `#${index}` : clipped(text)) },
    { title: words.bits, cell: ({ bitsPerCharacter }) => figure(bitsPerCharacter, 3), number: true },
    { title: words.loss, cell: ({ loss }) => figure(loss, 3), number: true },
  ]);
  return [section(words.worstTexts, lengths + windows, content)];
}

export function retrievalParts({ worst, scores }: RetrievalEvaluation, words: LanguageText): string[] {
  const content = table(worst, [
    { title: words.query, cell: ({ index, query }) => escapeHtml(clipped(query ?? `#${index}`)) },
    { title: words.found, cell: ({ found }) => escapeHtml(found.slice(0, 5).map(clipped).join(" · ")) },
    { title: words.relevant, cell: ({ relevant }) => escapeHtml(relevant.slice(0, 5).map(clipped).join(" · ")) },
    { title: scores[0]!.name, cell: ({ ndcg }) => figure(ndcg, 3), number: true },
  ]);
  return worst.length === 0 ? [] : [section(words.worst, "", content)];
}

export function choiceParts(evaluation: MultipleChoiceEvaluation, words: LanguageText): string[] {
  const { chance, shots, contamination, wrong } = evaluation;
  const content = table(wrong, [
    { title: "", cell: ({ index }) => `#${index}` },
    { title: words.answer, cell: ({ answer }) => escapeHtml(clipped(answer)) },
    { title: words.chosen, cell: ({ chosen }) => `<span class="wrong">${escapeHtml(clipped(chosen))}</span>` },
  ]);
  const note =
    contamination === null ? "" : section(words.contamination, "", `<p>${escapeHtml(contamination.text)}</p>`);
  return [section(words.wrong, fill(words.guessing, percent(chance), shots), content), note];
}

function lines(examples: readonly (readonly (readonly [string, string])[])[]): string {
  const items = examples.map(
    (rows) =>
      `<li><dl>${rows.map(([name, value]) => `<dt>${escapeHtml(name)}</dt><dd>${value}</dd>`).join("")}</dl></li>`,
  );
  return `<ul class="lines">${items.join("")}</ul>`;
}

function shown(title: string, content: string): string[] {
  return content.includes("<li>") ? [section(title, "", content)] : [];
}

function clipped(text: string): string {
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
