import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { packageFolder } from "./package-folder.ts";

/**
 * The compiled kernels. Each checks the types and lengths of the arrays it is given and throws a TypeError or RangeError
 * that names the argument; what a function takes is written beside it in kernels/*.cc.
 */
export interface Addon {
  /** The build that computes, as "x86_64_v3"; absent when this processor runs none of them. */
  readonly instructionSet?: string;
  readonly binaryOperations: string;
  readonly unaryOperations: string;
  threads(): number;
  setThreads(threads: number): void;
  usableThreads(): number;
  profile(on: boolean): { jobs: number; busy: number };
  trim(bytes: number): number;
  largePages(array: Uint8Array): void;
  // biome-ignore lint/suspicious/noExplicitAny: some eighty kernels, each called in one place
  readonly [kernel: string]: any;
}

export type Loaded = { readonly addon: Addon; readonly file: string } | { readonly reason: string };

let loaded: Loaded | undefined;

/** Loads the program: that of this machine's compiler, else the platform's package. Never throws: says why not instead. */
export function loadAddon(): Loaded {
  loaded ??= load();
  return loaded;
}

function load(): Loaded {
  const require = createRequire(import.meta.url);
  // For tests: a build with sanitizers.
  const own = process.env.NACRE_NATIVE_PROGRAM ?? join(packageFolder, "build", "nacre-native.node");
  const reasons: string[] = [];
  for (const file of [own, platformPackage()]) {
    if (file === own && !existsSync(own)) continue;
    try {
      const addon = require(file) as Addon;
      if (addon.instructionSet !== undefined) return { addon, file };
      reasons.push(`${file} was built for another processor; npx nacre-native --force compiles it for this one`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "MODULE_NOT_FOUND") continue;
      reasons.push(`${file} does not load (${(error as Error).message.split("\n")[0]})`);
    }
  }
  if (reasons.length > 0) return { reason: reasons.join("; ") };
  return {
    reason: `there is no prebuilt program for ${platform()}; npx nacre-native compiles one where there is a C++ compiler`,
  };
}

function platformPackage(): string {
  return `@nacre/native-${platform()}`;
}

/** As in the names of the platform packages: linux-x64-gnu, linux-x64-musl, darwin-arm64, win32-x64, … */
function platform(): string {
  const { platform: system, arch } = process;
  return system === "linux" ? `linux-${arch}-${isMusl() ? "musl" : "gnu"}` : `${system}-${arch}`;
}

function isMusl(): boolean {
  try {
    return readFileSync("/usr/bin/ldd", "utf8").includes("musl");
  } catch {
    const header = (process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined)?.header;
    return header?.glibcVersionRuntime === undefined;
  }
}
