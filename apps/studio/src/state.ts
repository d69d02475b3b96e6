import type { RunEvent, RunState, Stage } from "@nacre/tasks";
import { computed, effect, signal } from "@preact/signals";
import { api, follow, type Recipe, type RunDetails } from "./api.ts";
import { Curves } from "./curves.ts";

export const recipes = signal<readonly Recipe[]>([]);
export const runs = signal<readonly RunState[]>([]);
/** The recipe whose YAML is shown, and the text as edited. */
export const chosenRecipe = signal<Recipe | undefined>(undefined);
export const editedYaml = signal("");
/** The run that is shown; in the address, so that it survives a reload. */
export const chosenRun = signal<string | undefined>(/^#([^/].*)$/.exec(location.hash)?.[1]);
/** What is shown: the runs, or how tokenizers cut a text; in the address, too. */
export const page = signal<"runs" | "tokenizers">(location.hash === "#/tokenizers" ? "tokenizers" : "runs");
export const details = signal<RunDetails | undefined>(undefined);
export const problem = signal<string | undefined>(undefined);
export const connected = signal(true);
export const busy = signal<"starting" | "stopping" | undefined>(undefined);

export type StationState = "waiting" | "working" | "done" | "stopped" | "failed";
/** How far each stage is, with its progress while it works. */
export interface StageView {
  readonly state: StationState;
  readonly milliseconds?: number | undefined;
  readonly done?: number | undefined;
  readonly total?: number | undefined;
  readonly detail?: string | undefined;
}
export const stages = signal<Readonly<Partial<Record<Stage, StageView>>>>({});
export const curves = new Curves();
/** Goes up when the curves have grown; what draws them watches it. */
export const curvesVersion = signal(0);
export const latestStep = signal<Extract<RunEvent, { type: "step" }> | undefined>(undefined);

export const isRunning = computed(() => details.value?.run.state === "running");

export async function loadLists(): Promise<void> {
  try {
    [recipes.value, runs.value] = await Promise.all([api.recipes(), api.runs()]);
    chosenRecipe.value ??= recipes.value.find(({ name }) => name === "digits") ?? recipes.value[0];
    if (editedYaml.value === "") editedYaml.value = chosenRecipe.value?.yaml ?? "";
    if (!runs.value.some(({ id }) => id === chosenRun.value)) choose(runs.value[0]?.id);
  } catch (error) {
    problem.value = (error as Error).message;
  }
}

export function choose(id: string | undefined): void {
  chosenRun.value = id;
  writeAddress();
}

export function show(wanted: "runs" | "tokenizers"): void {
  page.value = wanted;
  writeAddress();
}

function writeAddress(): void {
  const place = page.value === "runs" ? chosenRun.value : `/${page.value}`;
  history.replaceState(null, "", place === undefined ? location.pathname : `#${place}`);
}

export function chooseRecipe(recipe: Recipe): void {
  chosenRecipe.value = recipe;
  editedYaml.value = recipe.yaml;
}

/** Does something on the server, and says what went wrong. */
export async function act(work: () => Promise<unknown>, what?: "starting" | "stopping"): Promise<void> {
  busy.value = what;
  problem.value = undefined;
  try {
    await work();
  } catch (error) {
    problem.value = (error as Error).message;
  }
  busy.value = undefined;
  runs.value = await api.runs().catch(() => runs.value);
  await refresh();
}

export async function startRun(): Promise<void> {
  const recipe = chosenRecipe.value;
  const edited = editedYaml.value;
  await act(async () => {
    const { id } = await api.start(recipe !== undefined && recipe.yaml === edited ? recipe.file : edited);
    choose(id);
  }, "starting");
}

let followed: { readonly id: string; readonly stop: () => void } | undefined;

/** Follows the chosen run. */
effect(() => {
  const id = chosenRun.value;
  if (followed?.id === id) return;
  followed?.stop();
  followed = undefined;
  details.value = undefined;
  reset();
  if (id === undefined) return;
  void refresh();
  followed = { id, stop: follow(id, receive, (state) => (connected.value = state)) };
});

function reset(): void {
  stages.value = {};
  curves.clear();
  curvesVersion.value++;
  latestStep.value = undefined;
}

let refreshing: Promise<void> | undefined;
let again = false;

/** Reads the run's files anew; calls that come meanwhile lead to one more reading. */
export async function refresh(): Promise<void> {
  if (refreshing !== undefined) {
    again = true;
    return refreshing;
  }
  refreshing = (async () => {
    do {
      again = false;
      const id = chosenRun.value;
      if (id === undefined) return;
      try {
        const read = await api.details(id);
        if (chosenRun.value === id) details.value = read;
        if (runs.value.every((run) => run.id !== id || run.state === read.run.state)) continue;
        runs.value = await api.runs();
      } catch (error) {
        if (chosenRun.value === id && runs.value.length > 0 && !runs.value.some((run) => run.id === id))
          choose(undefined);
        else problem.value = (error as Error).message;
      }
    } while (again);
  })();
  await refreshing;
  refreshing = undefined;
}

function setStage(stage: Stage, view: StageView): void {
  stages.value = { ...stages.value, [stage]: view };
}

/** Stages that were at work when the run ended so. */
function endStages(state: "stopped" | "failed"): void {
  stages.value = Object.fromEntries(
    Object.entries(stages.value).map(([stage, view]) => [stage, view.state === "working" ? { ...view, state } : view]),
  );
}

function receive(event: RunEvent): void {
  switch (event.type) {
    case "run":
      stages.value = {};
      void refresh();
      return;
    case "stage":
      setStage(event.stage, { state: event.state === "done" ? "done" : "working", milliseconds: event.milliseconds });
      if (event.state === "done") void refresh();
      return;
    case "progress":
      setStage(event.stage, { state: "working", done: event.done, total: event.total, detail: event.detail });
      return;
    case "step":
      curves.add(event);
      latestStep.value = event;
      curvesVersion.value++;
      return;
    case "stopped":
    case "failed":
      endStages(event.type);
      void refresh();
      return;
    default:
      void refresh();
  }
}
