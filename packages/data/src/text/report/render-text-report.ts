import { classBars, colour, histogram } from "../../report/charts.ts";
import type { NumberReport } from "../../report/data-report.ts";
import { escapeHtml, readable, style } from "../../report/html.ts";
import type { Counted, TextReport } from "./report-texts.ts";
import { fill, type ReportLanguage, type ReportWording, wordings } from "./wording.ts";

/** The report as one HTML page that needs nothing else: no network, no script. */
export function renderTextReport(report: TextReport, { language = "en" }: { language?: ReportLanguage } = {}): string {
  const words = wordings[language];
  const parts = [
    facts(report, words),
    warnings(report, words),
    classes(report, words),
    lengths(report, words),
    counted(words.languages, words.language, report.texts.languages, report.records, words),
    quality(report, words),
    personal(report, words),
    counted(
      words.cleaning,
      words.reason,
      report.cleaning.map(({ reason, count }) => ({ name: reason, count })),
      undefined,
      words,
    ),
    examples(report, words),
    samples(report, words),
  ];
  return `<!doctype html>
<html lang="${language === "zh" ? "zh-Hans" : "en"}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(report.name)} – ${words.title}</title>
<style>${style}
pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; max-height: 12em; overflow: auto; }
.examples td { vertical-align: top; width: 45%; } .examples td:first-child { width: 10%; }
</style>
</head>
<body>
<h1>${escapeHtml(report.name)}</h1>
<p class="soft">${words.intro} <code>${escapeHtml(report.digest)}</code></p>
${parts.filter((part) => part !== "").join("\n")}
</body>
</html>
`;
}

function facts({ records, splits, texts, duplicates }: TextReport, words: ReportWording): string {
  const items: [string, string][] = [
    [words.records, readable(records)],
    ...Object.entries(splits).map(([split, count]): [string, string] => [
      fill(words.in, split, share(count, records)),
      readable(count),
    ]),
    [words.characters, readable(texts.totalCharacters)],
    [words.words, readable(texts.totalWords)],
    [words.duplicates, readable(duplicates.within + duplicates.across)],
  ];
  if (texts.nearDuplicates) items.push([words.near, readable(texts.nearDuplicates.documents)]);
  const cells = items.map(([label, value]) => `<li><strong>${value}</strong>${escapeHtml(label)}</li>`);
  const near = texts.nearDuplicates;
  const hint = near ? fill(words.nearHint, readable(near.documents), readable(near.clusters), near.threshold) : "";
  return `<ul class="facts">${cells.join("")}</ul>${hint === "" ? "" : `<p class="soft">${hint}</p>`}`;
}

function warnings(report: TextReport, words: ReportWording): string {
  if (report.warnings.length === 0) return "";
  const items = report.warnings.map((warning) => `<li>${escapeHtml(warning)}</li>`);
  return `<h2>${words.look}</h2><ul class="warnings">${items.join("")}</ul>`;
}

function classes(report: TextReport, words: ReportWording): string {
  if (!report.classes || report.classes.length === 0) return "";
  const splits = Object.keys(report.splits);
  const legend = splits.map((split, index) => `<span class="key ${colour(index)}"></span>${escapeHtml(split)}`);
  return `<h2>${words.classes}</h2><p class="soft">${splits.length > 1 ? legend.join("") : ""}</p>
<div class="scroll">${classBars(report.classes, splits)}</div>`;
}

function lengths({ texts }: TextReport, words: ReportWording): string {
  const line = (label: string, numbers: NumberReport): string => {
    if (numbers.histogram.length === 0) return "";
    const { quantiles } = numbers;
    const chart = histogram(numbers.histogram, {
      label,
      from: readable(numbers.minimum),
      to: readable(numbers.maximum),
    });
    return `<tr><td>${label}</td><td class="number">${readable(numbers.mean)}</td><td class="number">${readable(quantiles["0.5"]!)}</td>
<td class="number">${readable(quantiles["0.05"]!)} – ${readable(quantiles["0.95"]!)}</td><td class="number">${readable(numbers.maximum)}</td><td>${chart}</td></tr>`;
  };
  return `<h2>${words.lengths}</h2><p class="soft">${words.lengthsHint}</p><div class="scroll"><table>
<thead><tr><th>${words.perText}</th><th class="number">${words.mean}</th><th class="number">${words.median}</th><th class="number">${words.most}</th><th class="number">${words.largest}</th><th>${words.distribution}</th></tr></thead>
<tbody>${line(words.characters, texts.characters)}${line(words.words, texts.words)}${line(words.lines, texts.lines)}</tbody></table></div>`;
}

