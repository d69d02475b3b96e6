import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { z } from "zod";
import type { TaskContext } from "./task.ts";

/** The field of a recipe that names a folder with a pretrained model. */
export function pretrainedFolder(families: string) {
  return z
    .string()
    .min(1)
    .describe(
      `a Hugging Face folder of ${families}: a path from the recipe, or a name in the cache of pretrained models`,
    );
}

/** Where a model comes from, for the manifest. */
export interface FolderDigest {
  readonly name: string;
  readonly digest: string;
}

/**
 * As a path from the recipe, or a name in the folder of pretrained models: NACRE_PRETRAINED, else one in the user's cache.
 *
 * @param advice how to get one
 * @throws Error that names the places where there is none.
 */
export async function findPretrained(
  folder: string,
  { folder: base }: Pick<TaskContext, "folder">,
  advice: string,
): Promise<string> {
  const { NACRE_PRETRAINED, XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  const cache = join(XDG_CACHE_HOME || LOCALAPPDATA || join(homedir(), ".cache"), "nacre", "pretrained");
  const places = [...new Set([resolve(base, folder), resolve(NACRE_PRETRAINED || cache, folder)])];
  for (const place of places) {
    if ((await stat(join(place, "config.json")).catch(() => undefined)) !== undefined) return place;
  }
  throw new Error(
    `Expected a Hugging Face folder, with config.json, as ${places.join(" or ")}. There is none. ${advice}`,
  );
}

/** sha256 over config.json and the files of weights, each by its name and content, in the order of the names. */
export async function digestOf(folder: string): Promise<string> {
  const names = (await readdir(folder)).filter((name) => name === "config.json" || name.endsWith(".safetensors"));
  const hash = createHash("sha256");
  for (const name of names.sort()) {
    const { size } = await stat(join(folder, name));
    hash.update(`${name}\0${size}\0`);
    for await (const piece of createReadStream(join(folder, name), { highWaterMark: 2 ** 20 })) hash.update(piece);
  }
  return `sha256:${hash.digest("hex")}`;
}
