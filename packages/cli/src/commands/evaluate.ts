import type { Command } from "commander";
import type { Surroundings } from "../program.ts";
import { runCommand } from "../run-command.ts";

export function addEvaluate(nacre: Command, surroundings: Surroundings): void {
  nacre
    .command("evaluate")
    .description("Evaluate a trained run on its test part, beside simple baselines; write report and bundle.")
    .argument("<folder>", "a run's folder, as `nacre train` prints it")
    .option("--json", "one event per line, as JSON")
    .addHelpText(
      "after",
      "\nWrites evaluation.json, report.html (report.zh.html in Chinese) and bundle/ into the run's folder. Needs no network to read.",
    )
    .action(async (folder: string, options) => {
      await runCommand(folder, { ...options, runs: "runs", resume: true }, surroundings);
    });
}
