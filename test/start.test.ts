import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { RunFolder } from "@nacre/tasks";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { smallRecipe } from "./nacre.ts";

const script = fileURLToPath(new URL("../scripts/start.mjs", import.meta.url));

let folder: string;
let child: ChildProcess | undefined;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nacre-start-"));
  await writeFile(join(folder, "small.yaml"), smallRecipe());
});
afterEach(() => child?.kill("SIGKILL"));
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Started {
  /** What it has printed so far. */
  readonly output: () => string;
  readonly address: Promise<string>;
  readonly ended: Promise<number | null>;
}

function start(...parameters: string[]): Started {
  const started = spawn(process.execPath, [script, ...parameters], { stdio: ["ignore", "pipe", "pipe"] });
  child = started;
  let output = "";
  const ended = new Promise<number | null>((resolve) => started.once("close", (code) => resolve(code)));
  const address = new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      output += chunk;
      const found = output.match(/Nacre studio {2}(http:\S+)/)?.[1];
      if (found !== undefined) resolve(found);
    };
    started.stdout!.on("data", read);
    started.stderr!.on("data", read);
    void ended.then(() => reject(new Error(`It ended before it had an address:\n${output}`)));
  });
  address.catch(() => {});
  return { output: () => output, address, ended };
}

describe("npm start", () => {
  const parameters = () => ["--recipe", join(folder, "small.yaml"), "--runs", join(folder, "runs"), "--port", "0"];

  it("trains the recipe, serves the demo, and leaves nothing running", async () => {
    const { output, address, ended } = start(...parameters());
    const url = await address;
    expect(output()).toMatch(/examples\/s/);
    expect(await (await fetch(url)).text()).toContain("<title>Nacre");
    const runs = (await (await fetch(`${url}/api/runs`)).json()) as { id: string; state: string }[];
    expect(runs).toMatchObject([{ state: "done" }]);
    const body = { inputs: [{ pixels: Array(784).fill(0), height: 28, width: 28 }] };
    const answer = await fetch(`${url}/v1/models/${runs[0]!.id}/predict`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    expect(await answer.json()).toMatchObject({ outputs: [{ label: expect.stringMatching(/^\d$/) }] });
    child!.kill("SIGINT");
    expect(await ended).toBe(0);
    await expect(fetch(url)).rejects.toThrow();
  });

  it("does not train a second time", async () => {
    const { output, address, ended } = start(...parameters());
    await address;
    expect(output()).not.toContain("Running small");
    expect(await readdir(join(folder, "runs"))).toHaveLength(1);
    child!.kill("SIGTERM");
    expect(await ended).toBe(0);
  });

  it("can be stopped while it trains, and leaves a run to resume", async () => {
    await writeFile(join(folder, "long.yaml"), smallRecipe({ epochs: 200 }));
    const runs = join(folder, "stopped");
    const { output, ended } = start("--recipe", join(folder, "long.yaml"), "--runs", runs, "--port", "0");
    while (!output().includes("epoch 1:")) await new Promise((wait) => setTimeout(wait, 20));
    child!.kill("SIGINT");
    expect(await ended).toBe(130);
    const [id] = await readdir(runs);
    expect((await new RunFolder(join(runs, id!)).state()).state).toBe("stopped");
  });

  it("teaches, and says what it does not know", async () => {
    const help = start("--help");
    expect(await help.ended).toBe(0);
    expect(help.output()).toContain("--recipe FILE");
    expect(await start("--prot", "1").ended).toBe(2);
  });
});
