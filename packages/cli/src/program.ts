import { Command } from "commander";
import manifest from "../package.json" with { type: "json" };
import { addBundle } from "./commands/bundle.ts";
import { addChat } from "./commands/chat.ts";
import { addData } from "./commands/data.ts";
import { addDoctor } from "./commands/doctor.ts";
import { addEmbed } from "./commands/embed.ts";
import { addEvaluate } from "./commands/evaluate.ts";
import { addGenerate } from "./commands/generate.ts";
import { addPredict } from "./commands/predict.ts";
import { addPrepare } from "./commands/prepare.ts";
import { addRun } from "./commands/run.ts";
import { addServe } from "./commands/serve.ts";
import { addTokenize } from "./commands/tokenize.ts";
import { addTrain } from "./commands/train.ts";
import { addTune } from "./commands/tune.ts";
import type { Terminal } from "./terminal.ts";

/** What every command gets. */
export interface Surroundings {
  readonly terminal: Terminal;
  /** Ctrl-C and its like. */
  readonly signal: AbortSignal;
}

/** The `nacre` command. Its errors are thrown, not printed; see `main.ts` for exit codes. */
export function program(surroundings: Surroundings): Command {
  const { out, error } = surroundings.terminal;
  const nacre = new Command("nacre")
    .description("The whole life of a machine-learning model: data, model, training, evaluation, serving.")
    .version(manifest.version, "-v, --version", "print the version")
    .helpOption("-h, --help", "print help; `nacre help COMMAND` for one command")
    .showSuggestionAfterError()
    .configureHelp({ sortSubcommands: false, showGlobalOptions: false })
    .configureOutput({ writeOut: (text) => out.write(text), writeErr: (text) => error.write(text) })
    .exitOverride()
    .addHelpText(
      "after",
      `
First steps
  nacre run recipes/digits.yaml          everything, from data to a bundle; under a minute
  nacre serve runs/…/bundle              then: curl http://127.0.0.1:8080/v1/models
  nacre doctor                           which backend computes here, and why

Every command takes --json for machines. Exit codes: 0 done, 1 failed, 2 wrong usage, 130 stopped.
Environment: NACRE_BACKEND (native, webgpu, wasm, cpu), NACRE_MIRROR (folder with data sets), NACRE_CACHE.`,
    );
  for (const add of [
    addRun,
    addPrepare,
    addTrain,
    addEvaluate,
    addPredict,
    addEmbed,
    addGenerate,
    addChat,
    addServe,
    addTune,
    addData,
    addTokenize,
    addBundle,
    addDoctor,
  ]) {
    add(nacre, surroundings);
  }
  return nacre;
}
