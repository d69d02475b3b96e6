import * as tf from "@tensorflow/tfjs-core";
import { activate, type ProbeOptions, type WasmPath } from "./probes.ts";
import { type BackendCandidate, type BackendName, type BackendReport, backendNames } from "./report.ts";

export interface ReadyOptions {
  /** Compute with this backend or fail. Default: the environment variable NACRE_BACKEND, else the best that works. */
  backend?: BackendName | undefined;
  /**
   * Threads of the wasm backend under Node, from 1 to 8. Default: the environment variable NACRE_THREADS, else 1; the native
   * backend, which uses all processors, reads that variable, too. More pay
   * for large products and convolutions on processors that are otherwise idle; on busy ones the threads wait for each other.
   * The number does not change the results. Only the first call counts.
   */
  threads?: number | undefined;
  /**
   * For browsers: where the files tfjs-backend-wasm*.wasm are served, as a folder URL that ends with a slash or as a URL
   * for each file name. Only the first call counts.
   */
  wasmPath?: WasmPath | undefined;
}

/** Calls follow one another: two at once must not choose two backends. */
let queue: Promise<unknown> = Promise.resolve();
let current: BackendReport | undefined;

/**
 * Chooses the backend and makes it compute: native (when @nacre/native is installed), else WebGPU, else wasm, else cpu.
 * Call it before the first tensor. Calling it again returns the same report, unless another backend is asked for.
 *
 * @throws Error when the backend asked for does not work here, or when its name is unknown.
 */
export function ready(options: ReadyOptions = {}): Promise<BackendReport> {
  const next = queue.then(() => choose(options));
  queue = next.catch(() => undefined);
  return next;
}

async function choose({ backend, ...options }: ReadyOptions): Promise<BackendReport> {
  const wanted = checkName(backend, "the option `backend`") ?? (current ? undefined : fromEnvironment());
  if (current && (wanted === undefined || wanted === current.chosen) && tf.getBackend() === current.chosen)
    return current;
  current = wanted === undefined ? await best(options) : await exactly(wanted, options);
  return current;
}

async function best(options: ProbeOptions): Promise<BackendReport> {
  const candidates: BackendCandidate[] = [];
  for (const [index, name] of backendNames.entries()) {
    const candidate = await activate(name, options);
    candidates.push(candidate);
    if (!candidate.available) continue;
    const rest = backendNames.slice(index + 1).map((other) => untried(other, `${name} is better`));
    return { chosen: name, candidates: [...candidates, ...rest] };
  }
  const reasons = candidates.map(({ name, reason }) => `${name}: ${reason}`).join("; ");
  throw new Error(`Expected at least one backend that works. Received none (${reasons}).`);
}

async function exactly(wanted: BackendName, options: ProbeOptions): Promise<BackendReport> {
  const before = tf.engine().backendName;
  const candidate = await activate(wanted, { ...options, forced: true });
  if (!candidate.available) {
    if (before) await tf.setBackend(before);
    throw new Error(
      `Expected the backend "${wanted}", which was asked for, to work here. Received: ${candidate.reason}. ` +
        "Choose another one (the option `backend` or the variable NACRE_BACKEND), or none to get the best that works.",
    );
  }
  const candidates = backendNames.map((name) =>
    name === wanted ? candidate : untried(name, `${wanted} was asked for`),
  );
  return { chosen: wanted, candidates };
}

function untried(name: BackendName, why: string): BackendCandidate {
  return { name, available: false, reason: `not tried, ${why}` };
}

function fromEnvironment(): BackendName | undefined {
  const value = typeof process === "undefined" ? undefined : process.env?.NACRE_BACKEND;
  return value ? checkName(value, "the environment variable NACRE_BACKEND") : undefined;
}

function checkName(value: string | undefined, where: string): BackendName | undefined {
  if (value === undefined || (backendNames as readonly string[]).includes(value))
    return value as BackendName | undefined;
  throw new Error(`Expected one of ${backendNames.join(", ")} in ${where}. Received "${value}".`);
}
