import { builtin } from "./builtin.ts";
import type { Step } from "./step.ts";

/** Appends steps to a file of JSON lines. */
export interface StepLog {
  /** The first step written drops those of the file that it repeats, so a resumed training leaves one line for each step. */
  write(step: Step): Promise<void>;
}

export function stepLog(path: string): StepLog {
  let started = false;
  return {
    async write(step) {
      if (!started) await dropFrom(path, step.step);
      started = true;
      await builtin("node:fs/promises").appendFile(path, `${JSON.stringify(step)}\n`);
    },
  };
}

async function dropFrom(path: string, step: number): Promise<void> {
  const { readFile, rename, writeFile } = builtin("node:fs/promises");
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (text === undefined) return;
  const kept = text
    .split("\n")
    .slice(0, -1)
    .filter((line) => (JSON.parse(line) as Step).step < step);
  await writeFile(`${path}.tmp`, kept.map((line) => `${line}\n`).join(""));
  await rename(`${path}.tmp`, path);
}
