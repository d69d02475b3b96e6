import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type DataReport, renderDataReport } from "@nacre/data";
import type { Command } from "commander";
import type { Surroundings } from "../program.ts";
import { runCommand } from "../run-command.ts";
import { table } from "../terminal.ts";

export function addPrepare(nacre: Command, surroundings: Surroundings): void {
  nacre
    .command("prepare")
    .description("Prepare a recipe's data only: clean, split, fit; write the data report.")
    .argument("<recipe>", "recipe file")
    .option("--runs <folder>", "where the run's own folder is made", "runs")
    .option("--folder <folder>", "use this very folder for the run")
    .option("--json", "one event per line, as JSON")
    .addHelpText("after", "\nThe run can go on from here: nacre run --resume --folder FOLDER")
    .action(async (recipe: string, options) => {
      const folder = await runCommand(recipe, { ...options, until: "data" }, surroundings);
      if (surroundings.signal.aborted) return;
      const report = JSON.parse(await readFile(join(folder, "data.json"), "utf8")) as DataReport;
      const page = join(folder, "data.html");
      await writeFile(page, renderDataReport(report));
      if (options.json) return;
      surroundings.terminal.out.write(`${summary(report)}\nReport  ${page}\n`);
    });
}

function summary(report: DataReport): string {
  const splits = Object.entries(report.splits);
  const rows = (report.classes ?? []).map(({ label, counts }) => [
    label,
    ...splits.map(([name]) => String(counts[name] ?? 0)),
  ]);
  rows.push(["all", ...splits.map(([, size]) => String(size))]);
  const cleaning = report.cleaning.map(({ reason, count }) => `  ${count} × ${reason}`);
  return [
    table(["class", ...splits.map(([name]) => name)], rows),
    ...(cleaning.length > 0 ? ["Cleaning", ...cleaning] : []),
  ].join("\n");
}
