import { appendFile, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isAlive, RunFolder, runId } from "./run-folder.ts";

let path: string;
beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), "nacre-run-"));
});
afterEach(() => rm(path, { recursive: true, force: true }));

describe("RunFolder", () => {
  it("reads back events and passes over a line that was cut off", async () => {
    const folder = new RunFolder(path);
    await folder.append({ time: 1, type: "stage", stage: "data", state: "start" });
    await folder.append({ time: 2, type: "stopped", reason: "test" });
    await appendFile(folder.events, '{"time":3,"type":"sto');
    expect((await folder.readEvents()).map(({ time }) => time)).toEqual([1, 2]);
  });

  it("replaces files as a whole and leaves no temporary ones", async () => {
    const folder = new RunFolder(path);
    await folder.writeJson("data.json", { a: 1 });
    await folder.writeJson("data.json", { a: 2 });
    expect(await readdir(path)).toEqual(["data.json"]);
  });

  it("says what is missing", async () => {
    await expect(new RunFolder(path).state()).rejects.toThrow(`Expected a run in ${path}, with a file run.json.`);
    await new RunFolder(path).writeText("run.json", "{");
    await expect(new RunFolder(path).state()).rejects.toThrow("Expected the state of a run in");
  });

  it("knows whether a run's process is still there", () => {
    const now = Date.now();
    expect(isAlive({ process: process.pid, started: now })).toBe(true);
    expect(isAlive({ process: 2 ** 22 + 1, started: now })).toBe(false);
    // The same number, before the machine was started: another process.
    expect(isAlive({ process: process.pid, started: 0 })).toBe(false);
  });

  it("makes ids that sort by time", () => {
    const ids = [1, 1000, 60_000].map((later) => runId("digits", new Date(1_790_000_000_000 + later)));
    expect([...ids].sort()).toEqual(ids);
    expect(ids[0]).toMatch(/^\d{8}-\d{9}-digits$/);
  });
});
