import type { Position } from "@nacre/data";
import { type NamedTensorData, openSafetensors, tf, toFloat32, writeSafetensors } from "@nacre/tensor";
import { z } from "zod";
import { builtin } from "./builtin.ts";
import type { Learner } from "./learner.ts";
import { namedLeaves } from "./tensor-tree.ts";

/** Where a training stands, beside its tensors. */
export const Progress = z.strictObject({
  step: z.int().nonnegative(),
  epoch: z.int().nonnegative(),
  /** Position in the epoch's data; null at its end. */
  position: z.json(),
  examples: z.int().nonnegative(),
  /** Updates in an epoch, once one has been counted. */
  stepsPerEpoch: z.int().positive().nullable(),
  /** Monitored scores, oldest first; smaller is better. */
  history: z.array(z.number()),
});
export type Progress = Omit<z.infer<typeof Progress>, "position"> & { readonly position: Position };

const State = z.strictObject({
  format: z.literal(1),
  seed: z.int().nonnegative(),
  progress: Progress,
  score: z.number().nullable().describe("the monitored score at this step; smaller is better"),
  sha256: z.string().describe("of tensors.safetensors"),
});

export interface SavedCheckpoint {
  readonly folder: string;
  readonly progress: Progress;
  readonly score: number | null;
}

/** The checkpoints of one training, in one folder: `step-00000120/` with `tensors.safetensors` and `state.json`. */
export class Checkpoints {
  readonly #folder: string;
  readonly #seed: number;
  readonly #keep: { readonly best: number; readonly last: number };

  constructor(folder: string, seed: number, keep: { readonly best: number; readonly last: number }) {
    this.#folder = folder;
    this.#seed = seed;
    this.#keep = keep;
  }

