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
        const many = Int32Array.of(2, 16, 16, 64, 16, 16, 128, 3, 3, 1, 1, 1, 1, 1, 1), filters = values.subarray(0, 9 * 64 * 128);
        const [forward, back, wide] = [65536, 32768, 9 * 64 * 128].map((length) => new Float32Array(length));
        addon.convolve(values, filters, forward, many, undefined, 0, 0);
        addon.convolveInputGradient(values, filters, back, many);
        addon.convolveFilterGradient(values, values, wide, many);
        const orthogonal = new Float32Array(200 * 300);
        addon.orthogonalize(values, orthogonal, new Float32Array(2 * 200 * 200 + 200 * 300), 200, 300, 5);
        const filter = new Float32Array(3 * 3 * 8 * 8);
        addon.convolveFilterGradient(values.subarray(0, 32768), values.subarray(0, 32768), filter,
          Int32Array.of(4, 32, 32, 8, 32, 32, 8, 3, 3, 1, 1, 1, 1, 1, 1));
        const few = Int32Array.of(16, 32, 32, 8, 32, 32, 8, 3, 3, 1, 1, 1, 1, 1, 1);
        const [fewForward, fewBack, fewWide] = [131072, 131072, 576].map((length) => new Float32Array(length));
        addon.convolve(values, values, fewForward, few, undefined, 0, 0);
        addon.convolveInputGradient(values, values, fewBack, few);
        addon.convolveFilterGradient(values, values, fewWide, few);
        const batches = new Float32Array(5 * 2 * 64);
        addon.matmul(values, values, batches, 5, 5, 5, 2, 64, 64, false, false, undefined, 0, 0);
        const heads = 2 * 150 * 4 * 20, [mixed, dq, dk, dv] = Array.from({ length: 4 }, () => new Float32Array(heads));
        const logs = new Float32Array(2 * 4 * 150), attending = Int32Array.of(2, 150, 150, 4, 4, 20, 1, 1, 1);
        addon.attention(values, values, values, mixed, logs, undefined, attending, 0.2, true, 0, 0, 0);
        addon.attentionGradient(values, values, values, values, mixed, logs, dq, dk, dv, undefined, attending, 0.2, true, 0, 0, 0);
        const fused = [fewForward, fewBack, fewWide, batches, mixed, logs, dq, dk, dv];
        for (const each of [product, sum, columns, forward, back, wide, orthogonal, filter, ...fused]) hash.update(each);
        digests.add(hash.digest("hex"));
      }
      console.log(digests.size);`;
    expect(await runs(script)).toBe("1");
  });

  it("convolves images of any size and place with many channels, or with few", async () => {
    const script = `
      const addon = require(file);
      let state = 1;
      const next = (n) => (state = (Math.imul(state, 1664525) + 1013904223) >>> 8) % n;
      const values = Float32Array.from({ length: 200000 }, () => next(7) - 3);
      let ran = 0;
      for (let round = 0; round < 600; round++) {
        const size = () => next(9) && next(9);
        const many = round % 2 === 0, channels = () => (many ? 32 + next(9) : next(9) && 1 + next(20));
        const sizes = [1 + next(40), size(), size(), channels(), size(), size(), channels()];
        const [filterHeight, filterWidth, ...steps] = many ? [3, 3, 1, 1, 1, 1] : Array.from({ length: 6 }, () => 1 + next(3));
        const geometry = Int32Array.of(...sizes, filterHeight, filterWidth, ...steps, next(9) - 4, next(9) - 4);
        const [batch, height, width, inputs, outHeight, outWidth, outputs] = sizes;
        // No longer than they must be, so that a sanitizer sees what is read behind them.
        const [x, filter, y] = [batch * height * width * inputs, filterHeight * filterWidth * inputs * outputs,
          batch * outHeight * outWidth * outputs].map((length) => values.slice(0, length));
        addon.convolve(x, filter, y.slice(), geometry, undefined, 0, 0);
        addon.convolveInputGradient(y, filter, x.slice(), geometry);
        addon.convolveFilterGradient(x, y, filter.slice(), geometry);
        ran++;
      }
      for (const filterSize of [[0, 3], [3, 0], [0, 0]]) {
        const none = Int32Array.of(16, 8, 8, 3, 8, 8, 4, ...filterSize, 1, 1, 2, 2, 1, 1), zeros = new Float32Array(0);
        addon.convolve(values.slice(0, 3072), zeros, values.slice(0, 4096), none, undefined, 0, 0);
        addon.convolveInputGradient(values.slice(0, 4096), zeros, values.slice(0, 3072), none);
        addon.convolveFilterGradient(values.slice(0, 3072), values.slice(0, 4096), zeros, none);
      }
      addon.convolveInputGradient(values, values, new Float32Array(0), Int32Array.of(24, 0, 4, 32, 2, 4, 32, 3, 3, 1, 1, 1, 1, 2, 1));
      console.log(ran);`;
    expect(await runs(script)).toBe("600");
  });

  it("refuses or computes whatever it is given, and never crashes", async () => {
    const script = `
      const addon = require(file);
      let state = 12345;
      const next = (n) => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) % n;
      const small = () => [0, 1, 2, 3, 5, 8, 16, 17][next(8)];
      const sizes = () => Int32Array.from({ length: next(18) }, () => next(20) === 0 ? [-1, 2 ** 31 - 1, -(2 ** 31)][next(3)] : small());
      const arrays = [0, 1, 7, 64, 300, 5000].map((length) => Float32Array.from({ length }, () => next(7) - 3));
      const floats = () => arrays[next(arrays.length)];
      const strange = [undefined, null, NaN, Infinity, -1, 0.5, 2 ** 31, 2 ** 53, "x", {}, new ArrayBuffer(8), new Float64Array(4)];
      const kinds = [
        floats, floats, floats, sizes, sizes, small, small, small, small, () => next(2) === 1, () => next(2) === 1,
        () => Uint8Array.from({ length: [0, 5, 100][next(3)] }, () => next(2)), () => new Int8Array(next(400)),
        () => strange[next(strange.length)],
      ];
      const skipped = ["threads", "setThreads", "usableThreads", "profile", "trim"];
      const names = Object.keys(addon).filter((name) => typeof addon[name] === "function" && !skipped.includes(name));
      let ran = 0, refused = 0;
      // Right types come about when arguments are remembered that got further than others: by their message.
      for (const name of names) {
        const signature = [];
        for (let round = 0; round < 1500; round++) {
          const parts = Array.from({ length: 16 }, (_, at) => signature[at] !== undefined && next(12) > 0 ? signature[at] : kinds[next(kinds.length)]);
          const given = parts.map((part) => part());
          try { addon[name](...given); ran++; for (let at = 0; at < 16; at++) signature[at] = parts[at]; }
          catch (error) {
            refused++;
            if (!(error instanceof TypeError || error instanceof RangeError)) throw new Error(name + ": " + error.message);
            const wrong = error instanceof TypeError || error.message.includes("integer as") ? Number(/argument (\\d+)/.exec(error.message)?.[1] ?? 0) : 16;
            if (wrong < 16) delete signature[wrong];
            for (let at = 0; at < 16; at++) if (at !== wrong && wrong < 16 && signature[at] === undefined && at < wrong) signature[at] = parts[at];
          }
        }
      }
      console.log(JSON.stringify({ names: names.length, ran, refused }));`;
    const { names, ran, refused } = JSON.parse(await runs(script));
    expect(names).toBeGreaterThan(50);
    expect(ran).toBeGreaterThan(1000);
    expect(refused).toBeGreaterThan(10_000);
  });
});
