import { readdir, readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type RecipeSource, RunFolder, readRecipe, runId, runRecipe, type Stage } from "@nacre/tasks";
import type { Surroundings } from "./program.ts";
import { RunPrinter } from "./run-printer.ts";
import { UsageError } from "./terminal.ts";

export interface RunCommandOptions {
  /** Where new run folders are made. */
  readonly runs: string;
  /** This very folder instead. */
  readonly folder?: string | undefined;
  readonly json?: boolean | undefined;
  readonly resume?: boolean | undefined;
  readonly until?: Stage | undefined;
  /** Where relative paths in the recipe start, when that is not beside it. */
  readonly relativeTo?: string | undefined;
}

/** Runs a recipe, or resumes a run, up to a stage; tells its events as text or JSON lines. Gives the run's folder. */
export async function runCommand(
  target: string | undefined,
  options: RunCommandOptions,
  { terminal, signal }: Surroundings,
): Promise<string> {
  const start = options.resume ? { folder: await resumable(target, options) } : await fresh(target, options);
  const printer = new RunPrinter(terminal);
  for await (const event of runRecipe({ ...start, resume: options.resume, until: options.until, signal })) {
    if (options.json) terminal.out.write(`${JSON.stringify(event)}\n`);
    else printer.show(event);
  }
  return start.folder;
}

/** A recipe file's text, or an error that says what is there instead. */
export async function recipeSource(path: string): Promise<RecipeSource> {
  const file = resolve(path);
  try {
    return { file, text: await readFile(file, "utf8") };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT") throw new UsageError(`There is no recipe at ${file}.`);
    if (code === "EISDIR")
      throw new UsageError(`Expected a recipe file. ${file} is a folder; --resume continues a run.`);
    throw error;
  }
}

async function fresh(
  target: string | undefined,
  options: RunCommandOptions,
): Promise<{ recipe: RecipeSource; folder: string }> {
  if (target === undefined) throw new UsageError("Expected a recipe, for example recipes/digits.yaml.");
  const { relativeTo } = options;
  const recipe = {
    ...(await recipeSource(target)),
    folder: relativeTo === undefined ? undefined : resolve(relativeTo),
  };
  // Before a folder is made, so that a faulty recipe leaves nothing behind.
  const { name } = readRecipe(recipe);
  const folder = resolve(options.folder ?? join(options.runs, runId(name)));
  const present: string[] = await readdir(folder).catch(() => []);
  if (present.includes("run.json")) throw new UsageError(`${folder} already has a run; --resume continues it.`);
  return { recipe, folder };
}

/** The run's folder: given, or the newest unfinished run of the recipe. */
async function resumable(target: string | undefined, { runs, folder }: RunCommandOptions): Promise<string> {
  if (folder !== undefined) return resolve(folder);
  if (target !== undefined && (await stat(target).catch(() => undefined))?.isDirectory()) return resolve(target);
  const text = target === undefined ? undefined : (await recipeSource(target)).text;
  for (const id of (await readdir(runs).catch(() => [])).sort().reverse()) {
    const run = new RunFolder(resolve(runs, id));
    const state = await run.state().catch(() => undefined);
    if (state === undefined || state.state === "done") continue;
    if (text === undefined || (await readFile(run.recipe, "utf8").catch(() => "")) === text) return run.path;
  }
  throw new UsageError(`There is no unfinished run${target ? ` of ${target}` : ""} in ${resolve(runs)}.`);
}