  /** Writes a checkpoint, whole or not at all, then lets go of those that are no longer needed. Gives its folder. */
  async save(learner: Learner, progress: Progress, score: number | undefined): Promise<string> {
    const { mkdir, rename, rm } = builtin("node:fs/promises");
    const { join } = builtin("node:path");
    const folder = join(this.#folder, `step-${String(progress.step).padStart(8, "0")}`);
    const temporary = `${folder}.${process.pid}.tmp`;
    await rm(temporary, { recursive: true, force: true });
    await mkdir(temporary, { recursive: true });
    const tensors = join(temporary, "tensors.safetensors");
    await writeSafetensors(tensors, await stored(learner));
    const sha256 = await digest(tensors);
    const state = { format: 1, seed: this.#seed, progress, score: score ?? null, sha256 };
    await writeFlushed(join(temporary, "state.json"), `${JSON.stringify(state)}\n`);
    await rm(folder, { recursive: true, force: true });
    await rename(temporary, folder);
    await this.#prune();
    return folder;
  }

  /**
   * Loads the newest intact checkpoint; damaged ones are passed over and told to `warn`.
   *
   * @throws Error when a checkpoint belongs to another training (seed, model or optimizer).
   */
  async load(learner: Learner, warn: (message: string) => void): Promise<SavedCheckpoint | undefined> {
    for (const folder of (await this.#folders()).reverse()) {
      const state = await readState(folder).catch((error: Error) => error);
      if (state instanceof Error) {
        warn(`${state.message} It is passed over.`);
        continue;
      }
      if (state.seed !== this.#seed) {
        throw new Error(
          `${folder}: expected a checkpoint of a training with seed ${this.#seed}. Received seed ${state.seed}.`,
        );
      }
      await loadTensors(learner, folder);
      return { folder, progress: state.progress as Progress, score: state.score };
    }
    return undefined;
  }

  async #folders(): Promise<string[]> {
    const { join } = builtin("node:path");
    const names = await builtin("node:fs/promises")
      .readdir(this.#folder)
      .catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return [];
        throw error;
      });
    return names
      .filter((name) => /^step-\d{8,}$/.test(name))
      .sort()
      .map((name) => join(this.#folder, name));
  }

  async #prune(): Promise<void> {
    const { readdir, rm } = builtin("node:fs/promises");
    const { join } = builtin("node:path");
    const folders = await this.#folders();
    const scored: { folder: string; score: number }[] = [];
    for (const folder of folders) {
      // A damaged one has no say in what is best; it goes when it is no longer among the last.
      const score = this.#keep.best === 0 ? null : await readScore(folder);
      if (score !== null) scored.push({ folder, score });
    }
    scored.sort((left, right) => left.score - right.score);
    const kept = new Set([
      ...folders.slice(-this.#keep.last),
      ...scored.slice(0, this.#keep.best).map(({ folder }) => folder),
    ]);
    for (const folder of folders) if (!kept.has(folder)) await rm(folder, { recursive: true, force: true });
    const names = await readdir(this.#folder);
    for (const name of names) {
      // What a killed process left half-written.
      if (name.endsWith(".tmp")) await rm(join(this.#folder, name), { recursive: true, force: true });
    }
  }
}

async function stored(learner: Learner): Promise<NamedTensorData[]> {
  return Promise.all(
    [...namedLeaves(learner.tree)].map(async ([name, tensor]) => {
      const values = await tensor.data();
      const data = new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice();
      const dtype = tensor.dtype === "int32" ? "I32" : tensor.dtype === "bool" ? "BOOL" : "F32";
      return { name, dtype, shape: [...tensor.shape], data } as const;
    }),
  );
}

async function loadTensors(learner: Learner, folder: string): Promise<void> {
  const file = await openSafetensors(builtin("node:path").join(folder, "tensors.safetensors"));
  try {
    const read = new Map<string, tf.Tensor>();
    for (const [name] of file.tensors) {
      const { dtype, shape, data } = await file.read(name);
      const values =
        dtype === "F32"
          ? toFloat32({ dtype, shape, data })
          : dtype === "I32"
            ? new Int32Array(data.slice().buffer)
            : data;
      read.set(name, tf.tensor(values, [...shape], dtype === "F32" ? "float32" : dtype === "I32" ? "int32" : "bool"));
    }
    const unused = new Set(read.keys());
    try {
      learner.load(
        (path, like) => {
          const tensor = read.get(path);
          unused.delete(path);
          const fits =
            tensor !== undefined && tensor.dtype === like.dtype && tf.util.arraysEqual(tensor.shape, like.shape);
          if (fits) return tf.clone(tensor);
          const received = tensor === undefined ? "none" : `${tensor.dtype} [${tensor.shape}]`;
          throw new Error(
            `${folder}: expected ${like.dtype} [${like.shape}] under "${path}". Received ${received}. Was it written by a ` +
              "training with another model or optimizer?",
          );
        },
        (part) => [...read.keys()].some((name) => name.startsWith(`${part}.`)),
        () => {
          if (unused.size === 0) return;
          const [first] = unused;
          throw new Error(
            `${folder}: expected the tensors of this training. Received "${first}"${unused.size > 1 ? ` and ${unused.size - 1} more` : ""} ` +
              "beside them. Was it written by a training with another model or optimizer?",
          );
        },
      );
    } finally {
      for (const tensor of read.values()) tensor.dispose();
    }
  } finally {
    await file.close();
  }
}

async function readState(folder: string): Promise<z.infer<typeof State>> {
  const { readFile } = builtin("node:fs/promises");
  const { join } = builtin("node:path");
  const path = join(folder, "state.json");
  const text = await readFile(path, "utf8").catch(() => "");
  const parsed = State.safeParse(parseJson(text));
  if (!parsed.success) throw new Error(`${path}: the state of the checkpoint is damaged or missing.`);
  const tensors = join(folder, "tensors.safetensors");
  if ((await digest(tensors).catch(() => undefined)) !== parsed.data.sha256) {
    throw new Error(`${tensors}: the tensors of the checkpoint are damaged or missing.`);
  }
  return parsed.data;
}

async function readScore(folder: string): Promise<number | null> {
  const { readFile } = builtin("node:fs/promises");
  const text = await readFile(builtin("node:path").join(folder, "state.json"), "utf8").catch(() => "");
  const parsed = State.safeParse(parseJson(text));
  return parsed.success ? parsed.data.score : null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function digest(path: string): Promise<string> {
  const hash = builtin("node:crypto").createHash("sha256");
  for await (const chunk of builtin("node:fs").createReadStream(path)) hash.update(chunk as Uint8Array);
  return hash.digest("hex");
}

async function writeFlushed(path: string, text: string): Promise<void> {
  const file = await builtin("node:fs/promises").open(path, "w");
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}
