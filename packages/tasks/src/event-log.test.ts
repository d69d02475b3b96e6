import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EventLog } from "./event-log.ts";
import type { RunEvent } from "./events.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "nacre-log-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const event = (time: number): RunEvent => ({ time, type: "stopped", reason: `${time}` });

describe("EventLog", () => {
  it("keeps the order of what is told faster than it is written, and appends", async () => {
    const path = join(folder, "events.jsonl");
    const log = new EventLog(path);
    for (let time = 0; time < 500; time++) {
      log.write(event(time));
      if (time % 100 === 7) await new Promise((resolve) => setTimeout(resolve));
    }
    await log.flush();
    log.write(event(500));
    await log.close();
    const again = new EventLog(path);
    again.write(event(501));
    await again.close();
    const lines = (await readFile(path, "utf8")).trim().split("\n");
    expect(lines.map((line) => JSON.parse(line).time)).toEqual(Array.from({ length: 502 }, (_, index) => index));
  });

  it("throws a fault of the disk when flushed", async () => {
    const log = new EventLog(join(folder, "missing", "events.jsonl"));
    log.write(event(1));
    await expect(log.flush()).rejects.toThrow("ENOENT");
    await expect(log.close()).rejects.toThrow("ENOENT");
  });
});
