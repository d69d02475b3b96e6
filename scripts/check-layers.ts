// The import table in ARCHITECTURE.md is the rule: no import, and no dependency in a package.json, may go past it.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const forbiddenFolders = new Set(["core", "utils", "util", "shared", "types", "common", "helpers"]);

/** The table as package → names it may import; `all` opens everything. */
export function readTable(markdown: string): Map<string, ReadonlySet<string> | "all"> {
  const rows =
    markdown
      .split("\n## Who may import whom\n")[1]
      ?.split("\n## ")[0]
      ?.match(/^\| .+ \|$/gm) ?? [];
  const table = new Map<string, ReadonlySet<string> | "all">();
  for (const row of rows.slice(1)) {
    const [name, allowed] = row.split("|").slice(1, 3);
    const names = allowed!
      .replace(/\(.*?\)/g, "")
      .split(",")
      .map((part) => part.trim());
    table.set(name!.trim(), names[0] === "all" ? "all" : new Set(names.filter((part) => part !== "–" && part !== "")));
  }
  if (table.size === 0) throw new Error('Expected a table under "## Who may import whom" in ARCHITECTURE.md.');
  return table;
}

/** The module names a source imports, dynamically or not, types included. */
export function importsOf(source: string): string[] {
  const { importedFiles } = ts.preProcessFile(source, true, true);
  return importedFiles.map(({ fileName }) => fileName);
}

/** The package of ours that an import names, if any. */
export function packageOf(specifier: string): string | undefined {
  return specifier.match(/^@nacre\/([^/]+)/)?.[1];
}

function check(root: string): string[] {
  const table = readTable(readFileSync(join(root, "ARCHITECTURE.md"), "utf8"));
  const faults: string[] = [];
  for (const folder of ["packages", "apps"].flatMap((parent) => folders(root, parent))) {
    if (!table.has(layerName(folder))) faults.push(`${folder}: not in ARCHITECTURE.md's import table`);
  }
  for (const [layer, allowed] of table) {
    const folder = existsSync(join(root, "packages", layer)) ? join("packages", layer) : layer;
    if (!existsSync(join(root, folder))) continue;
    const permitted = (name: string): boolean => allowed === "all" || allowed.has(name) || name === layer;
    for (const file of sources(join(root, folder))) {
      const path = relative(root, file);
      for (const part of path.split("/")) {
        if (forbiddenFolders.has(part))
          faults.push(`${path}: no folder is called "${part}"; a helper lives with what it helps`);
      }
      for (const specifier of importsOf(readFileSync(file, "utf8"))) {
        const name = packageOf(specifier);
        if (name !== undefined && !permitted(name)) faults.push(`${path}: ${layer} may not import @nacre/${name}`);
        if (name === undefined && specifier.startsWith(".") && leaves(file, specifier, join(root, folder))) {
          faults.push(`${path}: reaches into another package by ${specifier}; import it by name`);
        }
      }
    }
    const manifest = join(root, folder, "package.json");
    if (!existsSync(manifest)) continue;
    const description = JSON.parse(readFileSync(manifest, "utf8"));
    const { dependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} } = description;
    for (const dependency of Object.keys({ ...dependencies, ...peerDependencies })) {
      const name = packageOf(dependency);
      // An optional peer is looked for while the program runs; nothing imports it.
      if (peerDependenciesMeta[dependency]?.optional) continue;
      if (name !== undefined && !permitted(name))
        faults.push(`${relative(root, manifest)}: ${layer} may not depend on ${dependency}`);
    }
  }
  return faults;
}

function layerName(folder: string): string {
  return folder.startsWith("packages/") ? folder.slice("packages/".length) : folder;
}

function folders(root: string, parent: string): string[] {
  if (!existsSync(join(root, parent))) return [];
  return readdirSync(join(root, parent))
    .filter((name) => existsSync(join(root, parent, name, "package.json")))
    .map((name) => join(parent, name));
}

function leaves(file: string, specifier: string, folder: string): boolean {
  return relative(folder, join(file, "..", specifier)).startsWith("..");
}

function* sources(folder: string): Generator<string> {
  for (const name of readdirSync(folder)) {
    if (name === "node_modules" || name === "dist") continue;
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* sources(path);
    else if (/\.(ts|tsx|mts)$/.test(name) && !name.endsWith(".d.ts") && !name.endsWith(".test.ts")) yield path;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const faults = check(fileURLToPath(new URL("..", import.meta.url)));
  for (const fault of faults) console.error(fault);
  console.log(
    faults.length === 0 ? "Layers: every import is in the table." : `Layers: ${faults.length} imports past the table.`,
  );
  process.exit(faults.length === 0 ? 0 : 1);
}
