import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";

/**
 * Starts a worker thread. From sources (tests, scripts) it runs through tsx, as its parent does; from `dist` it is plain
 * JavaScript.
 */
export function startWorkerThread(): Worker {
  if (!import.meta.url.endsWith(".ts")) return new Worker(new URL("./worker.js", import.meta.url), { execArgv: [] });
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
  return new Worker(new URL("./worker.ts", import.meta.url), {
    execArgv: ["--import", tsx, "--conditions=@nacre/source"],
  });
}
