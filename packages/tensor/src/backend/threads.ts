import * as tf from "@tensorflow/tfjs-core";
import { builtin } from "../builtin.ts";
import { isNode } from "./probes.ts";
import { setBackend } from "./set-backend.ts";

/** Threads that the wasm backend's binary makes room for. */
const mostThreads = 8;

/**
 * Starts the wasm backend on several threads under Node, which TensorFlow.js leaves off there (tensorflow/tfjs#3830): it asks
 * for its workers by a blob's URL, which only browsers understand, though the workers' code itself is fit for Node. So while
 * the backend starts, `Worker` starts that code instead of the URL.
 *
 * @param wanted number of threads; 1 leaves everything as it is.
 * @returns the number of threads that compute: 1 where the binary's files are missing or workers may not be started.
 */
export async function startThreaded(wanted: number | undefined): Promise<number> {
  if (!isNode()) return 1;
  const threads = Math.min(mostThreads, wanted ?? defaultThreads());
  const simd = await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT");
  const code = threads > 1 && simd ? await workerCode() : undefined;
  if (code === undefined) return 1;
  const { setThreadsCount, getThreadsCount } = await import("@tensorflow/tfjs-backend-wasm");
  const restore = await replaceWorkers(code, threads);
  tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", true);
  try {
    setThreadsCount(threads);
    if (await setBackend("wasm")) return getThreadsCount();
  } catch {
    // One thread will do.
  } finally {
    restore();
  }
  tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  return 1;
}

/** What the environment variable NACRE_THREADS says; else 1. */
function defaultThreads(): number {
  const value = process.env.NACRE_THREADS;
  const threads = value ? Number(value) : 1;
  if (Number.isInteger(threads) && threads >= 1) return threads;
  throw new Error(`Expected an integer from 1 in the environment variable NACRE_THREADS. Received "${value}".`);
}

/** JavaScript for `new Worker(code, { eval: true })`; undefined when the package's files are not to be found. */
async function workerCode(): Promise<string | undefined> {
  const [{ createRequire }, { dirname, join }] = [builtin("node:module"), builtin("node:path")];
  const require = createRequire(import.meta.url);
  try {
    const folder = join(dirname(require.resolve("@tensorflow/tfjs-backend-wasm/package.json")), "wasm-out");
    const { wasmWorkerContents: code } = require(join(folder, "tfjs-backend-wasm-threaded-simd.worker.js"));
    const program = require.resolve(join(folder, "tfjs-backend-wasm-threaded-simd.js"));
    // In the worker, too, a blob's URL is made and loaded: the program itself.
    const prelude = `URL.createObjectURL = () => ${JSON.stringify(program)}; URL.revokeObjectURL = () => {};`;
    return `${prelude}\n${(code as string).replaceAll("\n", "\\n")}`;
  } catch {
    return undefined;
  }
}

/** Until the returned function is called, workers run `code`, and the machine has at least 2 · `threads` processors. */
async function replaceWorkers(code: string, threads: number): Promise<() => void> {
  const workers = builtin("node:worker_threads");
  const os = builtin("node:os");
  const { Worker } = workers;
  const { cpus } = os;
  const processors = cpus();
  const started: InstanceType<typeof Worker>[] = [];
  workers.Worker = class extends Worker {
    constructor() {
      super(code, { eval: true, execArgv: [] });
      started.push(this);
    }
  };
  // The backend takes half of the processors, at most.
  os.cpus = () => Array.from({ length: 2 * threads }, () => processors[0]!);
  const scope = globalThis as { Worker?: unknown };
  const globalWorker = scope.Worker;
  return () => {
    workers.Worker = Worker;
    if (globalWorker === undefined) delete scope.Worker;
    else scope.Worker = globalWorker;
    os.cpus = cpus;
    // Idle threads must not keep the program from ending.
    for (const worker of started) worker.unref();
  };
}
