import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Random } from "@nacre/random";
import { RunFolder } from "@nacre/tasks";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nacre, smallRecipe, startNacre } from "./nacre.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nacre-kill-"));
  await writeFile(join(folder, "recipe.yaml"), smallRecipe({ epochs: 6, checkpointEvery: 7 }));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const weights = (run: string) => readFile(join(folder, run, "bundle", "model.safetensors"));
const steps = async (run: RunFolder): Promise<number> =>
  (await run.readEvents()).filter(({ type }) => type === "step").length;

describe("a run that is killed", () => {
  it("ends with the same weights as one that was not, after ten kills at random moments", async () => {
    const undisturbed = await nacre("run", join(folder, "recipe.yaml"), "--folder", join(folder, "whole"), "--json");
    expect(undisturbed.code, undisturbed.error).toBe(0);

    const run = new RunFolder(join(folder, "killed"));
    const random = new Random(20);
    let kills = 0;
    for (let attempt = 0; attempt < 40; attempt++) {
      const resume = existsSync(join(run.path, "run.json"));
      const start = resume ? ["run", "--resume"] : ["run", join(folder, "recipe.yaml")];
      const { child, finished } = startNacre([...start, "--folder", run.path, "--json"]);
      if (kills < 10) {
        // Some moments after it trains again: between steps, in a checkpoint, wherever it is.
        const before = await steps(run);
        const wanted = before + 1 + random.integer(18);
        while (child.exitCode === null && (await steps(run)) < wanted) await new Promise((wait) => setTimeout(wait, 5));
        await new Promise((wait) => setTimeout(wait, random.integer(12)));
        if (child.exitCode === null) {
          child.kill("SIGKILL");
          kills++;
        }
      }
      const { code, signal, error } = await finished;
      if (signal === "SIGKILL") continue;
      expect(code, error).toBe(0);
      break;
    }
    expect(kills).toBe(10);
    expect((await run.state()).state).toBe("done");
    expect((await weights("killed")).equals(await weights("whole"))).toBe(true);
  });

  it("stops when asked, in a state to resume from", async () => {
    const run = new RunFolder(join(folder, "stopped"));
    const { child, finished } = startNacre(["run", join(folder, "recipe.yaml"), "--folder", run.path, "--json"]);
    while ((await steps(run)) < 20) await new Promise((wait) => setTimeout(wait, 5));
    child.kill("SIGINT");
    const { code, out } = await finished;
    expect(code).toBe(130);
    expect(JSON.parse(out.trim().split("\n").at(-1)!)).toMatchObject({ type: "stopped", reason: "stopped by SIGINT" });
    expect((await run.state()).state).toBe("stopped");
    const resumed = await nacre("run", "--resume", "--folder", run.path, "--json");
    expect(resumed.code, resumed.error).toBe(0);
    expect((await weights("stopped")).equals(await weights("whole"))).toBe(true);
  });

  it("belongs to one process at a time", async () => {
    await writeFile(join(folder, "long.yaml"), smallRecipe({ epochs: 500 }));
    const run = new RunFolder(join(folder, "long"));
    const { child, finished } = startNacre(["run", join(folder, "long.yaml"), "--folder", run.path, "--json"]);
    while ((await steps(run)) < 1) await new Promise((wait) => setTimeout(wait, 5));
    const second = await nacre("run", "--resume", "--folder", run.path);
    expect(second).toMatchObject({ code: 1, error: expect.stringContaining(`is running, in process ${child.pid}`) });
    child.kill("SIGKILL");
    await finished;
    const third = startNacre(["run", "--resume", "--folder", run.path, "--json"]);
    const before = await steps(run);
    while ((await steps(run)) <= before) await new Promise((wait) => setTimeout(wait, 5));
    third.child.kill("SIGKILL");
    await third.finished;
  });
});
