import { setTimeout } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import type { FakeSpec } from "./fixtures/fake-predictor.ts";
import { Pool } from "./pool.ts";
import type { PoolOptions } from "./serve-options.ts";

const loader = new URL("./fixtures/fake-predictor.ts", import.meta.url);
const pools: Pool[] = [];

async function poolWith(spec: FakeSpec = {}, options: Partial<PoolOptions> = {}) {
  const errors: object[] = [];
  const log = { warn: (details: object) => errors.push(details), error: (details: object) => errors.push(details) };
  const pool = new Pool({ workers: 1, ...options }, { log });
  pools.push(pool);
  await pool.add("fake", { loader, spec });
  return { pool, errors };
}

afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
});

const patience = { timeout: 20_000 };
const counters = () => new Int32Array(new SharedArrayBuffer(20));
const ask = (pool: Pool, value: number, behaviour?: string) =>
  pool.predict("fake", [{ value, ...(behaviour && { behaviour }) }]) as Promise<{ batch: number; thread: number }[]>;
const status = (promise: Promise<unknown>) =>
  promise.then(
    () => 200,
    ({ statusCode }) => statusCode as number,
  );

describe("batching", () => {
  it("puts requests that come together into one batch", async () => {
    const { pool } = await poolWith({}, { maxBatch: 8, maxWaitMilliseconds: 50 });
    const answers = await Promise.all([1, 2, 3, 4, 5].map((value) => ask(pool, value)));
    expect(answers.map(([output]) => output!.batch)).toEqual([5, 5, 5, 5, 5]);
  });

  it("does not wait once a batch is full", async () => {
    const { pool } = await poolWith({}, { maxBatch: 2, maxWaitMilliseconds: 10_000 });
    const answers = await Promise.all([1, 2, 3, 4].map((value) => ask(pool, value)));
    expect(answers.map(([output]) => output!.batch)).toEqual([2, 2, 2, 2]);
  });

  it("uses every worker", async () => {
    const { pool } = await poolWith({ busyMilliseconds: 50 }, { workers: 2, maxBatch: 1, maxWaitMilliseconds: 0 });
    const answers = await Promise.all([1, 2, 3, 4].map((value) => ask(pool, value, "thread")));
    expect(new Set(answers.map(([output]) => output!.thread)).size).toBe(2);
  });
});

describe("limits", () => {
  it("refuse when the queue is full and say when to come back", async () => {
    const { pool } = await poolWith({ milliseconds: 100 }, { maxBatch: 1, maxWaitMilliseconds: 0, queueLimit: 2 });
    const accepted = [1, 2, 3].map((value) => ask(pool, value));
    await expect(ask(pool, 4)).rejects.toMatchObject({ statusCode: 429, retryAfter: 1 });
    expect(await Promise.all(accepted)).toHaveLength(3);
  });

  it("on time answer 504 and cancel the work", async () => {
    const counts = counters();
    const { pool } = await poolWith({ milliseconds: 5_000, counts }, { timeLimitMilliseconds: 1_000 });
    expect(await status(ask(pool, 1))).toBe(504);
    await expect.poll(() => counts[2], patience).toBe(1);
    expect(await pool.metrics.registry.metrics()).toContain("nacre_worker_crashes_total 0");
  });

  it("replace a worker that is stuck", async () => {
    const { pool, errors } = await poolWith({}, { timeLimitMilliseconds: 200 });
    expect(await status(ask(pool, 1, "hang"))).toBe(504);
    expect(await status(ask(pool, 2))).toBe(504);
    await expect.poll(() => status(ask(pool, 3)), patience).toBe(200);
    expect(JSON.stringify(errors)).toContain("still running after 400 ms");
  });
});

