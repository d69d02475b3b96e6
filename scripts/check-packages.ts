// Every published package as its users meet it: publint and are-the-types-wrong on the tarball, then an empty project
// outside the workspace that installs the tarballs alone and runs the README's example.
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { ModuleKind, ScriptTarget, transpileModule } from "typescript";
import { type PackageManifest, type Packed, tarballLockfile } from "./tarball-lockfile.ts";

const execute = promisify(execFile);
const root = fileURLToPath(new URL("..", import.meta.url));
/** Without the settings of this workspace, which npm and pnpm hand down. */
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_config_/i.test(name)));

/** The README's example, its first ```ts block, and the packages that its install line names. */
export function readmeExample(markdown: string): { readonly code: string; readonly packages: string[] } | undefined {
  const code = markdown.match(/^```ts\n([\s\S]*?)^```$/m)?.[1];
  const install = markdown.match(/^npm install (.+)$/m)?.[1];
  if (code === undefined || install === undefined) return undefined;
  return { code, packages: install.split(" ").filter((word) => word !== "" && !word.startsWith("-")) };
}

/** The tarballs that installing `names` needs: their own and those of their dependencies in the workspace. */
export function closure(names: readonly string[], packages: ReadonlyMap<string, Packed>): Packed[] {
  const found = new Map<string, Packed>();
  const visit = (current: string): void => {
    const packed = packages.get(current);
    if (packed === undefined || found.has(current)) return;
    found.set(current, packed);
    for (const dependency of Object.keys(packed.manifest.dependencies ?? {})) visit(dependency);
  };
  for (const name of names) visit(name);
  return [...found.values()];
}

async function pack(folder: string, into: string): Promise<Packed | undefined> {
  const manifest = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as PackageManifest;
  if (manifest.private) return undefined;
  const { stdout } = await execute("pnpm", ["pack", "--pack-destination", into, "--json"], { cwd: folder });
  return { folder, manifest, tarball: (JSON.parse(stdout) as { filename: string }).filename };
}

async function checkPackage(packed: Packed, packages: ReadonlyMap<string, Packed>, into: string): Promise<string[]> {
  const faults: string[] = [];
  const { name } = packed.manifest;
  const attempt = async (what: string, command: string, parameters: string[], cwd: string): Promise<string> => {
    try {
      return (await execute(command, parameters, { cwd, env, timeout: 300_000, maxBuffer: 2 ** 26 })).stdout;
    } catch (error) {
      const { stdout = "", stderr = "", message } = error as Error & { stdout?: string; stderr?: string };
      faults.push(`${name}: ${what}\n${stdout}${stderr}${stdout || stderr ? "" : message}`);
      return "";
    }
  };
  await attempt("publint", "publint", ["run", packed.tarball, "--strict"], root);
  await attempt("are the types wrong", "attw", [packed.tarball, "--profile", "esm-only", "--format", "ascii"], root);

  const readme = await readFile(join(packed.folder, "README.md"), "utf8").catch(() => "");
  const example = readmeExample(readme);
  if (example === undefined) return [...faults, `${name}: README.md has no "npm install" line or no \`\`\`ts example`];
  if (!example.packages.includes(name)) faults.push(`${name}: the README's install line does not name it`);
  const project = join(into, name.replace("/", "-"));
  await mkdir(project);
  const tarballs = closure(example.packages, packages);
  const files = new Map(tarballs.map((each) => [each.manifest.name, `file:${each.tarball}`]));
  await writeFile(
    join(project, "package.json"),
    JSON.stringify({
      private: true,
      type: "module",
      dependencies: Object.fromEntries(example.packages.map((each) => [each, files.get(each) ?? "*"])),
    }),
  );
  const workspace = await readFile(join(root, "pnpm-lock.yaml"), "utf8");
  await writeFile(
    join(project, "pnpm-lock.yaml"),
    await tarballLockfile(workspace, { root, direct: example.packages, tarballs }),
  );
  await attempt(
    "installs alone",
    "pnpm",
    ["install", "--offline", "--ignore-workspace", "--frozen-lockfile", "--ignore-scripts"],
    project,
  );
  if (faults.length > 0) return faults;
  for (const command of Object.keys(packed.manifest.bin ?? {})) {
    await attempt(`${command} --help`, join(project, "node_modules/.bin", command), ["--help"], project);
  }
  const { outputText } = transpileModule(example.code, {
    compilerOptions: { module: ModuleKind.ESNext, target: ScriptTarget.ES2023 },
  });
  await writeFile(join(project, "example.mjs"), outputText);
  const started = Date.now();
  const output = await attempt("README example runs", process.execPath, ["example.mjs"], project);
  if (faults.length === 0 && output.trim() === "") faults.push(`${name}: the README's example prints nothing`);
  if (faults.length === 0)
    console.log(`  ${name}: installed alone, example ran in ${((Date.now() - started) / 1000).toFixed(1)} s`);
  return faults;
}

async function main(): Promise<void> {
  const into = await mkdtemp(join(tmpdir(), "nacre-packages-"));
  try {
    const folders = (await readdir(join(root, "packages"))).map((name) => join(root, "packages", name));
    const packed = (await Promise.all(folders.map((folder) => pack(folder, into)))).filter(
      (each) => each !== undefined,
    );
    const packages = new Map(packed.map((each) => [each.manifest.name, each]));
    const only = process.argv[2];
    const faults: string[] = [];
    for (const each of packed) {
      if (only === undefined || each.manifest.name.endsWith(only))
        faults.push(...(await checkPackage(each, packages, into)));
    }
    for (const fault of faults) console.error(`\n${fault}`);
    console.log(`Packages: ${packed.length} packed, ${faults.length} faults.`);
    process.exitCode = faults.length === 0 ? 0 : 1;
  } finally {
    await rm(into, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
