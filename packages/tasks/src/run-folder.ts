import { appendFile, mkdir, readFile } from "node:fs/promises";
import { uptime } from "node:os";
import { basename, join } from "node:path";
import { z } from "zod";
import { dataPage } from "./data-page.ts";
import { RunEvent } from "./events.ts";
import type { FolderDigest } from "./pretrained-folder.ts";
import { writeWhole } from "./write-whole.ts";

/** `run.json`: what a run is and how it stands. */
export const RunState = z.object({
  id: z.string(),
  name: z.string(),
  title: z.object({ en: z.string(), zh: z.string() }),
  task: z.string(),
  state: z.enum(["running", "stopped", "failed", "done"]),
  recipeFolder: z.string().optional().describe("where relative paths of the recipe start"),
  process: z.int().describe("id of the process that runs it, or ran it last"),
  seed: z.int(),
  backend: z.string(),
  started: z.number().describe("milliseconds since 1970"),
  ended: z.number().optional(),
  error: z.string().optional(),
});
export type RunState = z.infer<typeof RunState>;

/** The files of one run. Every file is replaced as a whole; `events.jsonl` only grows. */
export class RunFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  get id(): string {
    return basename(this.path);
  }
  get recipe(): string {
    return join(this.path, "recipe.yaml");
  }
  get events(): string {
    return join(this.path, "events.jsonl");
  }
  get checkpoints(): string {
    return join(this.path, "checkpoints");
  }
  get tensorBoard(): string {
    return join(this.path, "tensorboard");
  }
  /** The evaluation as a page, in English; `reportIn("zh")` in Chinese. */
  get report(): string {
    return this.reportIn("en");
  }
  reportIn(language: "en" | "zh"): string {
    return join(this.path, language === "en" ? "report.html" : `report.${language}.html`);
  }
  /** The data report as a page. */
  dataReportIn(language: "en" | "zh"): string {
    return join(this.path, dataPage(language));
  }
  get bundle(): string {
    return join(this.path, "bundle");
  }

  async create(): Promise<void> {
    await mkdir(this.path, { recursive: true });
  }

  /** @throws Error when there is no run here, or `run.json` is damaged. */
  async state(): Promise<RunState> {
    const path = join(this.path, "run.json");
    const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
      throw new Error(`Expected a run in ${this.path}, with a file run.json. There is none.`);
    });
    try {
      return RunState.parse(JSON.parse(text));
    } catch (error) {
      throw new Error(`Expected the state of a run in ${path}. ${(error as Error).message}`);
    }
  }

  /** The pretrained model that the run began with; undefined when there is none. */
  async base(): Promise<FolderDigest | undefined> {
    const text = await readFile(join(this.path, "base.json"), "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    });
    return text === undefined ? undefined : (JSON.parse(text) as FolderDigest);
  }

  async writeState(state: RunState): Promise<void> {
    await this.writeJson("run.json", state);
  }

  async writeJson(name: string, value: unknown): Promise<void> {
    await this.writeText(name, `${JSON.stringify(value)}\n`);
  }

  async writeText(name: string, text: string): Promise<void> {
    await writeWhole(join(this.path, name), text);
  }

  async append(event: RunEvent): Promise<void> {
    await appendFile(this.events, `${JSON.stringify(event)}\n`);
  }

  /** All events so far; a last line that was cut off is passed over. */
  async readEvents(): Promise<RunEvent[]> {
    const text = await readFile(this.events, "utf8").catch(() => "");
    return text
      .split("\n")
      .slice(0, -1)
      .flatMap((line) => {
        try {
          return [RunEvent.parse(JSON.parse(line))];
        } catch {
          return [];
        }
      });
  }
}

/** Whether the process that a state names is still there. One from before the machine's last start is not. */
export function isAlive({ process: id, started }: Pick<RunState, "process" | "started">): boolean {
  if (started < Date.now() - uptime() * 1000) return false;
  try {
    process.kill(id, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** A new run's id: sorts by time, says what it ran. */
export function runId(name: string, now = new Date()): string {
  const stamp = now.toISOString().replace(/[-:]/g, "").replace("T", "-").slice(0, 15);
  const millisecond = String(now.getMilliseconds()).padStart(3, "0");
  return `${stamp}${millisecond}-${name}`;
}
