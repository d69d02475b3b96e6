import { Random } from "@nacre/random";
import { describe, expect, it } from "vitest";
import { draw, rungs, Space, TuneConfig } from "./tune-config.ts";

const draws = (space: unknown): unknown[] => {
  const checked = Space.parse(space);
  return Array.from({ length: 2000 }, (_, index) => draw(checked, new Random(1).fork(index)));
};

describe("draw", () => {
  it("is uniform in the logarithm, with four figures", () => {
    const values = draws({ log: [1e-4, 1e-2] }) as number[];
    expect(Math.min(...values)).toBeGreaterThanOrEqual(1e-4);
    expect(Math.max(...values)).toBeLessThanOrEqual(1e-2);
    const share = values.filter((value) => value < 1e-3).length / values.length;
    expect(share).toBeGreaterThan(0.45);
    expect(share).toBeLessThan(0.55);
    expect(values.every((value) => Number(value.toPrecision(4)) === value)).toBe(true);
  });

  it("gives every integer and every choice about equally often", () => {
    for (const [space, kinds] of [
      [{ integer: [3, 6] }, 4],
      [{ choice: ["a", [1], { b: 2 }] }, 3],
    ] as const) {
      const counts = new Map<string, number>();
      for (const value of draws(space)) counts.set(JSON.stringify(value), (counts.get(JSON.stringify(value)) ?? 0) + 1);
      expect(counts.size).toBe(kinds);
      for (const count of counts.values()) expect(Math.abs(count / 2000 - 1 / kinds)).toBeLessThan(0.05);
    }
  });

  it.each([
    [{ log: [0, 1] }],
    [{ log: [1, 0.1] }],
    [{ integer: [1.5, 3] }],
    [{ uniform: [2, 2] }],
    [{ choice: [] }],
    [{ normal: [0, 1] }],
  ])("refuses %j", (space) => {
    expect(Space.safeParse(space).success).toBe(false);
  });
});

describe("rungs", () => {
  it("grow by the reduction, up to the recipe's epochs", () => {
    const config = TuneConfig.parse({ space: {} });
    expect(rungs(config, 20)).toEqual([1, 3, 9, 20]);
    expect(rungs(config, 1)).toEqual([1]);
    expect(rungs({ ...config, reduction: 2, firstEpochs: 2 }, 8)).toEqual([2, 4, 8]);
  });
});
