import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { loadAddon } from "./addon.ts";

const loaded = loadAddon();
const file = "file" in loaded ? loaded.file : "";

/** Runs plain JavaScript in a process of its own; the program's path is `file`. */
async function runs(script: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    "-e",
    `const file = ${JSON.stringify(file)};${script}`,
  ]);
  return stdout.trim();
}

describe.skipIf(file === "")("the program", () => {
  it("computes in several worker threads at once, on one memory", async () => {
    const size = 200;
    const shared = new SharedArrayBuffer(size * size * 4);
    new Float32Array(shared).fill(0.5);
    const code = `
      const { parentPort, workerData: { file, shared, size } } = require("node:worker_threads");
      const addon = require(file);
      const weights = new Float32Array(shared), x = new Float32Array(size * size).fill(2), out = new Float32Array(size * size);
      let right = true;
      for (let round = 0; round < 50; round++) {
        addon.matmul(x, weights, out.fill(0), 1, 1, 1, size, size, size, false, round % 2 === 0, undefined, 0, 0);
        right &&= out.every((value) => value === size);
      }
      parentPort.postMessage(right);`;
    const results = await Promise.all(
      Array.from({ length: 4 }, () => {
        const worker = new Worker(code, { eval: true, workerData: { file, shared, size } });
        return new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
      }),
    );
    expect(results).toEqual([true, true, true, true]);
  });

  it("ends with the process while threads compute", async () => {
    const script = `
      const { Worker } = require("node:worker_threads");
      const code = "const { parentPort, workerData } = require('node:worker_threads'); const addon = require(workerData);" +
        "const a = new Float32Array(640000), out = new Float32Array(640000); parentPort.postMessage(0);" +
        // V8 looks for a request to end where a JavaScript function begins, seldom in a loop of native calls alone.
        "const multiply = () => addon.matmul(a, a, out, 1, 1, 1, 800, 800, 800, false, false, undefined, 0, 0);" +
        "while (true) multiply();";
      let started = 0;
      for (let each = 0; each < 3; each++) {
        new Worker(code, { eval: true, workerData: file }).on("message", () => {
          if (++started === 3) setTimeout(() => { console.log("ending"); process.exit(0); }, 50);
        });
      }`;
    expect(await runs(script)).toBe("ending");
  });

  it("is loaded by a forked process as by its parent", async () => {
    const script = `
      const addon = require(file), out = new Float32Array(4);
      addon.matmul(Float32Array.of(1, 2, 3, 4), Float32Array.of(1, 0, 0, 1), out, 1, 1, 1, 2, 2, 2, false, false, undefined, 0, 0);
      if (process.send) process.send([...out]);
      else require("node:child_process").fork(__filename || process.argv[1], []).on("message", (sent) => console.log(sent.join()));`;
    const folder = `${JSON.stringify(script)}`;
    const program = `
      const fs = require("node:fs"), path = require("node:path"), os = require("node:os");
      const place = fs.mkdtempSync(path.join(os.tmpdir(), "nacre-fork-")), name = path.join(place, "fork.cjs");
      fs.writeFileSync(name, "const file = " + JSON.stringify(file) + ";" + ${folder});
      console.log(require("node:child_process").execFileSync(process.execPath, [name], { encoding: "utf8" }).trim());
      fs.rmSync(place, { recursive: true });`;
    expect(await runs(program)).toBe("1,2,3,4");
  });

  it("gives the same bits on any number of threads", async () => {
    const script = `
      const addon = require(file), n = 70000, digests = new Set();
      const values = Float32Array.from({ length: 512 * 512 }, (_, i) => Math.sin(i * 1.7) * 3);
      for (const threads of [1, 2, 3, 4, 7]) {
        addon.setThreads(threads);
        const hash = require("node:crypto").createHash("sha256");
        const product = new Float32Array(512 * 512), sum = new Float32Array(1), columns = new Float32Array(64);
        addon.matmul(values, values, product, 1, 1, 1, 512, 512, 512, true, false, undefined, 0, 0);
        addon.reduce(0, values, sum, 1, 512 * 512, 1, 1);
        addon.reduce(0, values, columns, 1, 4096, 64, 1);
        const filter = new Float32Array(3 * 3 * 8 * 8);
        addon.convolveFilterGradient(values.subarray(0, 32768), values.subarray(0, 32768), filter,
          Int32Array.of(4, 32, 32, 8, 32, 32, 8, 3, 3, 1, 1, 1, 1, 1, 1));
        for (const each of [product, sum, columns, filter]) hash.update(each);
        digests.add(hash.digest("hex"));
      }
      console.log(digests.size);`;
    expect(await runs(script)).toBe("1");
  });
});
