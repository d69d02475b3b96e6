import { describe, expect, it } from "vitest";
import { Curves, type StepEvent } from "./curves.ts";
import { en } from "./i18n/en.ts";
import { zh } from "./i18n/zh.ts";

const step = (number: number, loss = number, validation?: Record<string, number>): StepEvent => ({
  type: "step",
  time: 0,
  step: number,
  epoch: 0,
  progress: 0,
  examples: number * 64,
  loss,
  learningRate: 1,
  gradientNorm: 1,
  milliseconds: 64,
  ...(validation ? { validation } : {}),
});

describe("Curves", () => {
  it("stays small and keeps the mean, however many steps come", () => {
    const curves = new Curves(50);
    for (let number = 1; number <= 6400; number++) curves.add(step(number, number % 2));
    const [steps, losses] = curves.loss;
    expect(steps.length).toBeGreaterThanOrEqual(50);
    expect(steps.length).toBeLessThanOrEqual(100);
    expect(steps.at(-1)).toBe(6400);
    for (const loss of losses!) expect(loss).toBeCloseTo(0.5);
    for (const rate of curves.throughput[1]!) expect(rate).toBeCloseTo(1000);
  });

  it("replaces the steps that a resumed run repeats", () => {
    const curves = new Curves();
    for (const number of [1, 2, 3, 4]) curves.add(step(number, 9, { accuracy: number }));
    for (const number of [3, 4, 5]) curves.add(step(number, 1, { accuracy: -number }));
    expect(curves.loss).toEqual([
      [1, 2, 3, 4, 5],
      [9, 9, 1, 1, 1],
    ]);
    expect(curves.validation("accuracy")[1]).toEqual([1, 2, -3, -4, -5]);
    expect(curves.validation("other")[1]).toEqual([null, null, null, null, null]);
  });
});

describe("the page's texts", () => {
  it("are all there in both languages, with the same places to fill in", () => {
    expect(Object.keys(zh)).toEqual(Object.keys(en));
    const places = (template: string) => [...template.matchAll(/\{\d\}/g)].map(([place]) => place).sort();
    for (const [key, template] of Object.entries(en))
      expect(places(zh[key as keyof typeof en]), key).toEqual(places(template));
  });
});
