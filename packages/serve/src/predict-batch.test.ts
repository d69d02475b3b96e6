import { describe, expect, it } from "vitest";
import { type FakeSpec, load } from "./fixtures/fake-predictor.ts";
import { predictBatch } from "./predict-batch.ts";
import type { Outcome, Payload } from "./protocol.ts";

async function run(
  payloads: Payload[],
  { spec = {} as FakeSpec, maxBatch = 4, signal = new AbortController().signal } = {},
) {
  return predictBatch(await load(spec), payloads, { maxBatch, signal });
}

const inputs = (...values: unknown[]) => JSON.stringify({ inputs: values });
const outputs = (outcome: Outcome | undefined) =>
  outcome?.kind === "outputs" ? (JSON.parse(outcome.text) as { value: number; batch: number }[]) : outcome;

describe("a batch", () => {
  it("is computed in one call and taken apart again", async () => {
    const { outcomes, sizes } = await run([inputs({ value: 1 }), inputs({ value: 2 }, { value: 3 })]);
    expect(sizes).toEqual([3]);
    expect(outputs(outcomes[0])).toEqual([{ label: "odd", value: 1, batch: 3 }]);
    expect(outputs(outcomes[1])).toEqual([
      { label: "even", value: 2, batch: 3 },
      { label: "odd", value: 3, batch: 3 },
    ]);
  });

  it("that is larger than the limit takes several calls", async () => {
    const { outcomes, sizes } = await run([inputs(...Array.from({ length: 10 }, (_, value) => ({ value })))]);
    expect(sizes).toEqual([4, 4, 2]);
    expect((outputs(outcomes[0]) as { value: number }[]).map(({ value }) => value)).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
    ]);
  });

  it("answers payloads at fault and computes the others", async () => {
    const { outcomes, sizes } = await run([
      inputs({ value: "one" }),
      "{",
      inputs(),
      new TextEncoder().encode(inputs({ value: 4 })),
    ]);
    expect(sizes).toEqual([1]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(["invalid", "invalid", "invalid", "outputs"]);
    expect(outcomes[0]).toMatchObject({ problem: { path: "inputs[0].value", received: '"one"' } });
    expect(outcomes[2]).toMatchObject({ problem: { path: "inputs" } });
  });

  it("that makes the model fail is tried payload by payload", async () => {
    const { outcomes } = await run([
      inputs({ value: 1 }),
      inputs({ value: 2, behaviour: "fail" }),
      inputs({ value: 3 }),
    ]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(["outputs", "failed", "outputs"]);
    expect(outcomes[1]).toMatchObject({ error: expect.stringContaining("a secret of the model") });
  });

  it("says which input the model refuses, whatever its schema says", async () => {
    const [fine, refused] = [{ value: 1 }, { value: 2, behaviour: "refuse" }];
    const { outcomes } = await run([inputs(fine), inputs(fine, fine, fine, fine, fine, refused)]);
    expect(outcomes[0]).toMatchObject({ kind: "outputs" });
    expect(outcomes[1]).toEqual({
      kind: "invalid",
      problem: { message: "inputs[5]: the picture is cut off", path: "inputs[5]" },
    });
  });

  it("is cancelled between calls", async () => {
    const controller = new AbortController();
    const counts = new Int32Array(new SharedArrayBuffer(20));
    const many = inputs(...new Array(8).fill({ value: 1 }));
    setTimeout(() => controller.abort(), 30);
    const { outcomes } = await run([many], {
      spec: { counts, busyMilliseconds: 20 },
      maxBatch: 1,
      signal: controller.signal,
    });
    expect(outcomes).toEqual([{ kind: "cancelled" }]);
    expect(counts[0]).toBeGreaterThan(0);
    expect(counts[0]).toBeLessThan(8);
  });

  it("with uploaded files gives the model base64", async () => {
    const images = [Uint8Array.of(7, 8, 9), new Uint8Array([0, 5, 6, 0]).subarray(1, 3)];
    const { outcomes } = await run([{ images }], { spec: { image: true } });
    expect(outputs(outcomes[0])).toEqual([
      { bytes: 3, first: 7, last: 9 },
      { bytes: 2, first: 5, last: 6 },
    ]);
  });

  it("fails when the model gives another number of outputs", async () => {
    const predictor = { ...(await load()), predict: async () => [] };
    const { outcomes } = await predictBatch(predictor, [inputs({ value: 1 })], {
      maxBatch: 4,
      signal: new AbortController().signal,
    });
    expect(outcomes).toMatchObject([{ kind: "failed", error: expect.stringContaining("Expected 1 outputs") }]);
  });
});
