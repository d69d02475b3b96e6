import { builtin } from "../builtin.ts";
import { catalogueEntry } from "./catalogue.ts";
import { download } from "./download.ts";
import type { CatalogueEntry, CatalogueFile, MirroredFile } from "./entry.ts";
import { cacheFolder, isFile, sha256File } from "./files.ts";

/** What is known while a file is on its way. */
export interface FetchProgress {
  readonly file: string;
  /** Bytes of this file so far. */
  readonly done: number;
  readonly total: number;
}

export interface FetchOptions {
  /** Where downloads are kept; NACRE_CACHE or the user's cache folder unless given. */
  readonly cache?: string;
  /** A folder that is looked into first; NACRE_MIRROR unless given, `null` for none. */
  readonly mirror?: string | null;
  readonly progress?: (progress: FetchProgress) => void;
  readonly signal?: AbortSignal;
}

export interface FetchedDataset {
  readonly name: string;
  /** The folder of the first file. */
  readonly folder: string;
  /** Paths by the catalogue's file names. A mirrored copy may end in `.gz` where the name does not; readers do not mind. */
  readonly files: Readonly<Record<string, string>>;
  readonly from: Readonly<Record<string, "mirror" | "cache" | "network">>;
}

/**
 * The files of a catalogued data set on this machine: from the mirror folder, else from the cache, else by download into
 * the cache. Every file is checked against its sha256 each time. Needs Node.
 *
 * @throws Error for an unknown name, a file that is not what the catalogue says, or no way to get it, and says what to do.
 */
export async function fetchDataset(
  dataset: string | CatalogueEntry,
  options: FetchOptions = {},
): Promise<FetchedDataset> {
  const entry = typeof dataset === "string" ? catalogueEntry(dataset) : dataset;
  const { dirname } = builtin("node:path");
  const files: Record<string, string> = {};
  const from: Record<string, "mirror" | "cache" | "network"> = {};
  for (const file of entry.files) {
    options.signal?.throwIfAborted();
    const found = (await fromMirror(file, options)) ?? (await fromCache(entry, file, options));
    files[file.name] = found.path;
    from[file.name] = found.from;
  }
  return { name: entry.name, folder: dirname(Object.values(files)[0] ?? "."), files, from };
}

async function fromMirror(
  file: CatalogueFile,
  options: FetchOptions,
): Promise<{ path: string; from: "mirror" } | undefined> {
  const mirror = options.mirror === undefined ? process.env.NACRE_MIRROR : options.mirror;
  if (!mirror || file.mirror === undefined) return undefined;
  const { join } = builtin("node:path");
  const copy = mirroredCopy(file, file.mirror);
  const path = join(mirror, copy.path);
  if (!(await isFile(path))) return undefined;
  await check(path, copy, "Repair the mirror (NACRE_MIRROR), or unset it to use the cache and the network.");
  report(options, file.name, copy.bytes);
  return { path, from: "mirror" };
}

async function fromCache(
  entry: CatalogueEntry,
  file: CatalogueFile,
  options: FetchOptions,
): Promise<{ path: string; from: "cache" | "network" }> {
  const { join } = builtin("node:path");
  const folder = join(options.cache ?? (await cacheFolder()), entry.name);
  const path = join(folder, file.name);
  const wanted = file.url === undefined ? file.mirror : file;
  if (await isFile(path)) {
    await check(path, wanted, "Delete this file; the next call downloads it again.");
    report(options, file.name, wanted.bytes);
    return { path, from: "cache" };
  }
  if (file.url === undefined) {
    throw new Error(
      `"${entry.name}" cannot be downloaded as one file (${entry.homepage}). ` +
        `Set NACRE_MIRROR to a folder that has ${file.mirror.path}, or put that file at ${path}.`,
    );
  }
  await download({ url: file.url, path, sha256: file.sha256, bytes: file.bytes }, options);
  return { path, from: "network" };
}

function mirroredCopy(file: CatalogueFile, mirror: string | MirroredFile): MirroredFile {
  if (typeof mirror === "object") return mirror;
  if (file.url === undefined) throw new Error(`The catalogue lacks a sha256 for ${file.name}.`);
  return { path: mirror, sha256: file.sha256, bytes: file.bytes };
}

async function check(path: string, expected: { sha256: string; bytes: number }, advice: string): Promise<void> {
  const { bytes, sha256 } = await sha256File(path);
  if (sha256 === expected.sha256) return;
  throw new Error(
    `${path} is not the file of the catalogue: expected ${expected.bytes} bytes with sha256 ${expected.sha256}. ` +
      `Received ${bytes} bytes with ${sha256}. ${advice}`,
  );
}

function report(options: FetchOptions, file: string, bytes: number): void {
  options.progress?.({ file, done: bytes, total: bytes });
}
