import { appendFile, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import reference from "./fixtures/tensorboard.json" with { type: "json" };
import type { Step } from "./step.ts";
import { stepLog } from "./step-log.ts";
import { tensorBoard } from "./tensorboard.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "nacre-logs-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const step = (number: number, loss = number): Step => ({
  step: number,
  epoch: 0,
  progress: number / 10,
  examples: number * 8,
  loss,
  learningRate: 0.1,
  gradientNorm: 1,
  peakBytes: 64,
  milliseconds: 5,
});

describe("tensorBoard", () => {
  it("writes the bytes that tensorboard's own writer does", async () => {
    const board = tensorBoard(join(folder, "events"), () => reference.milliseconds);
    const [first, second] = reference.steps.map(({ step, scalars }) => ({
      step,
      loss: scalars["train/loss"],
      learningRate: scalars["train/learning-rate"],
      gradientNorm: scalars["train/gradient-norm"],
      peakBytes: scalars["train/peak-bytes"],
    }));
    const scalars = { "token-accuracy": 0.25 };
    const rest = { epoch: 0, progress: 0.5, milliseconds: 10 };
    await board.write({ ...first!, ...rest, examples: 64 });
    await board.write({ ...second!, ...rest, examples: 192, scalars, validation: { accuracy: 0.9375 } });
    await board.close();
    const names = await readdir(join(folder, "events"));
    expect(names).toEqual([expect.stringMatching(/^events\.out\.tfevents\.1700000000\./)]);
    expect((await readFile(join(folder, "events", names[0]!))).toString("hex")).toBe(reference.file);
  });
});

describe("stepLog", () => {
  it("leaves one line for each step when a training is resumed from an earlier one", async () => {
    const path = join(folder, "steps.jsonl");
    const first = stepLog(path);
    for (const number of [1, 2, 3, 4]) await first.write(step(number));
    const resumed = stepLog(path);
    for (const number of [3, 4, 5]) await resumed.write(step(number, -number));
    const lines = (await readFile(path, "utf8")).trim().split("\n");
    expect(lines.map((line) => JSON.parse(line).loss)).toEqual([1, 2, -3, -4, -5]);
  });

  it("takes away the half line of a process that was killed", async () => {
    const path = join(folder, "steps.jsonl");
    await stepLog(path).write(step(1));
    await appendFile(path, '{"step":2,"los');
    await stepLog(path).write(step(2));
    expect((await readFile(path, "utf8")).split("\n").map((line) => line && JSON.parse(line).step)).toEqual([1, 2, ""]);
  });
});
