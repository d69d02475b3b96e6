import { spawn } from "node:child_process";
import { once } from "node:events";
import { request } from "node:http";
import { createConnection } from "node:net";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import type { FakeSpec } from "./fixtures/fake-predictor.ts";
import { type RunningServer, serve } from "./serve.ts";
import type { ServerOptions } from "./server.ts";

const loader = new URL("./fixtures/fake-predictor.ts", import.meta.url);
const patience = { timeout: 20_000 };
const servers: RunningServer[] = [];

async function start(spec: FakeSpec = {}, options: ServerOptions = {}): Promise<RunningServer> {
  const models = [{ id: "fake", loader, spec }];
  const server = await serve({ port: 0, logLevel: "silent", workers: 1, models, ...options });
  servers.push(server);
  return server;
}

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

const post = (address: string, body: unknown, model = "fake") =>
  fetch(`${address}/v1/models/${model}/predict`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });

describe("a client that goes away", () => {
  it("takes its request with it", async () => {
    const counts = new Int32Array(new SharedArrayBuffer(20));
    const { address } = await start({ milliseconds: 60_000, counts });
    const client = request(`${address}/v1/models/fake/predict`, {
      method: "POST",
      headers: { "content-type": "application/json" },
    });
    client.on("error", () => undefined);
    client.end('{"inputs":[{"value":1}]}');
    await expect.poll(() => counts[0], patience).toBe(1);
    client.destroy();
    await expect.poll(() => counts[2], patience).toBe(1);
    const metrics = await (await fetch(`${address}/metrics`)).text();
    expect(metrics).toContain('nacre_rejected_total{model="fake",reason="cancelled"} 1');
  });

  it("while it sends leaves nothing behind", async () => {
    const { address, pool } = await start();
    const { port } = new URL(address);
    const socket = createConnection(Number(port), "127.0.0.1");
    await once(socket, "connect");
    socket.write(
      "POST /v1/models/fake/predict HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{",
    );
    await setTimeout(20);
    socket.destroy();
    await setTimeout(20);
    expect(pool.models[0]!.jobs).toEqual([]);
    expect((await post(address, { inputs: [{ value: 1 }] })).status).toBe(200);
  });
});

describe("uploads", () => {
  const upload = (address: string, ...files: number[]) => {
    const form = new FormData();
    form.append("note", "not a file");
    files.forEach((length, index) => {
      form.append("image", new Blob([new Uint8Array(length).fill(index + 1)]), `${index}.png`);
    });
    return fetch(`${address}/v1/models/fake/predict`, { method: "POST", body: form });
  };

  it("are images, one input each", async () => {
    const { address } = await start({ image: true });
    const answer = await upload(address, 10, 100_000);
    expect(await answer.json()).toEqual({
      model: "fake",
      outputs: [
        { bytes: 10, first: 1, last: 1 },
        { bytes: 100_000, first: 2, last: 2 },
      ],
    });
  });

  it("without a file and too large ones are refused", async () => {
    const { address } = await start({ image: true }, { bodyLimitBytes: 50_000 });
    expect((await upload(address)).status).toBe(400);
    for (const files of [[60_000], [30_000, 30_000]]) {
      const answer = await upload(address, ...files);
      expect([answer.status, await answer.json()]).toEqual([
        413,
        { error: { message: "The body is too large. Expected at most 50000 bytes.", expected: "at most 50000 bytes" } },
      ]);
    }
    expect((await upload(address, 10)).status).toBe(200);
  });

  it("that do not say how long they are count as they come", async () => {
    const { address } = await start({ image: true }, { bodyLimitBytes: 50_000 });
    const part = `--b\r\ncontent-disposition: form-data; name="i"; filename="i"\r\n\r\n${"x".repeat(30_000)}\r\n`;
    const client = request(`${address}/v1/models/fake/predict`, {
      method: "POST",
      headers: { "content-type": "multipart/form-data; boundary=b" },
    });
    client.on("error", () => undefined);
    client.write(part);
    client.write(part);
    client.end("--b--\r\n");
    const [answer] = await once(client, "response");
    expect(answer.statusCode).toBe(413);
    client.destroy();
  });
});

it("answers about its health while a model computes", async () => {
  const { address } = await start({ busyMilliseconds: 2_000 });
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  let predicted = false;
  const prediction = post(address, { inputs: [{ value: 1 }] }).finally(() => {
    predicted = true;
  });
  await setTimeout(100);
  let answers = 0;
  for (const until = performance.now() + 1_000; performance.now() < until; answers++) {
    expect((await fetch(`${address}/health/live`)).status).toBe(200);
  }
  expect(predicted).toBe(false);
  expect(answers).toBeGreaterThan(10);
  expect((await prediction).status).toBe(200);
  console.log(`event-loop delay p99 while a model computed: ${(delay.percentile(99) / 1e6 - 10).toFixed(1)} ms`);
  delay.disable();
});

it("leaves nothing running when it cannot start", async () => {
  await expect(start({ refuse: "no such weights" })).rejects.toThrow("no such weights");
  const { address } = await start();
  const port = Number(new URL(address).port);
  await expect(serve({ port, logLevel: "silent", models: [] })).rejects.toThrow("EADDRINUSE");
});

it("closes although a client never finishes its request", async () => {
  const { address, close } = await start();
  const socket = createConnection(Number(new URL(address).port), "127.0.0.1");
  socket.on("error", () => undefined);
  await once(socket, "connect");
  socket.write(
    `POST /v1/models/fake/predict HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{`,
  );
  await setTimeout(50);
  const gone = once(socket, "close");
  await Promise.all([close(), gone]);
});

describe("SIGTERM", () => {
  const launch = async () => {
    const path = fileURLToPath(new URL("./fixtures/server-process.ts", import.meta.url));
    const child = spawn(process.execPath, ["--import", "tsx", "--conditions=@nacre/source", path]);
    const ended = once(child, "exit");
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    return { child, ended, address: line.toString().trim() };
  };

  it("finishes the accepted requests, refuses new ones and ends with code 0", async () => {
    const { child, ended, address } = await launch();
    const accepted = [1, 2, 3].map((value) => post(address, { inputs: [{ value }] }, "slow"));
    const metrics = () => fetch(`${address}/metrics`).then((answer) => answer.text());
    await expect.poll(metrics, patience).toContain('nacre_queue_length{model="slow"} 2');
    child.kill("SIGTERM");
    const ready = () =>
      fetch(`${address}/health/ready`).then(async (answer) => [answer.status, (await answer.json()).status]);
    await expect.poll(ready, patience).toEqual([503, "closing"]);
    expect((await fetch(`${address}/health/live`)).status).toBe(200);
    const late = await post(address, { inputs: [{ value: 4 }] }, "slow");
    expect([late.status, late.headers.get("retry-after")]).toEqual([503, "1"]);
    expect((await Promise.all(accepted)).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await ended).toEqual([0, null]);
    await expect(fetch(`${address}/health/live`)).rejects.toThrow();
  });
});
