import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import language from "./fixtures/language.json" with { type: "json" };
import vectors from "./fixtures/optimizers.json" with { type: "json" };
import { constant, cosine, oneCycle, plateau, type Schedule, stableDecay, stepDecay, warmUp } from "./schedules.ts";

const rates = (schedule: Schedule, count: number, history: readonly number[] = []) =>
  Array.from({ length: count }, (_, step) => schedule({ step, history }));

function expectRates(actual: number[], expected: number[]): void {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((rate, step) => {
    expect(Math.abs(rate - expected[step]!), `step ${step}`).toBeLessThan(1e-9);
  });
}

describe("schedules", () => {
  it("follow PyTorch", () => {
    const { schedules } = vectors;
    expectRates(rates(cosine(1, { steps: 10 }), 10), schedules.cosine);
    expectRates(rates(stepDecay(1, { every: 3, factor: 0.5 }), 10), schedules.step);
    expectRates(rates(oneCycle(1, { steps: 10 }), 10), schedules.oneCycle);
    expectRates(rates(warmUp(constant(1), { steps: 4 }), 10), schedules.warmUp);
  });

  it("follow transformers", () => {
    const { linear, root, cosineToTenth } = language.schedules;
    const stable = (shape: "linear" | "root") => stableDecay(1, { steps: 20, falling: 8, floor: 0.1, shape });
    expectRates(rates(stable("linear"), 20), linear);
    expectRates(rates(stable("root"), 20), root);
    expectRates(rates(cosine(1, { steps: 20, floor: 0.1 }), 20), cosineToTenth);
    expect(stableDecay(1, { steps: 10, falling: 4, shape: "cosine" })({ step: 8, history: [] })).toBeCloseTo(0.5);
  });

  it("plateau drops when PyTorch's does", () => {
    const { scores, rates: expected } = vectors.schedules.plateau;
    const schedule = plateau(1, { factor: 0.5, patience: 1, cooldown: 1, floor: 0.1 });
    expectRates(
      expected.map((_, index) => schedule({ step: 0, history: scores.slice(0, index + 1) })),
      expected,
    );
  });

  const shared = new URL("../../../../shared/golden/nn/torch_reference.json", import.meta.url);
  it.skipIf(!existsSync(shared))("agree with the shared PyTorch schedules", () => {
    const { schedules } = JSON.parse(readFileSync(shared, "utf8"));
    expectRates(rates(cosine(1, { steps: 10 }), 10), schedules.cosine_T10);
    expectRates(rates(stepDecay(1, { every: 3, factor: 0.5 }), 10), schedules.step3);
    expectRates(rates(oneCycle(1, { steps: 10 }), 10), schedules.onecycle);
  });
});
