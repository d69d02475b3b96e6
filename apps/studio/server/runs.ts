import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { isAlive, RecipeError, RunFolder, type RunState, readRecipe, runId } from "@nacre/tasks";
import type { Engine } from "./engine.ts";

/** A refusal with its HTTP status. */
export class RunError extends Error {
  override readonly name = "RunError";
  readonly statusCode: number;

  constructor(statusCode: number, message: string) {
    super(message);
    this.statusCode = statusCode;
  }
}

/** The runs on disk, and those that are running. */
export class Runs {
  readonly folder: string;
  readonly #recipesFolder: string;
  readonly #engine: Engine;

  /** @param recipesFolder where relative paths in recipes start */
  constructor(folder: string, { recipesFolder, engine }: { readonly recipesFolder: string; readonly engine: Engine }) {
    this.folder = resolve(folder);
    this.#recipesFolder = resolve(recipesFolder);
    this.#engine = engine;
  }

  /** Newest first. A run whose process is gone without a word counts as stopped: it can be resumed. */
  async list(): Promise<RunState[]> {
    const names = await readdir(this.folder).catch(() => [] as string[]);
    const states = await Promise.all(names.filter(isRunId).map((id) => this.#state(id).catch(() => undefined)));
    return states.filter((state) => state !== undefined).sort((left, right) => right.started - left.started);
  }

  /** Everything that exists so far of a run. */
  async details(id: string): Promise<Record<string, unknown>> {
    const run = this.run(id);
    const [state, recipe, data, architecture, evaluation] = await Promise.all([
      this.state(id),
      readFile(run.recipe, "utf8").catch(() => null),
      ...["data.json", "architecture.json", "evaluation.json"].map((name) => readJson(join(run.path, name))),
    ]);
    return { run: state, recipe, data, architecture, evaluation };
  }

  /** Starts a run of a recipe and gives its id. @throws RunError (422) that lists the recipe's faults. */
  async start(text: string, file: string): Promise<string> {
    let name: string;
    try {
      ({ name } = readRecipe({ file, text }));
    } catch (error) {
      if (error instanceof RecipeError) throw new RunError(422, error.message);
      throw error;
    }
    const id = runId(name);
    const path = join(this.folder, id);
    await mkdir(path, { recursive: true });
    const recipe = join(path, "request.yaml");
    await writeFile(`${recipe}.tmp`, text);
    await rename(`${recipe}.tmp`, recipe);
    await this.#launch(id, { file: recipe, relativeTo: this.#recipesFolder });
    return id;
  }

  async resume(id: string): Promise<void> {
    const state = await this.state(id);
    if (state.state === "running") throw new RunError(409, `The run ${id} is running already.`);
    if (state.state === "done") throw new RunError(409, `The run ${id} is done; there is nothing to resume.`);
    await this.#launch(id);
  }

  async stop(id: string): Promise<void> {
    const state = await this.state(id);
    if (this.#engine.isRunning(id)) return this.#engine.stop(id);
    if (state.state !== "running") throw new RunError(409, `The run ${id} is not running.`);
    // Started elsewhere: by the nacre command, or by a server that is gone.
    process.kill(state.process, "SIGTERM");
  }

  async remove(id: string): Promise<void> {
    const { state } = await this.state(id);
    const ended = state === "done" || state === "failed";
    if (state === "running" || (!ended && this.#engine.isRunning(id))) {
      throw new RunError(409, `The run ${id} is running. Stop it first.`);
    }
    // Its process writes the end of the run before its own.
    await this.#engine.stop(id);
    // Out of sight at once, then gone.
    const grave = join(this.folder, `.${id}.deleted`);
    await rename(this.run(id).path, grave);
    await rm(grave, { recursive: true, force: true });
  }

  /** @throws RunError (404) for what cannot be the id of a run. */
  run(id: string): RunFolder {
    if (!isRunId(id)) throw new RunError(404, `There is no run ${JSON.stringify(id)}.`);
    return new RunFolder(join(this.folder, id));
  }

  /** @throws RunError (404) when there is no such run. */
  async state(id: string): Promise<RunState> {
    const folder = this.run(id);
    return this.#state(id).catch(() => {
      throw new RunError(404, `There is no run ${folder.id}.`);
    });
  }

  async #state(id: string): Promise<RunState> {
    const state = await this.run(id).state();
    if (state.state !== "running" || this.#engine.isRunning(id) || isAlive(state)) return state;
    const stopped: RunState = { ...state, state: "stopped", ended: Date.now() };
    await this.run(id).writeState(stopped);
    return stopped;
  }

  async #launch(id: string, recipe?: { readonly file: string; readonly relativeTo: string }): Promise<void> {
    const folder = this.run(id);
    const onExit = (error: string | undefined): void => {
      if (error !== undefined) void this.#noteFailure(folder, error);
    };
    // Checked in the same turn as it is started: two requests at once must not start two.
    if (this.#engine.isRunning(id)) throw new RunError(409, `The run ${id} is running already.`);
    await this.#engine.start(id, { folder: folder.path, onExit, ...(recipe === undefined ? {} : { recipe }) });
    // The page asks for the run at once: wait until it has a state, or has failed before it got one.
    for (let tries = 0; tries < 200; tries++) {
      if (!this.#engine.isRunning(id)) return;
      const state = await folder.state().catch(() => undefined);
      if (state?.state === "running") return;
      await new Promise((wait) => setTimeout(wait, 50));
    }
  }

  /** A process that died without writing its own end. */
  async #noteFailure(folder: RunFolder, error: string): Promise<void> {
    const state = await folder.state().catch(() => undefined);
    if (state?.state !== "running") return;
    await folder.writeState({ ...state, state: "failed", ended: Date.now(), error });
    await folder.append({ time: Date.now(), type: "failed", error });
  }
}

/** Ids as `runId` makes them, and folders that people named: nothing hidden, nothing that leads elsewhere. */
export function isRunId(id: string): boolean {
  return /^[A-Za-z0-9][\w.-]{0,120}$/.test(id) && !id.includes("..");
}

async function readJson(path: string): Promise<unknown> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  return text === undefined ? null : JSON.parse(text);
}
