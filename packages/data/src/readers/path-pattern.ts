import { builtin } from "../builtin.ts";

/**
 * The files that a path means, sorted: itself, everything below a folder that `fits`, or what a pattern matches: `*` and `?` within a
 * name, `**` over folders, `{a,b}` either. Names that begin with a dot are passed over unless the pattern names them.
 *
 * @throws Error when there is nothing.
 */
export async function filesOf(source: string, fits: (path: string) => boolean): Promise<string[]> {
  const { stat } = builtin("node:fs/promises");
  const found = await stat(source).catch(() => undefined);
  if (found?.isFile()) return [source];
  if (found?.isDirectory()) return some(source, (await below(source)).filter(fits));
  if (!/[*?{]/.test(source)) throw new Error(`Expected a file, a folder or a pattern. There is nothing at ${source}.`);
  const { sep } = builtin("node:path");
  const pattern = source.split(sep).join("/");
  const fixed = pattern.slice(0, pattern.search(/[*?{]/));
  const base = fixed.includes("/") ? fixed.slice(0, fixed.lastIndexOf("/")) || "/" : ".";
  const matches = toRegExp(pattern);
  const paths = (await below(base)).filter((path) =>
    matches.test((base === "." ? path.replace(/^\.[\\/]/, "") : path).split(sep).join("/")),
  );
  return some(source, paths);
}

function some(source: string, paths: string[]): string[] {
  if (paths.length > 0) return paths;
  throw new Error(`Expected files at ${source}. None there are of a kind that is looked for.`);
}

async function below(folder: string): Promise<string[]> {
  const { readdir } = builtin("node:fs/promises");
  const { join } = builtin("node:path");
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: Error) => {
    throw new Error(`Expected a folder at ${folder}. ${error.message}`, { cause: error });
  });
  const paths: string[] = [];
  for (const entry of entries.sort((left, right) => (left.name < right.name ? -1 : 1))) {
    if (entry.name.startsWith(".")) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) paths.push(...(await below(path)));
    else paths.push(path);
  }
  return paths;
}

function toRegExp(pattern: string): RegExp {
  let inBraces = false;
  const source = pattern.replace(/\*\*\/|\*\*|\*|\?|[{},]|[.+^$()|[\]\\]/g, (symbol) => {
    if (symbol === "**/") return "(?:.*/)?";
    if (symbol === "**") return ".*";
    if (symbol === "*") return "[^/]*";
    if (symbol === "?") return "[^/]";
    if (symbol === "{") {
      inBraces = true;
      return "(?:";
    }
    if (symbol === "}") {
      inBraces = false;
      return ")";
    }
    if (symbol === ",") return inBraces ? "|" : ",";
    return `\\${symbol}`;
  });
  return new RegExp(`^${source}$`);
}
