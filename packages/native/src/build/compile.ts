import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { packageFolder } from "../package-folder.ts";
import type { InstructionSet } from "./instruction-sets.ts";

const run = promisify(execFile);

export interface BuildOptions {
  readonly compiler: string;
  readonly sets: readonly InstructionSet[];
  readonly out?: string | undefined;
  readonly sanitize?: "address" | "thread" | undefined;
  readonly force?: boolean | undefined;
}

/** Sources that are compiled once and must run on every processor of the family. */
const common = ["addon.cc", "arguments.cc", "pool.cc"];

/**
 * Compiles kernels/*.cc, once per instruction set, and links them to one program. Does nothing when sources, compiler and
 * options are those of the program that is there; writes it whole or not at all.
 *
 * @throws Error with the compiler's words when it fails.
 */
export async function build({ compiler, sets, out, sanitize, force = false }: BuildOptions): Promise<void> {
  const sources = join(packageFolder, "kernels");
  const target = out ?? join(packageFolder, "build", "nacre-native.node");
  const flags = await compilerFlags(sanitize);
  const stamp = await digest(sources, [compiler, ...flags, ...sets.map(({ name }) => name)]);
  const stampFile = `${target}.stamp`;
  if (!force && (await readFile(stampFile, "utf8").catch(() => "")) === stamp) return;

  await mkdir(dirname(target), { recursive: true });
  const folder = await mkdtemp(join(dirname(target), "compile-"));
  try {
    const files = (await readdir(sources)).filter((name) => name.endsWith(".cc"));
    const jobs = [
      ...common.map((name) => {
        const has = sets.map((set) => `-DNACRE_HAS_${set.name}`);
        return { source: name, object: name.replace(".cc", ".o"), extra: [...has, "-O2"] };
      }),
      ...sets.flatMap((set) =>
        files
          .filter((name) => !common.includes(name))
          .map((name) => ({
            source: name,
            object: `${set.name}-${name.replace(".cc", ".o")}`,
            extra: [`-DNACRE_ISA=${set.name}`, ...set.flags, "-O3"],
          })),
      ),
    ];
    let done = 0;
    const tell = process.stderr.isTTY
      ? () => process.stderr.write(`\r@nacre/native: compiled ${++done} of ${jobs.length} parts `)
      : () => {};
    await eachOf(jobs, async ({ source, object, extra }) => {
      await run(compiler, [...flags, ...extra, "-c", join(sources, source), "-o", join(folder, object)], {
        maxBuffer: 2 ** 26,
      });
      tell();
    });
    if (process.stderr.isTTY) process.stderr.write("\n");
    const program = join(folder, basename(target));
    await run(compiler, [...linkFlags(sanitize), ...jobs.map(({ object }) => join(folder, object)), "-o", program]);
    await rename(program, target);
    await writeFile(stampFile, stamp);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function compilerFlags(sanitize: BuildOptions["sanitize"]): Promise<string[]> {
  const headers = dirname(createRequire(import.meta.url).resolve("node-api-headers/package.json"));
  return [
    "-std=c++20",
    "-DNAPI_VERSION=8",
    "-DNODE_GYP_MODULE_NAME=nacre_native",
    `-I${join(headers, "include")}`,
    "-fvisibility=hidden",
    "-fvisibility-inlines-hidden",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-ffp-contract=fast",
    "-Wall",
    "-Wextra",
    "-Wno-psabi",
    "-Wno-ignored-attributes",
    "-Wno-unused-function",
    ...(process.platform === "win32" ? [] : ["-fPIC"]),
    ...sanitizer(sanitize),
    ...(sanitize === undefined ? [] : ["-g", "-fno-sanitize-recover=all"]),
  ];
}

function sanitizer(sanitize: BuildOptions["sanitize"]): string[] {
  return sanitize === undefined ? [] : [`-fsanitize=${sanitize === "address" ? "address,undefined" : "thread"}`];
}

function linkFlags(sanitize: BuildOptions["sanitize"]): string[] {
  if (process.platform === "darwin") return ["-bundle", "-undefined", "dynamic_lookup", ...sanitizer(sanitize)];
  if (process.platform === "win32") return ["-shared", ...sanitizer(sanitize)];
  // The standard library goes in: the program runs where only Node was installed.
  const whole = sanitize === undefined ? ["-static-libstdc++", "-static-libgcc", "-s"] : [];
  return ["-shared", "-pthread", ...whole, ...sanitizer(sanitize)];
}

/** Of everything that the program follows from. */
async function digest(folder: string, options: readonly string[]): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify(options));
  for (const name of (await readdir(folder)).sort()) hash.update(name).update(await readFile(join(folder, name)));
  hash.update(await readFile(fileURLToPath(import.meta.url)));
  return hash.digest("hex");
}

async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const worker = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
}
