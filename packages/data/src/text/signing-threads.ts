import { builtin } from "../builtin.ts";
import { createSigner, type SignedBatch, type SignerOptions } from "./signer.ts";

/** Signs batches of texts, in worker threads. */
export interface SigningThreads {
  /** Batches that may be under way at once. */
  readonly width: number;
  sign(texts: readonly string[]): Promise<SignedBatch>;
  close(): Promise<void>;
}

/** Starts `count` worker threads; with 0 the caller's thread does the work. */
export function startSigningThreads(count: number, options: SignerOptions): SigningThreads {
  if (count === 0) {
    const sign = createSigner(options);
    return { width: 1, sign: async (texts) => sign(texts), close: async () => {} };
  }
  const workers = Array.from({ length: count }, () => startWorker(options));
  const waiting = workers.map((): { resolve: (batch: SignedBatch) => void; reject: (error: unknown) => void }[] => []);
  for (const [index, worker] of workers.entries()) {
    worker.on("message", (batch: SignedBatch) => waiting[index]!.shift()?.resolve(batch));
    worker.on("error", (error) => {
      for (const { reject } of waiting[index]!.splice(0)) reject(error);
    });
  }
  let turn = 0;
  return {
    width: 2 * count,
    sign(texts) {
      const index = turn++ % count;
      return new Promise((resolve, reject) => {
        waiting[index]!.push({ resolve, reject });
        workers[index]!.postMessage(texts);
      });
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

/** From sources (tests, scripts) the thread runs through tsx, as its parent does; from `dist` it is plain JavaScript. */
function startWorker(workerData: SignerOptions): import("node:worker_threads").Worker {
  const { Worker } = builtin("node:worker_threads");
  if (!import.meta.url.endsWith(".ts")) {
    const { existsSync } = builtin("node:fs");
    // Bundled into dist/text/index.js, or into a chunk beside the thread's own file.
    const places = ["./near-duplicates-worker.js", "../near-duplicates-worker.js"];
    const found = places.map((place) => new URL(place, import.meta.url)).find((url) => existsSync(url));
    if (found === undefined)
      throw new Error(`Expected near-duplicates-worker.js beside ${import.meta.url}. Use workers: 0.`);
    return new Worker(found, { execArgv: [], workerData });
  }
  return new Worker(new URL("../near-duplicates-worker.ts", import.meta.url), {
    workerData,
    execArgv: ["--import", registerTsx(), "--conditions=@nacre/source"],
  });
}

/** A module that registers tsx: in workers `--import tsx` alone does nothing on Node 20. */
function registerTsx(): string {
  const { createRequire } = builtin("node:module");
  const { pathToFileURL } = builtin("node:url");
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx/package.json"));
  const api = new URL("dist/esm/api/index.mjs", tsx).href;
  return `data:text/javascript,import { register } from ${JSON.stringify(api)}; register();`;
}
