import { basename, join, resolve } from "node:path";
import {
  catalogue,
  catalogueEntry,
  cleanTable,
  type DataReport,
  fetchDataset,
  openDataset,
  renderDataReport,
  reportImages,
  reportTable,
} from "@nacre/data";
import { renderTextReport, type TextReport } from "@nacre/data/text";
import { type Command, Option } from "commander";
import type { Surroundings } from "../program.ts";
import { ProgressPrinter } from "../progress.ts";
import { table } from "../terminal.ts";
import { addTextClean } from "./data-clean.ts";
import { addTextDedup } from "./data-dedup.ts";
import { reportFiles, reportOpenedTexts, type TextContext, writePage } from "./data-texts.ts";

export function addData(nacre: Command, surroundings: Surroundings): void {
  const data = nacre.command("data").description("Public data sets and your texts: list, get, report, clean, dedup.");
  addList(data, surroundings);
  addGet(data, surroundings);
  addReport(data, surroundings);
  addTextClean(data, surroundings);
  addTextDedup(data, surroundings);
}

function addList(data: Command, { terminal }: Surroundings): void {
  data
    .command("list")
    .description("The data sets known by name, with their licences.")
    .option("--json", "everything known of each: files, digests, citation")
    .action((options: { json?: boolean }) => {
      if (options.json) {
        terminal.out.write(`${JSON.stringify(catalogue, null, 2)}\n`);
        return;
      }
      const rows = catalogue.map(({ name, task, size, licence }) => [name, task, size.slice(0, 40), licence]);
      terminal.out.write(`${table(["name", "task", "size", "licence"], rows)}\n`);
    });
}

function addGet(data: Command, { terminal, signal }: Surroundings): void {
  data
    .command("get")
    .description(
      "Bring data sets here: from the mirror folder, else the cache, else their address. Every file is verified.",
    )
    .argument("<names...>", "names of `nacre data list`")
    .option("--json", "paths as JSON")
    .addHelpText(
      "after",
      "\nNACRE_MIRROR names a folder that is looked into first, NACRE_CACHE where downloads are kept.",
    )
    .action(async (names: string[], options: { json?: boolean }) => {
      for (const name of names) catalogueEntry(name);
      const progress = new ProgressPrinter(terminal);
      for (const name of names) {
        const { files, from } = await fetchDataset(name, {
          signal,
          progress: ({ file, done, total }) => progress.show({ label: name, done, total, unit: "bytes", detail: file }),
        });
        progress.clear();
        if (options.json) terminal.out.write(`${JSON.stringify({ name, files, from })}\n`);
        else
          for (const [file, path] of Object.entries(files))
            terminal.out.write(`${name}/${file}  ${path}  (${from[file]})\n`);
      }
    });
}

function addReport(data: Command, { terminal, signal }: Surroundings): void {
  data
    .command("report")
    .description("Look at a data set: counts, balance, lengths, languages, duplicates, samples; one HTML file.")
    .argument("<sources...>", "name of `nacre data list`, or files, folders and patterns of texts")
    .option("--out <folder>", "where NAME.html is written", ".")
    .option("--field <name>", "of .jsonl, .csv, .tsv and .parquet files: where the text stands", "text")
    .addOption(new Option("--language <code>", "of a report on texts").choices(["en", "zh"]).default("en"))
    .option("--json", "the report as JSON, no file")
    .action(async (sources: string[], options: ReportOptions) => {
      const catalogued = sources.length === 1 && catalogue.some(({ name }) => name === sources[0]);
      const name = catalogued ? sources[0]! : basename(sources[0]!).replace(/\..*$/, "") || "texts";
      const context = { terminal, signal, field: options.field };
      const report = catalogued ? await reportCatalogued(name, context) : await reportFiles(name, sources, context);
      if (options.json) {
        terminal.out.write(`${JSON.stringify(report)}\n`);
        return;
      }
      const path = join(resolve(options.out), `${name}.html`);
      await writePage(path, isOfTexts(report) ? renderTextReport(report, options) : renderDataReport(report));
      terminal.out.write(`${report.records.toLocaleString("en")} records  ${path}\n`);
      for (const warning of report.warnings) terminal.out.write(`Note: ${warning}\n`);
    });
}

function isOfTexts(report: DataReport | TextReport): report is TextReport {
  return "texts" in report;
}

interface ReportOptions {
  readonly json?: boolean;
  readonly out: string;
  readonly field: string;
  readonly language: "en" | "zh";
}

async function reportCatalogued(name: string, context: TextContext): Promise<DataReport | TextReport> {
  const opened = await openDataset(name, { signal: context.signal });
  if (opened.kind === "images") {
    const { train, test, classes } = opened;
    return reportImages({ name, splits: { train, test }, classes });
  }
  if (opened.kind !== "table") return reportOpenedTexts(name, opened, context);
  const target = opened.schema.find(({ type }) => type === "target");
  const train = await cleanTable(opened.train, opened.cleaning);
  const test = opened.test && (await cleanTable(opened.test, opened.cleaning));
  return reportTable({
    name,
    splits: { train: train.rows, ...(test ? { test: test.rows } : {}) },
    cleaning: [...train.cleaning, ...(test?.cleaning ?? [])],
    ...(target?.type === "target" ? { target: target.name, targetKind: target.kind ?? "class" } : {}),
  });
}
