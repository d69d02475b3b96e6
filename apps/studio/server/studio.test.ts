import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { trainTokenizer } from "@nacre/data";
import type { RunState } from "@nacre/tasks";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { followLines } from "./event-stream.ts";
import { isRunId } from "./runs.ts";
import { createStudio, type Studio } from "./studio.ts";

const recipesFolder = fileURLToPath(new URL("../../../recipes", import.meta.url));
const fake = fileURLToPath(new URL("./fixtures/fake-nacre.mjs", import.meta.url));

let runsFolder: string;
let studio: Studio;
const open = () =>
  createStudio({
    runsFolder,
    recipesFolder,
    command: { program: process.execPath, parameters: [fake] },
    pageFolder: runsFolder,
  });
beforeEach(async () => {
  runsFolder = await mkdtemp(join(tmpdir(), "nacre-studio-"));
  studio = await open();
});
afterEach(async () => {
  await studio.close();
  await rm(runsFolder, { recursive: true, force: true });
});

const post = (url: string, payload?: object, headers: Record<string, string> = {}) =>
  studio.app.inject({ method: "POST", url, headers, ...(payload ? { payload } : {}) });
const runs = async () => (await studio.app.inject("/api/runs")).json<RunState[]>();
const stateOf = async (id: string) => (await runs()).find((run) => run.id === id)?.state;
async function until(id: string, state: RunState["state"]): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if ((await stateOf(id)) === state) return;
    await new Promise((wait) => setTimeout(wait, 25));
  }
  throw new Error(`Expected ${id} to be ${state}. It is ${await stateOf(id)}.`);
}

