import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseSafetensors, toFloat32 } from "@nacre/tensor";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openBundle, verifyBundle, writeBundle } from "./bundle.ts";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "nacre-kill-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const script = fileURLToPath(new URL("./fixtures/write-forever.ts", import.meta.url));

/** Starts a writer, kills it some milliseconds after its first bundle; the folder it wrote to. */
async function killedWriter(index: number, milliseconds: number): Promise<string> {
  const folder = join(root, `${index}`, "bundle");
  const child = spawn(process.execPath, ["--import", "tsx", "--conditions=@nacre/source", script, folder], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exit = once(child, "exit");
  await once(child.stdout, "data");
  await new Promise((wake) => setTimeout(wake, milliseconds));
  child.kill("SIGKILL");
  await exit;
  return folder;
}

it("leaves a whole bundle or none when the writer is killed, and recovers", async () => {
  const kills = 12;
  let absent = 0;
  let interrupted = 0;
  for (let first = 0; first < kills; first += 4) {
    const indices = [0, 1, 2, 3].map((offset) => first + offset);
    const folders = await Promise.all(indices.map((index) => killedWriter(index, (index * 37) % 101)));
    for (const folder of folders) {
      const names = await readdir(join(folder, ".."));
      if (names.length > 1) interrupted++;
      // Before anything is put right: what stands at the bundle's name is whole.
      if (existsSync(folder)) await verifyBundle(folder);
      else absent++;
      const { manifest, config, weights } = await openBundle(folder);
      expect(config).toEqual({ steps: manifest.steps });
      const values = toFloat32(parseSafetensors(await weights()).tensors.get("weight")!);
      expect([values[0], values.at(-1)]).toEqual([manifest.steps, manifest.steps]);
      const { files: _files, ...rest } = manifest;
      await writeBundle(folder, { config: {}, tensors: [], card: "", manifest: rest });
      expect(await readdir(join(folder, ".."))).toEqual(["bundle"]);
    }
  }
  console.log(`${kills} kills: ${interrupted} during a write, ${absent} between the two renames`);
  expect(interrupted).toBeGreaterThan(0);
}, 60_000);
