import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { NamedTensorData } from "@nacre/tensor";
import { digestFile, readWhole } from "./digest.ts";
import { bundleFiles, type Manifest, parseManifest } from "./manifest.ts";
import { isBeingReplaced, recoverFolder, replaceFolder } from "./replace.ts";
import { writeFiles } from "./write.ts";

export interface BundleContents {
  /** What the model is built from: config.json. Left out where `write` writes it. */
  config?: object | undefined;
  /** What its inputs go through: preprocessor_config.json. */
  preprocessor?: object | undefined;
  /** model.safetensors. Left out where `write` writes it. */
  tensors?: readonly NamedTensorData[] | undefined;
  /**
   * Writes further files into the folder it is given, and into folders in it: tokenizer.json, or a model that writes its own
   * config.json and model.safetensors. The manifest lists them all.
   */
  write?: ((folder: string) => Promise<void>) | undefined;
  /** README.md, in Markdown; `modelCard(manifest)` writes one. */
  card: string;
  manifest: Omit<Manifest, "files">;
}

/** A bundle whose files are what its manifest says. */
export interface Bundle {
  /** Absolute path. */
  readonly folder: string;
  readonly manifest: Manifest;
  /** The content of config.json. */
  readonly config: unknown;
  /** The content of preprocessor_config.json; undefined when there is none. */
  readonly preprocessor: unknown;
  /** The content of tokenizer.json; undefined when there is none. */
  readonly tokenizer: unknown;
  /**
   * The whole safetensors file, in a SharedArrayBuffer so that threads share it. Verified again, while it is read.
   *
   * @throws Error when the file has changed since the bundle was opened.
   */
  weights(): Promise<Uint8Array>;
}

/**
 * Writes a bundle, whole or not at all; one that is there already is replaced. Killed at any moment, it leaves the old
 * bundle, the new one or none (and then the next `writeBundle` or `openBundle` brings the old one back).
 *
 * @throws Error when the manifest or the tensors are not valid; nothing is changed then.
 */
export async function writeBundle(folder: string, contents: BundleContents): Promise<void> {
  await replaceFolder(folder, (temporary) => writeFiles(temporary, contents));
}

/**
 * Opens a bundle. Every file the manifest lists is read and its sha256 compared; files it does not list are ignored.
 *
 * @throws Error that names the file when one is missing, damaged or not allowed, or when the format is not known.
 */
export async function openBundle(folder: string): Promise<Bundle> {
  const path = resolve(folder);
  for (let attempt = 1; ; attempt++) {
    const before = await readManifest(path);
    try {
      return await verified(path, before);
    } catch (error) {
      // A bundle that is replaced while it is read mixes two: then the manifest is another one now, and reading starts again.
      if (attempt === 5 || (await readManifest(path).catch(() => undefined)) === before) throw error;
    }
  }
}

/** As `openBundle`, without a second try and without putting right what a dead writer left. */
export async function verifyBundle(folder: string): Promise<Bundle> {
  return verified(folder, await readFile(join(folder, bundleFiles.manifest), "utf8"));
}

async function verified(folder: string, text: string): Promise<Bundle> {
  const manifest = parseManifest(text, join(folder, bundleFiles.manifest));
  for (const name of [bundleFiles.config, bundleFiles.weights]) {
    if (!manifest.files[name])
      throw new Error(`${folder}: expected ${name} among the files of nacre.json. It is not there.`);
  }
  const problems = await Promise.all(
    Object.entries(manifest.files).map(([name, expected]) => checkFile(folder, name, expected)),
  );
  const damaged = problems.filter((problem) => problem !== undefined);
  if (damaged.length > 0) {
    throw new Error(
      `${folder}: expected a bundle whose files are as nacre.json says. Received a damaged one:\n` +
        `${damaged.map((problem) => `  ${problem}`).join("\n")}\nDo not use it; get the bundle again.`,
    );
  }
  return {
    folder,
    manifest,
    config: await readJson(folder, bundleFiles.config, manifest),
    preprocessor: manifest.files[bundleFiles.preprocessor]
      ? await readJson(folder, bundleFiles.preprocessor, manifest)
      : undefined,
    tokenizer: manifest.files[bundleFiles.tokenizer]
      ? await readJson(folder, bundleFiles.tokenizer, manifest)
      : undefined,
    weights: () => readListed(folder, bundleFiles.weights, manifest),
  };
}

/** What is wrong with a listed file, with its name; undefined when it is as it should be. */
export async function checkFile(
  folder: string,
  name: string,
  expected: { sha256: string; bytes: number },
): Promise<string | undefined> {
  try {
    const { sha256, bytes } = await digestFile(join(folder, name));
    if (bytes !== expected.bytes) return `${name}: expected ${expected.bytes} bytes, received ${bytes}`;
    if (sha256 !== expected.sha256) return `${name}: expected sha256 ${expected.sha256}, received ${sha256}`;
    return undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return `${name}: missing`;
    return `${name}: ${(error as Error).message}`;
  }
}

/** The text of nacre.json; waits while another process puts a new bundle in its place. */
export async function readManifest(folder: string): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await readFile(join(folder, bundleFiles.manifest), "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      await recoverFolder(folder);
      if (attempt > 1 && (attempt > 50 || !(await isBeingReplaced(folder)))) {
        throw new Error(`Expected a bundle in ${folder}. There is no ${bundleFiles.manifest}.`);
      }
      await new Promise((wake) => setTimeout(wake, 10));
    }
  }
}

async function readListed(folder: string, name: string, manifest: Manifest): Promise<Uint8Array> {
  const expected = manifest.files[name]!;
  const { content, sha256 } = await readWhole(join(folder, name), expected.bytes, {
    shared: name === bundleFiles.weights,
  });
  if (sha256 !== expected.sha256) {
    throw new Error(
      `${join(folder, name)}: expected sha256 ${expected.sha256}. Received ${sha256}: the file has changed since the bundle was opened.`,
    );
  }
  return content;
}

async function readJson(folder: string, name: string, manifest: Manifest): Promise<unknown> {
  const text = new TextDecoder().decode(await readListed(folder, name, manifest));
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${join(folder, name)}: expected JSON. Received text that is none: ${(error as Error).message}`);
  }
}
