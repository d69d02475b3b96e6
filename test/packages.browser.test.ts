import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Random } from "@nacre/random";
import { build } from "esbuild";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const require = createRequire(import.meta.url);
const wasm = dirname(require.resolve("@tensorflow/tfjs-backend-wasm"));

let server: Server;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  // No plug-ins, nothing marked external: what a bundler for browsers does with the packages by itself.
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("browser/page.ts", import.meta.url))],
    bundle: true,
    write: false,
    platform: "browser",
    format: "esm",
    conditions: ["@nacre/source"],
    logLevel: "error",
  });
  server = createServer(async (request, response) => {
    const path = request.url ?? "/";
    if (path === "/page.js") response.setHeader("content-type", "text/javascript").end(outputFiles[0]!.text);
    else if (path.startsWith("/wasm/")) {
      const file = await readFile(join(wasm, basename(path))).catch(() => undefined);
      response.writeHead(file ? 200 : 404, { "content-type": "application/wasm" }).end(file);
    } else response.setHeader("content-type", "text/html").end('<script type="module" src="/page.js"></script>');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--enable-features=Vulkan"],
  });
  page = await browser.newPage();
  page.on("pageerror", (error) => console.log(error));
  await page.goto(`http://127.0.0.1:${(server.address() as { port: number }).port}/`);
  await page.waitForFunction("globalThis.nacre !== undefined");
});
afterAll(async () => {
  await browser?.close();
  server?.close();
});

interface Learned {
  readonly losses: number[];
  readonly accuracy: number;
  readonly tensors: number;
}

const call = <T>(expression: string): Promise<T> => page.evaluate(`globalThis.nacre.${expression}`);

describe("the packages in a browser", () => {
  it("draw the same random numbers as under Node", async () => {
    const expected = [...new Random(7).fork("page").fillNormal(new Float32Array(4))];
    expect(await call("random()")).toEqual(expected);
  });

  it("read what a person chose, and say what needs Node", async () => {
    expect(await call("read()")).toEqual({
      rows: [
        { name: "a, b", size: 1.5 },
        { name: "c", size: 2 },
      ],
      lines: [{ a: 1 }, { a: 2 }],
      same: true,
      width: 1,
      file: expect.stringContaining("Expected Node"),
    });
  });

  it("choose WebGPU where there is an adapter, and learn the same on it", async () => {
    const { backend, tried } = await call<{ backend: string; tried: Record<string, string> }>("chosen()");
    console.log(`chosen: ${backend}; webgpu: ${tried.webgpu}`);
    expect(["webgpu", "wasm"]).toContain(backend);
    const here = await call<Learned>('learn("wasm", 3)');
    const gpu = backend === "webgpu" || tried.webgpu!.includes("adapter (");
    const there = await call<Learned>(`learn("${gpu ? "webgpu" : "cpu"}", 3)`);
    there.losses.forEach((loss, step) => {
      expect(loss).toBeCloseTo(here.losses[step]!, 3);
    });
  });

  it("train a convolutional network on wasm", async () => {
    const { losses, accuracy, tensors } = await call<Learned>('learn("wasm", 60)');
    expect(losses.at(-1)).toBeLessThan(losses[0]! / 3);
    expect(accuracy).toBeGreaterThan(0.85);
    expect(tensors).toBe(10);
  });
});
