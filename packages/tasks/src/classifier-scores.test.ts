import { describe, expect, it } from "vitest";
import { balancedWeights } from "./classifier-batch.ts";
import { classifierScores } from "./classifier-scores.ts";

describe("classifierScores", () => {
  it("counts hits and averages -log of the true class", () => {
    const rows = [
      [0.7, 0.2, 0.1],
      [0.1, 0.5, 0.4],
      [0.25, 0.25, 0.5],
    ];
    const { accuracy, loss } = classifierScores(rows, [0, 2, 2]);
    expect(accuracy).toBeCloseTo(2 / 3);
    expect(loss).toBeCloseTo(-(Math.log(0.7) + Math.log(0.4) + Math.log(0.5)) / 3);
  });

  it("stays finite when the true class got nothing", () => {
    expect(classifierScores([[1, 0]], [1]).loss).toBeCloseTo(-Math.log(1e-12));
  });
});

describe("balancedWeights", () => {
  it("are N / (K · count), as scikit-learn's, and 0 without examples", () => {
    expect(balancedWeights([6, 2, 0])).toEqual([8 / 18, 8 / 6, 0]);
  });
});