/** A table of names and counts, with their share where the whole is known; nothing without counts. */
function counted(
  title: string,
  head: string,
  counts: readonly Counted[] | undefined,
  whole: number | undefined,
  words: ReportWording,
): string {
  if (counts === undefined || counts.length === 0) return "";
  const lines = counts.map(
    ({ name, count }) =>
      `<tr><td>${escapeHtml(name)}</td><td class="number">${readable(count)}</td>` +
      `${whole === undefined ? "" : `<td class="number">${share(count, whole)}</td>`}</tr>`,
  );
  return `<h2>${title}</h2><div class="scroll"><table><thead><tr><th>${head}</th><th class="number">${words.count}</th>${
    whole === undefined ? "" : `<th class="number">${words.share}</th>`
  }</tr></thead>
<tbody>${lines.join("\n")}</tbody></table></div>`;
}

function quality({ records, texts }: TextReport, words: ReportWording): string {
  if (texts.quality === undefined) return "";
  const broken = texts.quality.reduce((sum, { count }) => sum + count, 0);
  const table = counted(words.quality, words.rule, texts.quality, records, words);
  const hint = `<p class="soft">${fill(words.qualityHint, readable(records - broken))}</p>`;
  return table === "" ? `<h2>${words.quality}</h2>${hint}` : table.replace("</h2>", `</h2>${hint}`);
}

function personal({ texts }: TextReport, words: ReportWording): string {
  if (texts.personalData === undefined) return "";
  const hint = `<h2>${words.personal}</h2><p class="soft">${words.personalHint}</p>`;
  if (texts.personalData.length === 0) return `${hint}<p>${words.none}</p>`;
  const lines = texts.personalData.map(
    ({ name, count, texts: found }) =>
      `<tr><td>${escapeHtml(name)}</td><td class="number">${readable(count)}</td><td class="number">${readable(found)}</td></tr>`,
  );
  return `${hint}<div class="scroll"><table><thead><tr><th>${words.kind}</th><th class="number">${words.places}</th><th class="number">${words.inTexts}</th></tr></thead>
<tbody>${lines.join("\n")}</tbody></table></div>`;
}

function examples({ texts }: TextReport, words: ReportWording): string {
  if (texts.examples.length === 0) return "";
  const lines = texts.examples.map(({ reason, before, after }) => {
    const changed =
      after === undefined ? `<span class="soft">${words.dropped}</span>` : `<pre>${escapeHtml(after)}</pre>`;
    return `<tr><td>${escapeHtml(reason)}</td><td><pre>${escapeHtml(before)}</pre></td><td>${changed}</td></tr>`;
  });
  return `<h2>${words.examples}</h2><div class="scroll"><table class="examples"><thead><tr><th>${words.reason}</th><th>${words.before}</th><th>${words.after}</th></tr></thead>
<tbody>${lines.join("\n")}</tbody></table></div>`;
}

function samples(report: TextReport, words: ReportWording): string {
  if (report.samples.length === 0) return "";
  const labelled = report.classes !== undefined;
  const lines = report.samples.map(
    ({ label, row }) =>
      `<tr>${labelled ? `<td>${escapeHtml(label)}</td>` : ""}<td><pre>${escapeHtml(String(row?.text ?? ""))}</pre></td></tr>`,
  );
  return `<h2>${words.samples}</h2><div class="scroll"><table><thead><tr>${labelled ? `<th>${words.label}</th>` : ""}<th>${words.text}</th></tr></thead>
<tbody>${lines.join("\n")}</tbody></table></div>`;
}

function share(part: number, whole: number): string {
  if (whole === 0) return "0 %";
  const percent = (100 * part) / whole;
  return `${percent === 0 || percent >= 10 ? Math.round(percent) : percent.toFixed(1)} %`;
}
