import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** How the `nacre` command is started: a program and what comes before the command's own arguments. */
export interface Command {
  readonly program: string;
  readonly parameters: readonly string[];
}

/** The command of this workspace: built where this server is built, from its sources where it runs from sources. */
export function nacreCommand(): Command {
  const fromSource = import.meta.url.endsWith(".ts");
  const path = fromSource ? "../../../packages/cli/src/main.ts" : "../../../../packages/cli/dist/main.js";
  const main = fileURLToPath(new URL(path, import.meta.url));
  if (!existsSync(main)) throw new Error(`Expected the nacre command at ${main}. Build it: npm run build`);
  const source = ["--conditions=@nacre/source", "--import", "tsx"];
  return { program: process.execPath, parameters: [...(fromSource ? source : []), main] };
}

/** One process per run. The server computes nothing itself. */
export class Engine {
  readonly #command: Command;
  readonly #children = new Map<string, ChildProcess>();

  constructor(command: Command) {
    this.#command = command;
  }

  isRunning(id: string): boolean {
    return this.#children.has(id);
  }

  /**
   * Starts a run, or resumes it; resolves once the process runs. `onExit` gets what it wrote to standard error when it failed.
   */
  async start(
    id: string,
    {
      recipe,
      folder,
      onExit,
    }: {
      recipe?: { readonly file: string; readonly relativeTo: string };
      folder: string;
      onExit: (error: string | undefined) => void;
    },
  ): Promise<void> {
    const own = recipe === undefined ? ["run", "--resume"] : ["run", recipe.file, "--relative-to", recipe.relativeTo];
    const child = spawn(this.#command.program, [...this.#command.parameters, ...own, "--folder", folder, "--json"], {
      // The events are followed on disk, so nothing is lost when this server restarts.
      stdio: ["ignore", "ignore", "pipe"],
      env: process.env,
    });
    this.#children.set(id, child);
    let error = "";
    child.stderr!.on("data", (chunk) => {
      error = `${error}${chunk}`.slice(-4000);
    });
    child.once("close", (code) => {
      if (this.#children.get(id) === child) this.#children.delete(id);
      onExit(code === 0 || code === 130 ? undefined : error.trim() || `The run ended with exit code ${code}.`);
    });
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", (failure) => {
        this.#children.delete(id);
        reject(failure);
      });
    });
  }

  /** Asks a run to stop; it writes a checkpoint first. Resolves when it has ended, by force after the limit. */
  async stop(id: string, limitMilliseconds = 20_000): Promise<void> {
    const child = this.#children.get(id);
    if (child === undefined) return;
    const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), limitMilliseconds);
    await ended;
    clearTimeout(timer);
  }

  /** Stops every run. */
  async close(): Promise<void> {
    await Promise.all([...this.#children.keys()].map((id) => this.stop(id)));
  }
}
