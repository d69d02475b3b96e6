import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const main = fileURLToPath(new URL("../packages/cli/src/main.ts", import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly error: string;
}

/** Starts the nacre command from its sources. */
export function startNacre(parameters: readonly string[]): { child: ChildProcess; finished: Promise<Finished> } {
  const child = spawn(process.execPath, ["--conditions=@nacre/source", "--import", "tsx", main, ...parameters], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [out, error] = ["", ""];
  child.stdout!.on("data", (chunk) => (out += chunk));
  child.stderr!.on("data", (chunk) => (error += chunk));
  const finished = new Promise<Finished>((resolve) => {
    child.once("close", (code, signal) => resolve({ code, signal, out, error }));
  });
  return { child, finished };
}

export function nacre(...parameters: string[]): Promise<Finished> {
  return startNacre(parameters).finished;
}

/** A recipe that takes seconds. */
export function smallRecipe({
  epochs = 2,
  count = 1200,
  checkpointEvery = "epoch",
}: {
  epochs?: number;
  count?: number;
  checkpointEvery?: number | "epoch";
} = {}): string {
  return `name: small
title: { en: Small, zh: 小 }
task: image-classification
seed: 5
data:
  source: { from: generator, generator: digits, count: ${count} }
  augment: { shift: 1 }
model: { family: mlp, hidden: [32], dropout: 0.1 }
train: { epochs: ${epochs}, batch: 16, movingAverage: 0.9, checkpointEvery: ${checkpointEvery} }
evaluate: { resamples: 100, baselineLimit: 200 }
tune:
  trials: 3
  reduction: 2
  space:
    train.optimizer.learningRate: { log: [0.0005, 0.01] }
    model.hidden: { choice: [[8], [16]] }
`;
}
