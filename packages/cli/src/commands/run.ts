import type { Command } from "commander";
import type { Surroundings } from "../program.ts";
import { runCommand } from "../run-command.ts";

export function addRun(nacre: Command, surroundings: Surroundings): void {
  nacre
    .command("run")
    .description("Run a recipe from data to bundle: prepare, train, evaluate, save.")
    .argument("[recipe]", "recipe file; with --resume also a run's folder")
    .option("--runs <folder>", "where the run's own folder is made", "runs")
    .option("--folder <folder>", "use this very folder for the run")
    .option("--relative-to <folder>", "where relative paths in the recipe start (default: the recipe's folder)")
    .option("--resume", "continue an unfinished run: the one in --folder, or the newest of the recipe")
    .option("--json", "one event per line, as JSON")
    .addHelpText(
      "after",
      `
Examples
  nacre run recipes/digits.yaml
  nacre run recipes/mnist-cnn.yaml --folder runs/cnn
  nacre run --resume --folder runs/cnn          after Ctrl-C, a crash or a power cut

A resumed run ends with the same weights, bit for bit, as one that was never interrupted.`,
    )
    .action(async (recipe: string | undefined, options) => {
      await runCommand(recipe, options, surroundings);
    });
}
