import * as tf from "@tensorflow/tfjs-core";
import { builtin } from "../builtin.ts";
import { importOptional } from "./optional.ts";
import { type Finding, isNode, type ProbeOptions } from "./probes.ts";

interface Adapter {
  readonly info?: { readonly vendor?: string; readonly architecture?: string; readonly description?: string } & {
    readonly isFallbackAdapter?: boolean;
  };
  readonly isFallbackAdapter?: boolean;
}

interface Gpu {
  requestAdapter(options?: { powerPreference: "high-performance" }): Promise<Adapter | null>;
}

/** The package `webgpu` (Dawn for Node). */
interface Dawn {
  create(options: string[]): Gpu;
  globals: Record<string, unknown>;
}

/**
 * Loads the WebGPU backend when there is an adapter. Under Node the packages `webgpu` and `@tensorflow/tfjs-backend-webgpu`
 * have to be installed beside this one. A software adapter is slower than wasm, so it is taken only when forced.
 */
export async function prepareWebGpu({ forced }: ProbeOptions): Promise<Finding> {
  const found = isNode() ? await nodeGpu() : browserGpu();
  if (typeof found === "string") return { available: false, reason: found };
  const adapter = await found.gpu.requestAdapter({ powerPreference: "high-performance" });
  if (adapter === null)
    return { available: false, reason: "no GPU adapter (driver with Vulkan, Metal or D3D12) was found" };
  const name = adapterName(adapter);
  if (isSoftware(adapter) && forced !== true) {
    return {
      available: false,
      reason: `only a software adapter (${name}), slower than wasm; NACRE_BACKEND=webgpu forces it`,
    };
  }
  found.install?.();
  if (tf.findBackendFactory("webgpu") == null && (await loadBackend()) === undefined) {
    return { available: false, reason: `adapter ${name}, but ${backendPackage} is not installed` };
  }
  return { available: true, reason: `GPU adapter ${name}` };
}

const backendPackage = "@tensorflow/tfjs-backend-webgpu";

/** Undefined when it is not installed. The name is written out for bundlers, which must see it; Node looks in two places. */
function loadBackend(): Promise<unknown> {
  return isNode()
    ? importOptional(backendPackage)
    : import(/* webpackIgnore: true */ "@tensorflow/tfjs-backend-webgpu").catch(() => undefined);
}

interface FoundGpu {
  gpu: Gpu;
  install?: () => void;
}

function browserGpu(): FoundGpu | string {
  const gpu = (globalThis.navigator as { gpu?: Gpu } | undefined)?.gpu;
  return gpu === undefined ? "this browser has no WebGPU" : { gpu };
}

async function nodeGpu(): Promise<FoundGpu | string> {
  // Dawn would print a native warning.
  if (process.platform === "linux" && !(await hasVulkan())) return "no Vulkan loader (libvulkan.so.1) was found";
  const dawn = await importOptional<Dawn>("webgpu");
  if (dawn === undefined) return "the optional package webgpu is not installed";
  const gpu = dawn.create([]);
  return { gpu, install: () => installGlobals(gpu, dawn.globals) };
}

async function hasVulkan(): Promise<boolean> {
  const { existsSync } = builtin("node:fs");
  const triple = process.arch === "arm64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu";
  const standard = [`/usr/lib/${triple}`, `/lib/${triple}`, "/usr/lib64", "/lib64", "/usr/lib", "/usr/local/lib"];
  const folders = [...(process.env.LD_LIBRARY_PATH ?? "").split(":"), ...standard, "/run/opengl-driver/lib"];
  return folders.some((folder) => folder !== "" && existsSync(`${folder}/libvulkan.so.1`));
}

/** The TensorFlow.js backend expects what a browser has: `navigator.gpu` and the GPU classes. */
function installGlobals(gpu: Gpu, globals: Record<string, unknown>): void {
  Object.assign(globalThis, globals);
  if (globalThis.navigator === undefined) {
    Object.defineProperty(globalThis, "navigator", { value: {}, configurable: true, writable: true });
  }
  Object.defineProperty(globalThis.navigator, "gpu", { value: gpu, configurable: true });
}

function isSoftware(adapter: Adapter): boolean {
  return (
    adapter.info?.isFallbackAdapter === true ||
    adapter.isFallbackAdapter === true ||
    /llvmpipe|swiftshader/i.test(adapterName(adapter))
  );
}

function adapterName({ info }: Adapter): string {
  const parts = [info?.vendor, info?.architecture, info?.description].filter(
    (part) => part !== undefined && part !== "",
  );
  return parts.join(" ") || "without a name";
}
