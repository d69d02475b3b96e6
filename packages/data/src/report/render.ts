import { categoryBars, classBars, colour, histogram } from "./charts.ts";
import type { ColumnReport, DataReport, Sample } from "./data-report.ts";
import { escapeHtml, readable, style } from "./html.ts";

/** The report as one HTML page that needs nothing else: no network, no script. */
export function renderDataReport(report: DataReport): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(report.name)} – data report</title>
<style>${style}</style>
</head>
<body>
<h1>${escapeHtml(report.name)}</h1>
<p class="soft">Data report. sha256 of the records in order: <code>${escapeHtml(report.digest)}</code></p>
${facts(report)}
${warnings(report)}
${classes(report)}
${images(report)}
${columns(report)}
${cleaning(report)}
${samples(report)}
</body>
</html>
`;
}

function facts(report: DataReport): string {
  const items: [string, string][] = [
    ["records", readable(report.records)],
    ...Object.entries(report.splits).map(([split, count]): [string, string] => [
      `in ${split} (${share(count, report.records)})`,
      readable(count),
    ]),
  ];
  if (report.classes) items.push(["classes", readable(report.classes.length)]);
  if (report.columns) items.push(["columns", readable(report.columns.length)]);
  const missing = report.columns?.reduce((sum, column) => sum + column.missing, 0);
  if (missing !== undefined) items.push(["missing values", readable(missing)]);
  items.push(["duplicates", readable(report.duplicates.within + report.duplicates.across)]);
  const cells = items.map(([label, value]) => `<li><strong>${value}</strong>${escapeHtml(label)}</li>`);
  return `<ul class="facts">${cells.join("")}</ul>`;
}

function warnings(report: DataReport): string {
  if (report.warnings.length === 0) return "";
  const items = report.warnings.map((warning) => `<li>${escapeHtml(warning)}</li>`);
  return `<h2>Worth a look</h2><ul class="warnings">${items.join("")}</ul>`;
}

function classes(report: DataReport): string {
  if (!report.classes || report.classes.length === 0) return "";
  const splits = Object.keys(report.splits);
  const legend = splits.map((split, index) => `<span class="key ${colour(index)}"></span>${escapeHtml(split)}`);
  return `<h2>Classes</h2><p class="soft">Records of each class${splits.length > 1 ? legend.join("") : ""}</p>
<div class="scroll">${classBars(report.classes, splits)}</div>`;
}

function images({ images: found }: DataReport): string {
  if (!found) return "";
  const size = `${found.height} × ${found.width}, ${found.channels === 1 ? "grey" : `${found.channels} channels`}`;
  const others = found.sizes > 1 ? ` (the first of ${found.sizes} sizes)` : "";
  const chart = histogram(found.histogram, {
    label: "pixels by brightness",
    from: "black",
    to: "white",
    width: 480,
    height: 110,
  });
  return `<h2>Images</h2>
<p>${size}${others}. Brightness from 0 to 1: mean ${readable(found.mean)}, deviation ${readable(found.deviation)}.</p>
<p class="soft">Pixels by brightness; the darkest step holds ${share(found.histogram[0] ?? 0, 1)}, the brightest ${share(found.histogram.at(-1) ?? 0, 1)}.</p>
${chart}`;
}

function columns(report: DataReport): string {
  if (!report.columns || report.columns.length === 0) return "";
  const lines = report.columns.map((column) => columnLine(column, report.records));
  return `<h2>Columns</h2><div class="scroll"><table>
<thead><tr><th>column</th><th>kind</th><th class="number">missing</th><th class="number">different</th><th>summary</th><th>values</th></tr></thead>
<tbody>${lines.join("\n")}</tbody></table></div>`;
}

function columnLine(column: ColumnReport, records: number): string {
  const { number } = column;
  const summary = number
    ? `mean ${readable(number.mean)} ± ${readable(number.deviation)}<br><span class="soft">median ${readable(number.quantiles["0.5"]!)}, ` +
      `90 % from ${readable(number.quantiles["0.05"]!)} to ${readable(number.quantiles["0.95"]!)}</span>`
    : "";
  const chart = number
    ? histogram(number.histogram, {
        label: `values of ${column.name}`,
        from: readable(number.minimum),
        to: readable(number.maximum),
      })
    : categoryBars(column.categories ?? [], column.others ?? 0);
  const missing = column.missing === 0 ? "0" : `${readable(column.missing)} (${share(column.missing, records)})`;
  return `<tr><td>${escapeHtml(column.name)}</td><td>${column.type}</td><td class="number">${missing}</td>
<td class="number">${readable(column.distinct)}</td><td>${summary}</td><td>${chart}</td></tr>`;
}

function cleaning(report: DataReport): string {
  if (report.cleaning.length === 0) return "";
  const lines = report.cleaning.map(
    ({ reason, count }) => `<tr><td>${escapeHtml(reason)}</td><td class="number">${readable(count)}</td></tr>`,
  );
  return `<h2>Cleaning</h2><div class="scroll"><table><thead><tr><th>reason</th><th class="number">count</th></tr></thead>
<tbody>${lines.join("\n")}</tbody></table></div>`;
}

function samples(report: DataReport): string {
  if (report.samples.length === 0) return "";
  const pictures = report.samples.filter((sample) => sample.png !== undefined);
  const rows = report.samples.filter((sample) => sample.row !== undefined);
  return `<h2>Samples</h2>${pictures.length > 0 ? gallery(pictures) : ""}${rows.length > 0 ? table(rows) : ""}`;
}

function gallery(pictures: readonly Sample[]): string {
  const figures = pictures.map(({ png, label }) => {
    const text = escapeHtml(label);
    return `<figure><img src="${escapeHtml(png!)}" alt="${text}">${text}</figure>`;
  });
  return `<div class="samples">${figures.join("")}</div>`;
}

function table(rows: readonly Sample[]): string {
  const names = Object.keys(rows[0]!.row!);
  const head = names.map((name) => `<th>${escapeHtml(name)}</th>`).join("");
  const body = rows.map(({ row }) => {
    const cells = names.map((name) => {
      const value = row![name] ?? null;
      return value === null ? '<td class="soft">missing</td>' : `<td>${escapeHtml(String(value))}</td>`;
    });
    return `<tr>${cells.join("")}</tr>`;
  });
  return `<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${body.join("\n")}</tbody></table></div>`;
}

function share(part: number, whole: number): string {
  if (whole === 0) return "0 %";
  const percent = (100 * part) / whole;
  return `${percent === 0 || percent >= 10 ? Math.round(percent) : percent.toFixed(1)} %`;
}
