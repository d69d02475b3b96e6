import { basename, resolve } from "node:path";
import { readDocuments, type SourceDocument, writeJsonLines } from "@nacre/data";
import {
  collapseWhitespace,
  countLines,
  dropDuplicateTexts,
  filterLanguage,
  filterQuality,
  filterRepetition,
  limitLength,
  maskPersonalData,
  normalizeUnicode,
  openLanguageDetector,
  removeBoilerplate,
  removeControlCharacters,
  renderTextReport,
  reportTexts,
  startTextCleaning,
  stripHtml,
  type TextCleaning,
  type TextCleaningStep,
} from "@nacre/data/text";
import { type Command, Option } from "commander";
import type { Surroundings } from "../program.ts";
import { table } from "../terminal.ts";
import { openDocuments, writePage } from "./data-texts.ts";

interface CleanOptions {
  readonly out: string;
  readonly field: string;
  readonly html: "remove" | "keep" | "off";
  readonly languages?: string;
  readonly quality: boolean;
  readonly mask: boolean;
  readonly boilerplate: boolean;
  readonly lines?: boolean;
  readonly duplicates: "exact" | "loose" | "keep";
  readonly report?: string;
  readonly language: "en" | "zh";
  readonly json?: boolean;
}

export function addTextClean(data: Command, { terminal, signal }: Surroundings): void {
  data
    .command("clean")
    .description(
      "Clean texts: HTML, characters, boilerplate, languages, quality, personal data, duplicates. Says what it did.",
    )
    .argument("<sources...>", "files, folders or patterns: txt, md, html, jsonl, csv, tsv, parquet, also gzipped")
    .requiredOption("-o, --out <file>", "where the texts go, a JSON line each")
    .option("--field <name>", "of .jsonl, .csv, .tsv and .parquet files: where the text stands", "text")
    .addOption(
      new Option("--html <what>", "of HTML: remove boilerplate too, keep it, or leave markup as it is")
        .choices(["remove", "keep", "off"])
        .default("remove"),
    )
    .option("--languages <codes>", "keep texts in these languages only, for example en,zh")
    .option("--no-boilerplate", "keep lines of banners, menus and legal notes")
    .option("--lines", "also take out lines repeated across documents; reads the files twice")
    .option("--no-quality", "keep texts that break the rules of Gopher")
    .option("--no-mask", "keep personal data")
    .addOption(
      new Option(
        "--duplicates <which>",
        "exact: drop equal texts; loose: also those equal but for case and punctuation",
      )
        .choices(["exact", "loose", "keep"])
        .default("exact"),
    )
    .option("--report <file>", "an HTML report on what is left, with texts before and after")
    .addOption(new Option("--language <code>", "of the report").choices(["en", "zh"]).default("en"))
    .option("--json", "the summary as JSON")
    .action(async (sources: string[], options: CleanOptions) => {
      const { pass } = await openDocuments(sources, { terminal, signal, field: options.field });
      const counts = options.lines ? await countLines(pass("lines")) : undefined;
      const cleaning = startTextCleaning(await stepsOf(options, counts), { examples: options.report ? 2 : 0 });
      const seen = { documents: 0 };
      const out = resolve(options.out);
      const kept = await writeJsonLines(out, cleaned(pass("clean"), cleaning, seen));
      if (options.report !== undefined) await report(out, options, cleaning);
      const summary = { documents: seen.documents, kept, out, cleaning: cleaning.cleaning() };
      if (options.json) {
        terminal.out.write(`${JSON.stringify(summary)}\n`);
        return;
      }
      const rows = summary.cleaning.map(({ reason, action, count }) => [reason, action, count.toLocaleString("en")]);
      if (rows.length > 0) terminal.out.write(`${table(["reason", "action", "count"], rows)}\n\n`);
      terminal.out.write(`${kept.toLocaleString("en")} of ${seen.documents.toLocaleString("en")} texts kept  ${out}\n`);
    });
}

async function* cleaned(
  documents: AsyncIterable<SourceDocument>,
  cleaning: TextCleaning,
  seen: { documents: number },
): AsyncGenerator<SourceDocument, void> {
  for await (const document of documents) {
    seen.documents++;
    const kept = cleaning.clean(document);
    if (kept !== undefined) yield kept;
  }
}

async function stepsOf(
  options: CleanOptions,
  lines: Awaited<ReturnType<typeof countLines>> | undefined,
): Promise<TextCleaningStep[]> {
  const { html, boilerplate, languages, quality, mask, duplicates } = options;
  return [
    ...(html === "off" ? [] : [stripHtml({ boilerplate: html })]),
    removeControlCharacters(),
    normalizeUnicode(),
    ...(boilerplate || lines ? [removeBoilerplate(lines ? { lines } : {})] : []),
    collapseWhitespace(),
    limitLength(),
    ...(languages === undefined
      ? []
      : [filterLanguage({ languages: languages.split(","), detector: await openLanguageDetector() })]),
    ...(quality ? [filterQuality(), filterRepetition()] : []),
    ...(mask ? [maskPersonalData()] : []),
    ...(duplicates === "keep" ? [] : [dropDuplicateTexts({ loose: duplicates === "loose" })]),
  ];
}

async function report(out: string, options: CleanOptions, cleaning: TextCleaning): Promise<void> {
  const found = await reportTexts({
    name: basename(out),
    splits: { cleaned: await readDocuments(out) },
    detector: await openLanguageDetector(),
    cleaning: cleaning.cleaning(),
    examples: cleaning.examples(),
  });
  await writePage(resolve(options.report!), renderTextReport(found, options));
}