describe("the studio's server", () => {
  it("lists the recipes in both languages", async () => {
    const recipes = (await studio.app.inject("/api/recipes")).json<{ file: string; title: { zh: string } }[]>();
    expect(recipes.map(({ file }) => file)).toContain("digits.yaml");
    for (const { title } of recipes) expect(title.zh).toMatch(/[\u4e00-\u9fff]/);
  });

  it("runs a recipe in a process of its own and keeps it on disk", async () => {
    const answer = await post("/api/runs", { recipe: "digits.yaml" });
    expect(answer.statusCode).toBe(201);
    const { id } = answer.json<{ id: string }>();
    expect(await stateOf(id)).toBe("running");
    await until(id, "done");
    expect(await readFile(join(runsFolder, id, "recipe.yaml"), "utf8")).toContain("generator: digits");
    const details = (await studio.app.inject(`/api/runs/${id}`)).json();
    expect(details).toMatchObject({ run: { id, state: "done" }, data: null });
    expect((await post(`/api/runs/${id}/resume`)).statusCode).toBe(409);
    expect((await studio.app.inject({ method: "DELETE", url: `/api/runs/${id}` })).statusCode).toBe(204);
    expect(await runs()).toEqual([]);
  });

  it("stops a run and resumes it, after a restart of the server too", async () => {
    const { id } = (await post("/api/runs", { recipe: "digits.yaml" })).json<{ id: string }>();
    expect((await studio.app.inject({ method: "DELETE", url: `/api/runs/${id}` })).statusCode).toBe(409);
    expect((await post(`/api/runs/${id}/stop`)).statusCode).toBe(200);
    expect(await stateOf(id)).toBe("stopped");
    await studio.close();
    studio = await open();
    expect(await stateOf(id)).toBe("stopped");
    // Two pages that resume at once must not start two processes.
    const codes = (await Promise.all([1, 2].map(() => post(`/api/runs/${id}/resume`)))).map((each) => each.statusCode);
    expect(codes.sort()).toEqual([200, 409]);
    await until(id, "done");
  });

  it("cuts texts by the tokenizers of finished runs", async () => {
    const id = "20260101-000000002-texts";
    const bundle = join(runsFolder, id, "bundle");
    await mkdir(bundle, { recursive: true });
    await (await trainTokenizer(["a cat and a cat"], { vocabularySize: 270, minimumFrequency: 1 })).save(bundle);
    const state = { id, name: "texts", title: { en: "a", zh: "b" }, task: "t", state: "done", process: 1, seed: 1 };
    await writeFile(join(runsFolder, id, "run.json"), JSON.stringify({ ...state, backend: "cpu", started: 1 }));
    expect((await studio.app.inject("/api/tokenizers")).json()).toEqual([{ run: id, title: { en: "a", zh: "b" } }]);
    const later = "20260102-000000002-texts";
    await cp(join(runsFolder, id), join(runsFolder, later), { recursive: true });
    await writeFile(
      join(runsFolder, later, "run.json"),
      JSON.stringify({ ...state, id: later, backend: "cpu", started: 2 }),
    );
    expect((await studio.app.inject("/api/tokenizers")).json()).toEqual([{ run: later, title: { en: "a", zh: "b" } }]);
    const cut = (await post(`/api/tokenizers/${id}`, { text: "a cat" })).json();
    expect(cut).toMatchObject({ type: "BPE", characters: 5, bytes: 5, tokens: [{ text: "a" }, { text: " cat" }] });
    expect((await post(`/api/tokenizers/${id}`, { text: "a".repeat(20_001) })).statusCode).toBe(400);
    expect((await post("/api/tokenizers/other", { text: "a" })).statusCode).toBe(404);
    expect((await post("/api/tokenizers/..%2Fother", { text: "a" })).statusCode).toBe(404);
  });

  it("leaves a run that another process is at work on", async () => {
    const id = "20260101-000000001-digits";
    await mkdir(join(runsFolder, id));
    const other = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
    const ended = once(other, "exit");
    const state = {
      id,
      name: "digits",
      title: { en: "a", zh: "b" },
      task: "t",
      state: "running",
      process: other.pid,
      seed: 0,
      backend: "x",
      started: Date.now(),
    };
    await writeFile(join(runsFolder, id, "run.json"), JSON.stringify(state));
    expect((await studio.app.inject({ method: "DELETE", url: `/api/runs/${id}` })).statusCode).toBe(409);
    expect((await post(`/api/runs/${id}/stop`)).statusCode).toBe(200);
    await ended;
    expect(await stateOf(id)).toBe("stopped");
  });

  it("takes its runs with it when it ends", async () => {
    const { id } = (await post("/api/runs", { recipe: "digits.yaml" })).json<{ id: string }>();
    await studio.close();
    const { state } = JSON.parse(await readFile(join(runsFolder, id, "run.json"), "utf8"));
    expect(state).toBe("stopped");
    studio = await open();
  });

  it("counts a run whose process died as stopped", async () => {
    const id = "20260101-000000000-digits";
    await mkdir(join(runsFolder, id));
    const state = {
      id,
      name: "digits",
      title: { en: "a", zh: "b" },
      task: "t",
      state: "running",
      process: 2 ** 22 + 1,
      seed: 0,
      backend: "x",
      started: 1,
    };
    await writeFile(join(runsFolder, id, "run.json"), JSON.stringify(state));
    expect(await stateOf(id)).toBe("stopped");
  });

  it("names the faulty line of an edited recipe, and starts nothing", async () => {
    const answer = await post("/api/runs", { recipe: "name: x\ntask: image-classification\nseeed: 1\n" });
    expect(answer.statusCode).toBe(422);
    expect(answer.json().error.message).toContain("recipe:3: seeed: unknown key");
    expect(await runs()).toEqual([]);
    expect((await post("/api/runs", { recipe: "none.yaml" })).statusCode).toBe(404);
    expect((await post("/api/runs", {})).statusCode).toBe(400);
  });

  it("refuses other sites' pages and paths that lead elsewhere", async () => {
    const refused = await post(
      "/api/runs",
      { recipe: "digits.yaml" },
      { origin: "http://evil.example", host: "127.0.0.1:4321" },
    );
    expect(refused.statusCode).toBe(403);
    const crossSite = await post("/api/runs", { recipe: "digits.yaml" }, { "sec-fetch-site": "cross-site" });
    expect(crossSite.statusCode).toBe(403);
    // A name of theirs that was made to lead here.
    const rebound = { host: "evil.example:4321", origin: "http://evil.example:4321", "sec-fetch-site": "same-origin" };
    expect((await post("/api/runs", { recipe: "digits.yaml" }, rebound)).statusCode).toBe(403);
    expect((await studio.app.inject({ url: "/api/runs", headers: rebound })).statusCode).toBe(403);
    for (const host of ["localhost:4321", "[::1]:4321", "192.168.1.7:4321"]) {
      expect((await studio.app.inject({ url: "/api/runs", headers: { host } })).statusCode).toBe(200);
    }
    expect((await studio.app.inject("/api/runs/nothing-here/events")).statusCode).toBe(404);
    expect(await runs()).toEqual([]);
    for (const id of ["..", "../../etc", "a/../b", ".hidden", ""]) expect(isRunId(id)).toBe(false);
    expect((await studio.app.inject("/api/runs/..%2f..%2fetc/report")).statusCode).toBe(404);
    expect((await studio.app.inject("/api/runs/nothing-here")).statusCode).toBe(404);
    expect((await studio.app.inject("/v1/models/nothing-here")).statusCode).toBe(404);
  });

  it("streams events from after the last one seen", async () => {
    const { id } = (await post("/api/runs", { recipe: "digits.yaml" })).json<{ id: string }>();
    await until(id, "done");
    const address = await studio.app.listen({ port: 0, host: "127.0.0.1" });
    const read = async (headers: Record<string, string>, wanted: number) => {
      const abort = new AbortController();
      const response = await fetch(`${address}/api/runs/${id}/events`, { headers, signal: abort.signal });
      let text = "";
      for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
        text += chunk;
        if ((text.match(/^data: /gm) ?? []).length >= wanted) break;
      }
      abort.abort();
      return [...text.matchAll(/^id: (\d+)\ndata: (.*)$/gm)].map(([, number, data]) => [
        Number(number),
        JSON.parse(data!).type,
      ]);
    };
    const all = await read({}, 12);
    expect(all[0]).toEqual([0, "run"]);
    expect(all.at(-1)).toEqual([11, "done"]);
    expect(await read({ "last-event-id": "9" }, 2)).toEqual(all.slice(10));
  });
});

describe("followLines", () => {
  it("gives lines as they are completed, from a file that is not there yet", async () => {
    const path = join(runsFolder, "events.jsonl");
    const abort = new AbortController();
    const lines: string[] = [];
    const following = (async () => {
      for await (const { number, text } of followLines(path, { first: 1, signal: abort.signal, interval: 5 })) {
        lines.push(`${number} ${text}`);
        if (lines.length === 3) abort.abort();
      }
    })();
    for (const part of ["zero\non", "e\n", "tw", "o 字\nthree\n"]) {
      await appendFile(path, part);
      await new Promise((wait) => setTimeout(wait, 20));
    }
    await following;
    expect(lines).toEqual(["1 one", "2 two 字", "3 three"]);
  });
});
