import type { Worker } from "node:worker_threads";
import { builtin } from "../../builtin.ts";
import type { Cutting, WordCounts } from "./cutting.ts";

/** How many threads may count here: one outside Node. */
export function threadsHere(): number {
  if (globalThis.process?.getBuiltinModule === undefined) return 1;
  return Math.min(8, builtin("node:os").availableParallelism());
}

/** Has threads count what an iterator still gives, and adds it to `counts`. */
export async function countInThreads(
  portions: AsyncIterator<string[]>,
  { normalizer, preTokenizer, threads }: Cutting & { readonly threads: number },
  counts: WordCounts,
): Promise<void> {
  const workers = Array.from({ length: threads }, () => startWorker({ normalizer, preTokenizer }));
  try {
    // Each asks for the next portion when it is done with its own.
    await Promise.all(
      workers.map(async (worker) => {
        for (let next = await portions.next(); !next.done; next = await portions.next()) await ask(worker, next.value);
        const counted = (await ask(worker, undefined)) as WordCounts;
        for (const [word, count] of counted) counts.set(word, (counts.get(word) ?? 0) + count);
      }),
    );
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

function ask(worker: Worker, message: string[] | undefined): Promise<unknown> {
  return new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
    worker.postMessage(message);
  }).finally(() => {
    worker.removeAllListeners("message");
    worker.removeAllListeners("error");
  });
}

/** From sources (tests, scripts) it runs through tsx, as its parent does; from `dist` it is plain JavaScript. */
function startWorker(workerData: Cutting): Worker {
  const threads = builtin("node:worker_threads");
  if (import.meta.url.endsWith(".ts")) {
    return new threads.Worker(new URL("../../count-words-worker.ts", import.meta.url), {
      execArgv: ["--import", registerTsx(), "--conditions=@nacre/source"],
      workerData,
    });
  }
  const { existsSync } = builtin("node:fs");
  // Bundled into dist/tokenizers/index.js, or into a chunk beside the thread's own file.
  const places = ["./count-words-worker.js", "../count-words-worker.js"];
  const found = places.map((place) => new URL(place, import.meta.url)).find((url) => existsSync(url));
  if (found === undefined) throw new Error(`Expected count-words-worker.js beside ${import.meta.url}. Use threads: 1.`);
  return new threads.Worker(found, { execArgv: [], workerData });
}

/** A module that registers tsx: in workers `--import tsx` alone does nothing on Node 20. */
function registerTsx(): string {
  const { createRequire } = builtin("node:module");
  const { pathToFileURL } = builtin("node:url");
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx/package.json"));
  const api = new URL("dist/esm/api/index.mjs", tsx).href;
  return `data:text/javascript,import { register } from ${JSON.stringify(api)}; register();`;
}
