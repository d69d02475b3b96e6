import { builtin } from "../builtin.ts";

/** NACRE_CACHE, else `nacre/data` in the user's cache folder (XDG_CACHE_HOME, or ~/.cache; LOCALAPPDATA on Windows). */
export async function cacheFolder(): Promise<string> {
  const { join } = builtin("node:path");
  const { homedir } = builtin("node:os");
  const { NACRE_CACHE, XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  if (NACRE_CACHE) return NACRE_CACHE;
  return join(XDG_CACHE_HOME || LOCALAPPDATA || join(homedir(), ".cache"), "nacre", "data");
}

export async function isFile(path: string): Promise<boolean> {
  const { stat } = builtin("node:fs/promises");
  try {
    return (await stat(path)).isFile();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT" || (error as NodeJS.ErrnoException).code === "ENOTDIR") {
      return false;
    }
    throw error;
  }
}

export async function sha256File(path: string): Promise<{ sha256: string; bytes: number }> {
  const { createReadStream } = builtin("node:fs");
  const { createHash } = builtin("node:crypto");
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    hash.update(chunk);
    bytes += (chunk as Uint8Array).length;
  }
  return { sha256: hash.digest("hex"), bytes };
}
