import { mkdir, rename, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
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
import type { Command } from "commander";
import type { Surroundings } from "../program.ts";
import { ProgressPrinter } from "../progress.ts";
import { table } from "../terminal.ts";

export function addData(nacre: Command, surroundings: Surroundings): void {
  const data = nacre.command("data").description("Public data sets: list, get, report.");
  addList(data, surroundings);
  addGet(data, surroundings);
  addReport(data, surroundings);
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
    .description("Look at a data set: counts, balance, missing values, histograms, samples; one HTML file.")
    .argument("<name>", "name of `nacre data list`")
    .option("--out <folder>", "where NAME.html is written", ".")
    .option("--json", "the report as JSON, no file")
    .action(async (name: string, options: { json?: boolean; out: string }) => {
      const opened = await openDataset(name, { signal });
      let report: DataReport;
      if (opened.kind === "images") {
        const { train, test, classes } = opened;
        report = await reportImages({ name, splits: { train, test }, classes });
      } else if (opened.kind === "table") {
        const target = opened.schema.find(({ type }) => type === "target");
        const train = await cleanTable(opened.train, opened.cleaning);
        const test = opened.test && (await cleanTable(opened.test, opened.cleaning));
        report = await reportTable({
          name,
          splits: { train: train.rows, ...(test ? { test: test.rows } : {}) },
          cleaning: [...train.cleaning, ...(test?.cleaning ?? [])],
          ...(target?.type === "target" ? { target: target.name, targetKind: target.kind ?? "class" } : {}),
        });
      } else {
        throw new Error(`Expected the name of a table or of images. ${name} holds ${opened.kind}.`);
      }
      if (options.json) {
        terminal.out.write(`${JSON.stringify(report)}\n`);
        return;
      }
      const path = join(resolve(options.out), `${name}.html`);
      await mkdir(resolve(options.out), { recursive: true });
      await writeFile(`${path}.tmp`, renderDataReport(report));
      await rename(`${path}.tmp`, path);
      terminal.out.write(`${report.records.toLocaleString("en")} records  ${path}\n`);
      for (const warning of report.warnings) terminal.out.write(`Note: ${warning}\n`);
    });
}
