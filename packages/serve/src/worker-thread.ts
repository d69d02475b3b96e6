import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";

/** What a worker thread knows from its start. */
export interface WorkerData {
  /** Worker threads beside and including it: they share the processors. */
  readonly workers: number;
}

/**
 * Starts a worker thread. From sources (tests, scripts) it runs through tsx, as its parent does; from `dist` it is plain
 * JavaScript.
 */
export function startWorkerThread(workerData: WorkerData): Worker {
  if (!import.meta.url.endsWith(".ts")) {
    return new Worker(new URL("./worker.js", import.meta.url), { execArgv: [], workerData });
  }
  return new Worker(new URL("./worker.ts", import.meta.url), {
    workerData,
    execArgv: ["--import", registerTsx(), "--conditions=@nacre/source"],
  });
}

/**
 * A module that registers tsx. In workers `--import tsx` alone does nothing on Node 20, and what `require` resolves
 * `tsx/esm/api` to does not run.
 */
function registerTsx(): string {
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx/package.json"));
  const api = new URL("dist/esm/api/index.mjs", tsx).href;
  return `data:text/javascript,import { register } from ${JSON.stringify(api)}; register();`;
}
