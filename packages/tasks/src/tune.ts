import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Random } from "@nacre/random";
import { parseDocument } from "yaml";
import { z } from "zod";
import { RecipeError, type RecipeSource } from "./recipe.ts";
import { runRecipe } from "./run.ts";
import type { TrainedRecipe } from "./task.ts";
import { readRecipe, taskNamed } from "./tasks.ts";
import { draw, rungs } from "./tune-config.ts";
import { writeWhole } from "./write-whole.ts";

const Trial = z.object({
  number: z.int(),
  values: z.record(z.string(), z.json()),
  /** Validation scores, one for each rung it took part in. */
  scores: z.array(z.object({ epochs: z.int(), score: z.number() })),
  error: z.string().optional(),
});
export type Trial = z.infer<typeof Trial>;

const Search = z.object({ recipe: z.string(), trials: z.array(Trial) });

/** What a search tells while it runs. */
export type TuneEvent =
  | {
      readonly type: "rung";
      readonly rung: number;
      readonly rungs: number;
      readonly epochs: number;
      readonly trials: number;
    }
  | { readonly type: "trial"; readonly trial: Trial; readonly done: number; readonly total: number }
  | { readonly type: "best"; readonly trial: Trial; readonly recipe: string; readonly monitor: string };

export interface TuneOptions {
  readonly recipe: RecipeSource;
  /** Holds the search; a folder with an unfinished one continues it. */
  readonly folder: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Searches the settings named in a recipe's `tune` for the best validation score: random draws, then successive halving
 * (Jamieson and Talwalkar 2016, algorithm 1): all trials train a little, the best part of them trains on, and so forth.
 * Trials resume from their checkpoints, so no rung trains anything twice, and a killed search goes on where it was. The test
 * part is never looked at. The best recipe is written to `best.yaml`.
 *
 * @throws RecipeError when the recipe has no `tune`, or a drawn recipe is refused.
 */
export async function* tuneRecipe({ recipe: source, folder, signal }: TuneOptions): AsyncGenerator<TuneEvent, void> {
  const recipe = readRecipe(source);
  const settings = recipe.tune;
  if (settings === undefined) {
    throw new RecipeError([
      `${source.file}:1: tune: expected the settings to search, for example tune: { space: { train.batch: { choice: [32, 64] } } }`,
    ]);
  }
  if (recipe.train.epochs === undefined)
    throw new RecipeError([`${source.file}:1: train.epochs: a search needs epochs, not steps`]);
  const { monitor } = taskNamed(recipe.task);
  const better = (left: number, right: number): boolean => (monitor.mode === "max" ? left > right : left < right);
  const path = join(folder, "tune.json");
  await mkdir(folder, { recursive: true });
  const search = await openSearch(path, source);
  if (search.trials.length === 0) {
    const random = new Random(recipe.seed).fork("tune");
    for (let number = 0; number < settings.trials; number++) {
      const values = Object.entries(settings.space).map(([key, space]) => [key, draw(space, random.fork(number, key))]);
      search.trials.push({ number, values: Object.fromEntries(values), scores: [] });
    }
    for (const trial of search.trials) readRecipe(trialSource(source, recipe, trial));
    await writeWhole(path, JSON.stringify(search));
  }

  const lengths = rungs(settings, recipe.train.epochs);
  let running = [...search.trials];
  for (const [rung, epochs] of lengths.entries()) {
    yield { type: "rung", rung, rungs: lengths.length, epochs, trials: running.length };
    for (const [index, trial] of running.entries()) {
      if (trial.error === undefined && !trial.scores.some((score) => score.epochs === epochs)) {
        await advance(trial, epochs);
        await writeWhole(path, JSON.stringify(search));
      }
      yield { type: "trial", trial, done: index + 1, total: running.length };
    }
    const scoreOf = (trial: Trial): number => trial.scores.find((score) => score.epochs === epochs)!.score;
    const ranked = running
      .filter(({ error }) => error === undefined)
      .sort((left, right) => {
        return better(scoreOf(left), scoreOf(right))
          ? -1
          : better(scoreOf(right), scoreOf(left))
            ? 1
            : left.number - right.number;
      });
    if (ranked.length === 0) throw new Error(`All trials failed; the first: ${running[0]?.error}`);
    running =
      rung === lengths.length - 1
        ? ranked
        : ranked.slice(0, Math.max(1, Math.floor(ranked.length / settings.reduction)));
  }
  const best = running[0]!;
  const bestFile = join(folder, "best.yaml");
  await writeWhole(bestFile, trialSource(source, recipe, best).text);
  yield { type: "best", trial: best, recipe: bestFile, monitor: monitor.name };

  /** Trains one trial up to `epochs` and notes its score. A trial that diverges is out, the search goes on. */
  async function advance(trial: Trial, epochs: number): Promise<void> {
    const trialFolder = resolve(folder, "trials", String(trial.number));
    const resume = existsSync(join(trialFolder, "run.json"));
    let score: number | undefined;
    try {
      const options = {
        folder: trialFolder,
        recipe: trialSource(source, recipe, trial),
        resume,
        until: "train" as const,
        signal,
      };
      for await (const event of runRecipe({ ...options, pauseAfterEpochs: epochs })) {
        if (event.type === "step") score = event.validation?.[monitor.name] ?? score;
      }
    } catch (error) {
      trial.error = (error as Error).message;
      return;
    }
    signal?.throwIfAborted();
    score ??= await lastScore(join(trialFolder, "events.jsonl"), monitor.name);
    if (score === undefined) trial.error = `no validation score after ${epochs} epochs`;
    else trial.scores.push({ epochs, score });
  }
}

async function openSearch(path: string, source: RecipeSource): Promise<z.infer<typeof Search>> {
  if (!existsSync(path)) return { recipe: source.text, trials: [] };
  const search = Search.parse(JSON.parse(await readFile(path, "utf8")));
  if (search.recipe === source.text) return search;
  throw new Error(
    `${path} holds a search of another recipe, or of this one before it was edited. Choose another folder.`,
  );
}

/** The recipe with a trial's values in it, comments and all; what it left to defaults is written out where a value needs it. */
function trialSource(source: RecipeSource, recipe: TrainedRecipe, trial: Trial): RecipeSource {
  const document = parseDocument(source.text);
  for (const [key, value] of Object.entries(trial.values)) {
    const path = key.split(".");
    const missing = path.findIndex((_, index) => !document.hasIn(path.slice(0, index + 1)));
    if (missing !== -1 && missing < path.length - 1) {
      const parent = path.slice(0, missing + 1);
      document.setIn(parent, document.createNode(valueAt(recipe, parent) ?? {}));
    }
    document.setIn(path, document.createNode(value));
  }
  document.delete("tune");
  return { file: source.file, text: document.toString() };
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((current, key) => (current as Record<string, unknown> | undefined)?.[key], value);
}

async function lastScore(events: string, name: string): Promise<number | undefined> {
  const lines = (await readFile(events, "utf8").catch(() => "")).trim().split("\n").reverse();
  for (const line of lines) {
    const score = (JSON.parse(line || "{}") as { validation?: Record<string, number> }).validation?.[name];
    if (score !== undefined) return score;
  }
  return undefined;
}
