import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";

/**
 * Starts a worker thread. From sources (tests, scripts) it runs through tsx, as its parent does; from `dist` it is plain
 * JavaScript.
 */
export function startWorkerThread(): Worker {
  if (!import.meta.url.endsWith(".ts")) return new Worker(new URL("./worker.js", import.meta.url), { execArgv: [] });
  return new Worker(new URL("./worker.ts", import.meta.url), {
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
