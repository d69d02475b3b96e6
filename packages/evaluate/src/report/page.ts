import { term } from "../terms.ts";
import { escapeHtml, section, table } from "./html.ts";
import { style } from "./style.ts";
import { type ReportLanguage, reportText } from "./text.ts";

export interface PageOptions {
  readonly title: string;
  readonly subtitle: string;
  readonly language: ReportLanguage;
  /** HTML, in order; empty ones are left out. */
  readonly parts: readonly string[];
}

/** A report's page: no network, no script; light, dark and printable. */
export function page({ title, subtitle, language, parts }: PageOptions): string {
  return `<!doctype html>
<html lang="${language === "zh" ? "zh-CN" : "en"}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${escapeHtml(title)}</title><style>${style}</style></head>
<body><main><header><h1>${escapeHtml(title)}</h1><p>${escapeHtml(subtitle)}</p></header>
${parts.join("\n")}
</main></body>
</html>
`;
}

/** What is to be said about the run. */
export function factsSection(
  facts: readonly { readonly name: string; readonly value: string }[],
  language: ReportLanguage,
): string {
  if (facts.length === 0) return "";
  const content = table(facts, [
    { title: "", cell: ({ name }) => escapeHtml(term(name, language)) },
    { title: "", cell: ({ value }) => escapeHtml(term(value, language)) },
  ]);
  return section(reportText(language).facts, "", content);
}
