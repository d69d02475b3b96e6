import * as tf from "@tensorflow/tfjs-core";
import { importOptional } from "./optional.ts";
import type { BackendCandidate, BackendName } from "./report.ts";
import { describe, setBackend } from "./set-backend.ts";
import { prepareWasm } from "./wasm.ts";
import { prepareWebGpu } from "./webgpu.ts";

/** Where the browser finds the wasm files: a folder (with its last slash), or a URL for each file's name. */
export type WasmPath = string | Readonly<Record<string, string>>;

export interface ProbeOptions {
  wasmPath?: WasmPath | undefined;
  /** For wasm under Node. Default: the environment variable NACRE_THREADS, else 1. */
  threads?: number | undefined;
  /** The user asked for this very backend: a software adapter will do. */
  forced?: boolean | undefined;
}

export type Finding = Omit<BackendCandidate, "name">;

/**
 * Loads and registers a backend and makes TensorFlow.js compute with it. Never throws: what is wrong becomes the reason.
 */
export async function activate(name: BackendName, options: ProbeOptions): Promise<BackendCandidate> {
  try {
    const finding = await prepare[name](options);
    if (finding.available && !(await setBackend(name))) {
      return { name, available: false, reason: `TensorFlow.js could not start its ${name} backend` };
    }
    return { name, ...finding };
  } catch (error) {
    return { name, available: false, reason: describe(error) };
  }
}

const prepare: Record<BackendName, (options: ProbeOptions) => Promise<Finding>> = {
  native: prepareNative,
  webgpu: prepareWebGpu,
  wasm: prepareWasm,
  cpu: prepareCpu,
};

/** What @nacre/native/register exports: it registers a TensorFlow.js backend of the name "native". */
interface NativeModule {
  register(): { version: string; instructionSet: string; threads: number };
}

async function prepareNative(): Promise<Finding> {
  if (!isNode()) return { available: false, reason: "runs under Node only" };
  const loaded = await importOptional<NativeModule>("@nacre/native/register");
  if (loaded === undefined) return { available: false, reason: "the package @nacre/native is not installed" };
  const { version, instructionSet, threads } = loaded.register();
  const set = instructionSet.replace("x86_64_", "x86-64-");
  return { available: true, reason: `C++ for ${set} on ${threads} ${threads === 1 ? "thread" : "threads"}`, version };
}

async function prepareCpu(): Promise<Finding> {
  const { version_cpu: version } = await import("@tensorflow/tfjs-backend-cpu");
  greetSilently();
  return { available: true, reason: "plain JavaScript, the slowest; it runs everywhere", version };
}

/** The cpu backend prints advice to install another package at the first tensor made under Node; this one gave its own. */
export function greetSilently(): void {
  const backend = tf.findBackend("cpu") as { firstUse?: boolean } | null;
  if (backend !== null) backend.firstUse = false;
}

export function isNode(): boolean {
  return typeof process !== "undefined" && typeof process.versions?.node === "string";
}