describe("cancelling", () => {
  it("takes a request out of the queue", async () => {
    const counts = counters();
    const { pool } = await poolWith({ milliseconds: 100, counts }, { maxBatch: 1, maxWaitMilliseconds: 0 });
    const first = ask(pool, 1);
    const controller = new AbortController();
    const second = status(pool.predict("fake", [{ value: 2 }], controller.signal));
    controller.abort();
    expect(await second).toBe(499);
    await first;
    await setTimeout(50);
    expect([counts[0], counts[2]]).toEqual([1, 0]);
  });

  it("stops a batch that nobody waits for", async () => {
    const counts = counters();
    const { pool } = await poolWith({ milliseconds: 60_000, counts });
    const controller = new AbortController();
    const asked = status(pool.predict("fake", [{ value: 2 }], controller.signal));
    await expect.poll(() => counts[0], patience).toBe(1);
    controller.abort();
    expect(await asked).toBe(499);
    await expect.poll(() => counts[2], patience).toBe(1);
  });

  it("leaves the others in the batch alone", async () => {
    const counts = counters();
    const { pool } = await poolWith({ milliseconds: 100, counts });
    const controller = new AbortController();
    const gone = status(pool.predict("fake", [{ value: 1 }], controller.signal));
    const stays = ask(pool, 2);
    await expect.poll(() => counts[0], patience).toBe(1);
    controller.abort();
    expect([await gone, (await stays)[0]!.batch, counts[2]]).toEqual([499, 2, 0]);
  });
});

describe("a worker that crashes", () => {
  it("fails its requests, keeps the waiting ones and is replaced", async () => {
    const counts = counters();
    const { pool, errors } = await poolWith({ counts }, { maxBatch: 1, maxWaitMilliseconds: 0 });
    const crashing = ask(pool, 1, "crash");
    const waiting = ask(pool, 2);
    await expect(crashing).rejects.toMatchObject({ statusCode: 503, retryAfter: 1 });
    expect(pool.ready).toBe(false);
    expect(await waiting).toMatchObject([{ value: 2 }]);
    expect([pool.ready, counts[4]]).toEqual([true, 2]);
    expect(errors).toEqual([expect.objectContaining({ requests: 1 })]);
  });
});

describe("models", () => {
  it("share the memory of their spec", async () => {
    const counts = counters();
    const { pool } = await poolWith({ counts }, { workers: 2 });
    await ask(pool, 1);
    expect([counts[1], counts[4]]).toEqual([1, 2]);
  });

  it("come and go while the pool runs", async () => {
    const counts = counters();
    const { pool } = await poolWith();
    await pool.add("second", { loader, spec: { milliseconds: 100, counts } });
    expect(pool.models.map(({ id }) => id)).toEqual(["fake", "second"]);
    const running = pool.predict("second", [{ value: 1 }]);
    await expect.poll(() => counts[0], patience).toBe(1);
    const waiting = status(pool.predict("second", [{ value: 2 }]));
    pool.remove("second");
    expect(await waiting).toBe(404);
    expect(await running).toHaveLength(1);
    await expect.poll(() => counts[3], patience).toBe(1);
    expect(await status(ask(pool, 1))).toBe(200);
    expect(pool.remove("second")).toBe(false);
  });

  it("that cannot be loaded are not there", async () => {
    const { pool } = await poolWith();
    const refused = pool.add("broken", { loader, spec: { refuse: "weights and config disagree" } });
    await expect(refused).rejects.toThrow("Model broken could not be loaded: weights and config disagree");
    expect(pool.models.map(({ id }) => id)).toEqual(["fake"]);
    expect(pool.ready).toBe(true);
  });

  it("have ids of their own that fit a URL", async () => {
    const { pool } = await poolWith();
    await expect(pool.add("fake", { loader })).rejects.toThrow("A model fake is served already");
    await expect(pool.add("../etc", { loader })).rejects.toThrow('Received "../etc"');
  });
});

describe("draining", () => {
  it("finishes what was accepted and takes no more", async () => {
    const counts = counters();
    const { pool } = await poolWith({ milliseconds: 50, counts }, { maxBatch: 1, maxWaitMilliseconds: 0 });
    const accepted = Promise.all([1, 2, 3].map((value) => ask(pool, value)));
    const drained = pool.drain(10_000);
    await expect(ask(pool, 4)).rejects.toMatchObject({ statusCode: 503, retryAfter: 1 });
    expect(await accepted).toHaveLength(3);
    await drained;
    await pool.close();
    expect([pool.workersAlive, counts[3]]).toEqual([0, 1]);
  });

  it("gives up at its limit", async () => {
    const { pool } = await poolWith({ milliseconds: 60_000 }, { maxBatch: 1, maxWaitMilliseconds: 0 });
    const asked = [status(ask(pool, 1)), status(ask(pool, 2))];
    await pool.drain(50);
    expect(await Promise.all(asked)).toEqual([503, 503]);
  });
});
