import { join, resolve } from "node:path";
import { readRecipe, type Trial, type TuneEvent, tuneRecipe } from "@nacre/tasks";
import type { Command } from "commander";
import type { Surroundings } from "../program.ts";
import { ProgressPrinter } from "../progress.ts";
import { recipeSource } from "../run-command.ts";
import { type Terminal, table } from "../terminal.ts";

export function addTune(nacre: Command, { terminal, signal }: Surroundings): void {
  nacre
    .command("tune")
    .description("Search a recipe's settings by validation score: random draws, then successive halving.")
    .argument("<recipe>", "recipe file with a `tune` section")
    .option("--folder <folder>", "holds the search; the same folder continues it (default: runs/tune-NAME)")
    .option("--json", "one event per line, as JSON")
    .addHelpText(
      "after",
      `
In the recipe
  tune:
    trials: 12            settings drawn at random
    reduction: 3          at each rung the best third goes on, three times longer
    space:
      train.optimizer.learningRate: { log: [0.0001, 0.03] }
      train.batch: { choice: [32, 64, 128] }

The test part is never looked at. The best settings are written to FOLDER/best.yaml, a recipe to run. Ctrl-C stops, the same
command goes on where it was.`,
    )
    .action(async (file: string, options: { folder?: string; json?: boolean }) => {
      const recipe = await recipeSource(file);
      const folder = resolve(options.folder ?? join("runs", `tune-${readRecipe(recipe).name}`));
      const printer = new TunePrinter(terminal);
      for await (const event of tuneRecipe({ recipe, folder, signal })) {
        if (options.json) terminal.out.write(`${JSON.stringify(event)}\n`);
        else printer.show(event);
      }
    });
}

class TunePrinter {
  readonly #terminal: Terminal;
  readonly #progress: ProgressPrinter;
  readonly #trials = new Map<number, Trial>();
  #label = "";

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    this.#progress = new ProgressPrinter(terminal);
  }

  show(event: TuneEvent): void {
    if (event.type === "rung") {
      this.#label = `rung ${event.rung + 1}/${event.rungs}`;
      this.#progress.line(`${this.#label}: ${event.trials} trials, ${event.epochs} epochs each`);
    } else if (event.type === "trial") {
      const { trial, done, total } = event;
      this.#trials.set(trial.number, trial);
      this.#progress.show({ label: this.#label, done, total, unit: "trials", detail: outcome(trial) });
    } else {
      this.#progress.clear();
      this.#terminal.out.write(
        `${this.#ranking(event.monitor)}\n\nBest: trial ${event.trial.number}. Run it: nacre run ${event.recipe}\n`,
      );
    }
  }

  #ranking(monitor: string): string {
    const trials = [...this.#trials.values()].sort((left, right) => right.scores.length - left.scores.length);
    const keys = Object.keys(trials[0]?.values ?? {});
    const rows = trials.map((trial) => [
      String(trial.number),
      ...keys.map((key) => JSON.stringify(trial.values[key])),
      String(trial.scores.at(-1)?.epochs ?? 0),
      trial.scores.at(-1)?.score.toFixed(4) ?? trial.error ?? "",
    ]);
    return table(["trial", ...keys, "epochs", monitor], rows);
  }
}

function outcome({ number, scores, error }: Trial): string {
  const score = scores.at(-1)?.score;
  return `trial ${number}: ${error ?? (score === undefined ? "no score" : score.toFixed(4))}`;
}
