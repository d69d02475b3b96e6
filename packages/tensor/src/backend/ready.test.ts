import { afterEach, describe, expect, it } from "vitest";
import { type BackendName, describeBackend, doctor, ready, tf } from "../index.ts";

afterEach(() => {
  delete process.env.NACRE_BACKEND;
});

describe("ready", () => {
  it("obeys the environment, then stays with its choice", async () => {
    process.env.NACRE_BACKEND = "cpu";
    const first = await ready();
    expect(first.chosen).toBe("cpu");
    expect(tf.getBackend()).toBe("cpu");
    expect(first.candidates.map(({ name }) => name)).toEqual(["native", "webgpu", "wasm", "cpu"]);
    process.env.NACRE_BACKEND = "wasm";
    expect(await ready()).toBe(first);
    expect(await ready({ backend: "cpu" })).toBe(first);
  });

  it("switches when another backend is asked for, once for calls at the same time", async () => {
    const [left, right] = await Promise.all([ready({ backend: "wasm" }), ready({ backend: "wasm" })]);
    expect(left).toBe(right);
    expect(tf.getBackend()).toBe("wasm");
    expect(left.candidates.find(({ name }) => name === "wasm")).toMatchObject({
      available: true,
      version: expect.stringMatching(/^4\./),
    });
    expect(describeBackend(left)).toContain("→ wasm");
  });

  it("refuses what does not work here and keeps what did", async () => {
    await ready({ backend: "wasm" });
    await expect(ready({ backend: "webgpu" })).rejects.toThrow(
      'Expected the backend "webgpu", which was asked for, to work here. Received: ',
    );
    await expect(ready({ backend: "tpu" as BackendName })).rejects.toThrow(
      'Expected one of native, webgpu, wasm, cpu in the option `backend`. Received "tpu".',
    );
    expect(tf.getBackend()).toBe("wasm");
    expect((await ready()).chosen).toBe("wasm");
  });
});

describe("doctor", () => {
  it("tries everything and leaves the chosen backend at work", async () => {
    await ready({ backend: "cpu" });
    const report = await doctor();
    expect(report.chosen).toBe("cpu");
    expect(tf.getBackend()).toBe("cpu");
    expect(report.candidates.filter(({ available }) => available).map(({ name }) => name)).toEqual(
      expect.arrayContaining(["wasm", "cpu"]),
    );
    expect(report.runtime).toBe(`Node ${process.version}`);
    expect(report.processors).toBeGreaterThan(0);
  });
});
