import { readFileSync } from "node:fs";
import { join } from "node:path";
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { loadAddon } from "./addon.ts";
import { NativeBackend } from "./backend.ts";
import type { Kernel } from "./kernel.ts";
import { kernels } from "./kernels.ts";
import { packageFolder } from "./package-folder.ts";
import { describeProfile, Profile, type ProfileReport } from "./profile.ts";

const { version } = JSON.parse(readFileSync(join(packageFolder, "package.json"), "utf8")) as { version: string };

/** Above every other backend's, so that TensorFlow.js chooses this one by itself. */
const priority = 10;

export interface NativeReport {
  readonly version: string;
  /** The build that computes: "x86_64_v3", … */
  readonly instructionSet: string;
  readonly threads: number;
}

let report: NativeReport | undefined;
let watched: Profile | undefined;

/** Time per kernel since the start, or since the last call; undefined unless the environment variable NACRE_PROFILE is 1. */
export function profile(): ProfileReport | undefined {
  return watched?.report();
}

/**
 * Registers the TensorFlow.js backend "native": every kernel of the cpu backend, the hot ones in C++. Importing the package
 * does it; calling it again gives the same report.
 *
 * @throws Error with the reason where the program is missing or does not run here.
 */
export function register(): NativeReport {
  if (report !== undefined) return report;
  const loaded = loadAddon();
  if ("reason" in loaded) throw new Error(`@nacre/native does not compute here: ${loaded.reason}.`);
  const { addon } = loaded;
  const wanted = threadsWanted();
  if (wanted !== undefined) addon.setThreads(wanted);
  tf.registerBackend("native", () => new NativeBackend(addon), priority);
  if (process.env.NACRE_PROFILE === "1") {
    const watching = new Profile(addon);
    watched = watching;
    process.on("exit", () => process.stderr.write(`${describeProfile(watching.report())}\n`));
  }
  const add = (kernel: tf.KernelConfig): void => tf.registerKernel(watched?.watch(kernel) ?? kernel);
  const present = kernels.filter(({ needs }) => needs === undefined || addon[needs] !== undefined);
  const own = new Map(present.map((kernel) => [kernel.kernelName, kernel]));
  for (const inherited of tf.getKernelsForBackend("cpu")) {
    if (!own.has(inherited.kernelName)) add({ ...inherited, backendName: "native" });
  }
  for (const kernel of own.values()) add(config(kernel));
  report = { version, instructionSet: addon.instructionSet!, threads: addon.threads() };
  return report;
}

function config({ kernelName, compute }: Kernel): tf.KernelConfig {
  return {
    kernelName,
    backendName: "native",
    kernelFunc: ({ inputs, attrs, backend }) => compute(inputs as never, attrs ?? {}, backend as NativeBackend),
  };
}

function threadsWanted(): number | undefined {
  const text = process.env.NACRE_THREADS;
  if (!text) return undefined;
  const wanted = Number(text);
  if (Number.isInteger(wanted) && wanted >= 1 && wanted <= 256) return wanted;
  throw new Error(
    `Expected a whole number from 1 to 256 in the environment variable NACRE_THREADS. Received "${text}".`,
  );
}
