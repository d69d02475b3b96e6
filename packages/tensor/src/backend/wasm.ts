import * as tf from "@tensorflow/tfjs-core";
import { builtin } from "../builtin.ts";
import { registerWasmKernels } from "../wasm/register.ts";
import { type Finding, greetSilently, isNode, type ProbeOptions } from "./probes.ts";
import { startThreaded } from "./threads.ts";

let pathsSet = false;

/** Loads the wasm backend and gives it the kernels that it lacks. */
export async function prepareWasm({ wasmPath, threads }: ProbeOptions): Promise<Finding> {
  if (typeof WebAssembly === "undefined") return { available: false, reason: "this runtime has no WebAssembly" };
  const [{ setWasmPaths, version_wasm: version }] = await Promise.all([
    import("@tensorflow/tfjs-backend-wasm"),
    import("@tensorflow/tfjs-backend-cpu"),
  ]);
  greetSilently();
  const path = wasmPath ?? (isNode() ? await ownFolder() : undefined);
  if (path !== undefined && !pathsSet) {
    setWasmPaths(path as Parameters<typeof setWasmPaths>[0]);
    pathsSet = true;
  }
  registerWasmKernels();
  const simd = await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT");
  if (!simd) return { available: true, reason: "WebAssembly without SIMD", version };
  const started = await (starting ??= wasmPath === undefined ? startThreaded(threads) : Promise.resolve(1));
  const count = started === 1 ? "" : ` on ${started} threads`;
  return { available: true, reason: `WebAssembly with SIMD${count}`, version };
}

/** The backend starts once; the number of its threads is settled then. */
let starting: Promise<number> | undefined;

/** Where the backend's binaries lie on this disk; undefined when it was bundled away from them. */
async function ownFolder(): Promise<string | undefined> {
  const [{ createRequire }, { dirname, join, sep }] = [builtin("node:module"), builtin("node:path")];
  try {
    const manifest = createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm/package.json");
    return join(dirname(manifest), "dist") + sep;
  } catch {
    return undefined;
  }
}
