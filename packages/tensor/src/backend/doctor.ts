import { builtin } from "../builtin.ts";
import { activate, isNode, type WasmPath } from "./probes.ts";
import { ready } from "./ready.ts";
import { type BackendReport, backendNames } from "./report.ts";

export interface DoctorReport extends BackendReport {
  /** Version of Node, or the browser's user agent. */
  runtime: string;
  /** Operating system and processor, as "linux x64". */
  platform: string;
  /** Logical processors. */
  processors: number;
  processorName?: string;
  /** Memory of the machine in bytes, where the runtime tells. */
  memory?: number;
  freeMemory?: number;
}

/**
 * Tries every backend, also those that are not needed, and says what machine this is. Afterwards the backend computes that
 * computed before, or the one that `ready` chooses.
 */
export async function doctor(options: { wasmPath?: WasmPath } = {}): Promise<DoctorReport> {
  const { chosen } = await ready(options);
  const candidates = [];
  for (const name of backendNames) candidates.push(await activate(name, options));
  await ready({ backend: chosen });
  return { chosen, candidates, ...(await machine()) };
}

async function machine(): Promise<Omit<DoctorReport, "chosen" | "candidates">> {
  if (!isNode()) {
    const { userAgent, hardwareConcurrency } = globalThis.navigator;
    return { runtime: userAgent, platform: "browser", processors: hardwareConcurrency };
  }
  const os = builtin("node:os");
  const name = os.cpus()[0]?.model.trim();
  return {
    runtime: `Node ${process.version}`,
    platform: `${process.platform} ${process.arch}`,
    processors: os.availableParallelism(),
    ...(name ? { processorName: name } : {}),
    memory: os.totalmem(),
    freeMemory: os.freemem(),
  };
}
