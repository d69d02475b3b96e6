import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { Random } from "@nacre/random";
import { describeBackend, disposeModel, ready } from "@nacre/tensor";
import { tensorBoard } from "@nacre/train";
import { dataPage, renderData } from "./data-page.ts";
import { EventLog } from "./event-log.ts";
import { EventQueue } from "./event-queue.ts";
import { type NewRunEvent, type RunEvent, type Stage, stages } from "./events.ts";
import type { FolderDigest } from "./pretrained-folder.ts";
import type { RecipeSource } from "./recipe.ts";
import { isAlive, RunFolder, type RunState } from "./run-folder.ts";
import { saveBundle } from "./save-bundle.ts";
import type { Evaluated, Problem, TaskContext, TrainedRecipe } from "./task.ts";
import { readRecipe, taskNamed } from "./tasks.ts";
import { type TrainingOptions, trainingSteps } from "./training-steps.ts";

export interface RunOptions {
  /** The run's folder: made when absent; everything about the run is kept there. */
  readonly folder: string;
  /** What to run. Left out when resuming: the folder has it. */
  readonly recipe?: RecipeSource | undefined;
  /** Continue from the folder's last checkpoint, to the same bits as if nothing had happened. */
  readonly resume?: boolean | undefined;
  /** The last stage to run; resuming goes on from there. */
  readonly until?: Stage | undefined;
  /** Pauses the training once it has done this many epochs; resuming goes on from there. */
  readonly pauseAfterEpochs?: number | undefined;
  /** Stops at the next step, with a checkpoint. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs a recipe: prepares, trains, evaluates and bundles, and tells what happens while it does. Everything is kept in the
 * run's folder, so a run that was stopped or killed at any moment resumes. Leaving the loop stops the run.
 *
 * @throws RecipeError for a faulty recipe; whatever a stage throws, after the event `failed`.
 */
export async function* runRecipe(options: RunOptions): AsyncGenerator<RunEvent, void> {
  const queue = new EventQueue<RunEvent>();
  const leave = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, leave.signal]) : leave.signal;
  const work = new Run(options, queue, signal).go().finally(() => queue.close());
  // The error is thrown below, once the events before it are out.
  work.catch(() => {});
  try {
    yield* queue;
  } finally {
    leave.abort(new Error("the consumer of the run left"));
  }
  await work;
}

class Run {
  readonly #options: RunOptions;
  readonly #queue: EventQueue<RunEvent>;
  readonly #signal: AbortSignal;
  readonly #folder: RunFolder;
  readonly #log: EventLog;

  constructor(options: RunOptions, queue: EventQueue<RunEvent>, signal: AbortSignal) {
    this.#options = options;
    this.#queue = queue;
    this.#signal = signal;
    this.#folder = new RunFolder(resolve(options.folder));
    this.#log = new EventLog(this.#folder.events);
  }

  async go(): Promise<void> {
    try {
      await this.#run();
    } finally {
      await this.#log.close();
    }
  }

