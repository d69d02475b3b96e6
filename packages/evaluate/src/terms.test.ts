import { Random } from "@nacre/random";
import { describe, expect, it } from "vitest";
import { baselines } from "./baselines.ts";
import { evaluateClassification } from "./classification.ts";
import { term } from "./terms.ts";

describe("term", () => {
  it("has a Chinese name for every score and every simple algorithm", () => {
    const random = new Random(1);
    const names = [2, 4].flatMap((count) => {
      const examples = Array.from({ length: 40 }, (_, index) => {
        const draws = Array.from({ length: count }, () => random.uniform());
        const sum = draws.reduce((total, value) => total + value, 0);
        return { label: index % count, probabilities: draws.map((value) => value / sum) };
      });
      const classes = [..."abcd"].slice(0, count);
      return evaluateClassification({ classes, examples, seed: 1, resamples: 100 }).scores.map(({ name }) => name);
    });
    // These are called so in Chinese too.
    const same = new Set(["ROC-AUC", "F1"]);
    for (const name of [...names, ...baselines.map((baseline) => baseline.name)]) {
      if (!same.has(name)) expect(term(name, "zh"), name).toMatch(/[\u4e00-\u9fff]/);
      expect(term(name, "en")).toBe(name);
    }
  });

  it.each([
    ["macro F1", "宏平均F1"],
    ["top-3 accuracy", "top-3 准确率"],
    ["5 nearest neighbours", "5 近邻"],
    ["trained on 4000 of 7200, tested on 1000 of 2000", "用 7200 条中的 4000 条训练，用 2000 条中的 1000 条测试"],
    ["lenet, 61,706 parameters", "lenet，61,706 个参数"],
    ["toString", "toString"],
    ["my own score", "my own score"],
  ])("%s is %s", (name, expected) => {
    expect(term(name, "zh")).toBe(expected);
  });
});
