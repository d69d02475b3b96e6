import type { Command } from "commander";
import type { Surroundings } from "../program.ts";
import { runCommand } from "../run-command.ts";

export function addTrain(nacre: Command, surroundings: Surroundings): void {
  nacre
    .command("train")
    .description("Prepare and train, without evaluating; `nacre evaluate FOLDER` goes on.")
    .argument("[recipe]", "recipe file; with --resume also a run's folder")
    .option("--runs <folder>", "where the run's own folder is made", "runs")
    .option("--folder <folder>", "use this very folder for the run")
    .option("--resume", "continue an unfinished run from its last checkpoint, to the same bits")
    .option("--json", "one event per line, as JSON")
    .addHelpText("after", "\nCheckpoints are in FOLDER/checkpoints; `tensorboard --logdir FOLDER` shows the curves.")
    .action(async (recipe: string | undefined, options) => {
      await runCommand(recipe, { ...options, until: "train" }, surroundings);
    });
}