  async #run(): Promise<void> {
    const started = Date.now();
    const source = await this.#source();
    const recipe = readRecipe(source);
    await this.#checkAlone();
    await this.#folder.create();
    if (!this.#options.resume) await this.#folder.writeText("recipe.yaml", source.text);
    const backend = await ready();
    const state: RunState = {
      id: this.#folder.id,
      name: recipe.name,
      title: recipe.title,
      task: recipe.task,
      recipeFolder: folderOf(source),
      state: "running",
      process: process.pid,
      seed: recipe.seed,
      backend: backend.chosen,
      started,
    };
    await this.#folder.writeState(state);
    this.#emit({
      type: "run",
      id: state.id,
      name: recipe.name,
      task: recipe.task,
      folder: this.#folder.path,
      stages: [...stages],
      backend: describeBackend(backend),
      resumed: this.#options.resume ?? false,
    });
    try {
      const finished = await this.#stages(recipe, source, started);
      await this.#folder.writeState({ ...state, state: finished ? "done" : "stopped", ended: Date.now() });
      if (finished) {
        this.#emit({
          type: "done",
          bundle: this.#folder.bundle,
          report: this.#folder.report,
          milliseconds: Date.now() - started,
        });
      } else this.#emit({ type: "stopped", reason: this.#pausedBy() });
    } catch (error) {
      if (this.#signal.aborted) {
        await this.#folder.writeState({ ...state, state: "stopped", ended: Date.now() });
        this.#emit({ type: "stopped", reason: reasonOf(this.#signal) });
        return;
      }
      const text = error instanceof Error ? error.message : String(error);
      await this.#folder.writeState({ ...state, state: "failed", ended: Date.now(), error: text });
      this.#emit({ type: "failed", error: text });
      throw error;
    }
  }

  /** Whether the run went through to its bundle. */
  async #stages(recipe: TrainedRecipe, source: RecipeSource, started: number): Promise<boolean> {
    const task = taskNamed(recipe.task);
    const random = new Random(recipe.seed);
    const last = stages.indexOf(this.#options.until ?? "bundle");

    const problem: Problem = await this.#stage("data", async (context) => {
      const prepared = await task.prepare(recipe, { ...context, folder: folderOf(source) });
      if (prepared.base !== undefined) await this.#noteBase(prepared.base);
      await this.#folder.writeJson("data.json", prepared.report);
      for (const language of ["en", "zh"] as const) {
        await this.#folder.writeText(dataPage(language), renderData(prepared.report, language));
      }
      return prepared;
    });
    if (last < 1) return false;
    const { model, architecture } = await this.#stage("model", async (context) => {
      const built = await problem.build(random.fork("model"), context);
      await this.#folder.writeJson("architecture.json", built.architecture);
      return built;
    });
    try {
      if (last < 2) return false;
      const steps = await this.#stage("train", (context) => this.#train({ recipe, task, problem, model }, context));
      if (steps === "paused" || last < 3) return false;
      const facts = [
        { name: "recipe", value: recipe.name },
        { name: "seed", value: String(recipe.seed) },
        { name: "model", value: `${architecture.name}, ${architecture.parameters.toLocaleString("en")} parameters` },
        { name: "updates", value: steps.toLocaleString("en") },
        { name: "seconds so far", value: ((Date.now() - started) / 1000).toFixed(1) },
      ];
      const evaluated: Evaluated = await this.#stage("evaluate", async (context) => {
        const result = await problem.evaluate(model, { ...context, folder: folderOf(source), facts });
        await this.#folder.writeJson("evaluation.json", result.evaluation);
        await this.#folder.writeText("report.html", result.reports.en);
        await this.#folder.writeText("report.zh.html", result.reports.zh);
        return result;
      });
      this.#emit({
        type: "result",
        scores: evaluated.scores.map(withoutUndefined),
        baselines: evaluated.baselines.map((row) =>
          withoutUndefined({ ...row, scores: row.scores.map(withoutUndefined) }),
        ),
        verdict: evaluated.verdict,
      });
      if (last < 4) return false;
      await this.#stage("bundle", () => saveBundle(this.#folder.bundle, { recipe, problem, model, steps, evaluated }));
      return true;
    } finally {
      disposeModel(model);
    }
  }

  /** Trains to the end, or to the pause that was asked for, and gives the number of updates. */
  async #train(parts: TrainingParts, context: StageContext): Promise<number | "paused"> {
    const board = tensorBoard(this.#folder.tensorBoard);
    const pause = this.#options.pauseAfterEpochs;
    let updates = 0;
    try {
      const resume = this.#options.resume ?? false;
      for await (const step of trainingSteps({ ...parts, folder: this.#folder, resume, signal: this.#signal })) {
        updates = step.step;
        await board.write(step);
        this.#emit({ type: "step", ...step });
        if (step.validation !== undefined && step.epoch + 1 === pause && step.progress < 1) return "paused";
      }
    } finally {
      await board.close();
    }
    context.signal?.throwIfAborted();
    return updates;
  }

  async #stage<T>(stage: Stage, work: (context: StageContext) => Promise<T>): Promise<T> {
    this.#signal.throwIfAborted();
    const started = Date.now();
    this.#emit({ type: "stage", stage, state: "start" });
    let told = 0;
    const progress: StageContext["progress"] = (done, total, unit, detail) => {
      const now = Date.now();
      if (done < total && now - told < 100) return;
      told = now;
      this.#emit(withoutUndefined({ type: "progress" as const, stage, done, total, unit, detail }));
    };
    const result = await work({ signal: this.#signal, progress });
    await this.#log.flush();
    this.#signal.throwIfAborted();
    this.#emit({ type: "stage", stage, state: "done", milliseconds: Date.now() - started });
    return result;
  }

  #pausedBy(): string {
    const { until, pauseAfterEpochs } = this.#options;
    return until === undefined ? `paused after ${pauseAfterEpochs} epochs` : `asked to stop after ${until}`;
  }

  /** Two processes in one folder would spoil each other's files. */
  async #checkAlone(): Promise<void> {
    const state = await this.#folder.state().catch(() => undefined);
    if (state?.state !== "running" || state.process === process.pid || !isAlive(state)) return;
    throw new Error(`The run in ${this.#folder.path} is running, in process ${state.process}. Stop that one first.`);
  }

  /** A checkpoint may hold nothing of the pretrained model: going on with another one would end with neither. */
  async #noteBase(base: FolderDigest): Promise<void> {
    const known = this.#options.resume ? await this.#folder.base() : undefined;
    if (known !== undefined && known.digest !== base.digest) {
      throw new Error(
        `Expected ${base.name} as it was when the run began, ${known.digest}. Received ${base.digest}: the folder has changed.`,
      );
    }
    await this.#folder.writeJson("base.json", base);
  }

  async #source(): Promise<RecipeSource> {
    if (!this.#options.resume) {
      if (this.#options.recipe !== undefined) return this.#options.recipe;
      throw new Error("Expected a recipe to run, or `resume: true` and the folder of a run. Received neither.");
    }
    const file = this.#folder.recipe;
    const { state, recipeFolder } = await this.#folder.state();
    if (state === "done") throw new Error(`The run in ${this.#folder.path} is done; there is nothing to resume.`);
    return { file, text: await readFile(file, "utf8"), folder: recipeFolder };
  }

  #emit(event: NewRunEvent): void {
    const timed = { time: Date.now(), ...event } as RunEvent;
    this.#queue.push(timed);
    this.#log.write(timed);
  }
}

function folderOf({ file, folder }: RecipeSource): string {
  return folder ?? dirname(resolve(file));
}

type TrainingParts = Pick<TrainingOptions, "recipe" | "task" | "problem" | "model">;
type StageContext = Pick<TaskContext, "signal" | "progress">;

function reasonOf(signal: AbortSignal): string {
  return signal.reason instanceof Error ? signal.reason.message : String(signal.reason);
}

/** JSON has no undefined, and `exactOptionalPropertyTypes` tells the difference. */
function withoutUndefined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as never;
}
