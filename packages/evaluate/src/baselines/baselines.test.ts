import { existsSync, readFileSync } from "node:fs";
import { Random } from "@nacre/random";
import { describe, expect, it } from "vitest";
import { runBaselines } from "../baselines.ts";
import { mostProbable } from "../metrics/probability.ts";
import type { Baseline, BaselineContext, LabelledRows } from "./baseline.ts";
import { decisionTree, randomForest } from "./forest.ts";
import { minimise } from "./lbfgs.ts";
import { fitLogisticRegression } from "./logistic-regression.ts";
import { majority, naiveBayes, nearestNeighbours } from "./simple.ts";

const shared = new URL("../../../../../shared/golden/metrics/sklearn_metrics_models.json", import.meta.url);
const sharedIsHere = existsSync(shared);
if (!sharedIsHere) console.log(`Skipped: no reference values at ${shared.pathname}`);

const context = (classes: number): BaselineContext => ({ classes, seed: 1, pause: async () => {} });
const accuracyOf = async (baseline: Baseline, train: LabelledRows, test: LabelledRows, classes: number) => {
  const probabilities = await (await baseline.fit(train, context(classes)))(test.features);
  return probabilities.filter((each, index) => mostProbable(each) === test.labels[index]).length / test.features.length;
};

describe.skipIf(!sharedIsHere)("on iris, as scikit-learn", () => {
  const { models_iris: iris } = sharedIsHere ? JSON.parse(readFileSync(shared, "utf8")) : { models_iris: undefined };
  const part = (keep: (index: number) => boolean) => {
    const pick = <T>(values: T[]): T[] => values.filter((_, index) => keep(index));
    const known: number[][] = iris.data.filter((_: unknown, index: number) => index % 3 !== 0);
    const columns = [0, 1, 2, 3].map((column) => {
      const values = known.map((row) => row[column]!);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      return {
        mean,
        deviation: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length),
      };
    });
    const features = pick(iris.data as number[][]).map((row) =>
      Float32Array.from(row, (value, column) => (value - columns[column]!.mean) / columns[column]!.deviation),
    );
    return { features, labels: pick(iris.target as number[]) };
  };
  const train = sharedIsHere ? part((index) => index % 3 !== 0) : { features: [], labels: [] };
  const test = sharedIsHere ? part((index) => index % 3 === 0) : { features: [], labels: [] };

  it("logistic regression finds the same weights", async () => {
    const weights = await fitLogisticRegression(train, context(3), { iterations: 500 });
    for (let each = 0; each < 3; each++) {
      for (let column = 0; column < 4; column++) {
        expect(weights[each * 5 + column]!).toBeCloseTo(iris.logreg_C1.coef[each][column], 2);
      }
      expect(weights[each * 5 + 4]!).toBeCloseTo(iris.logreg_C1.intercept[each], 2);
    }
  });

  it("naive Bayes gives the same probabilities", async () => {
    const probabilities = await (await naiveBayes.fit(train, context(3)))(test.features);
    probabilities.forEach((row, index) =>
      row.forEach((value, each) => expect(value).toBeCloseTo(iris.gaussian_nb_proba[index][each], 4)),
    );
  });

  it("nearest neighbours predict the same classes", async () => {
    const probabilities = await (await nearestNeighbours(5).fit(train, context(3)))(test.features);
    expect(probabilities.map(mostProbable)).toEqual(iris.knn5_pred);
  });

  it("trees and forests are right about as often (scikit-learn: 0.96 to 0.98)", async () => {
    expect(await accuracyOf(decisionTree, train, test, 3)).toBeGreaterThanOrEqual(0.9);
    expect(await accuracyOf(randomForest, train, test, 3)).toBeGreaterThanOrEqual(0.94);
  });
});

describe("baselines", () => {
  /** Points in a chessboard: no straight line separates them. */
  const chessboard = (count: number, seed: number): LabelledRows => {
    const random = new Random(seed);
    const features = Array.from({ length: count }, () =>
      Float32Array.of(random.uniform() * 4, random.uniform() * 4, random.uniform()),
    );
    return { features, labels: features.map(([x, y]) => (Math.floor(x!) + Math.floor(y!)) % 2) };
  };

  it("tell a problem that needs more than a line", async () => {
    const rows = await runBaselines({
      train: chessboard(3000, 1),
      test: chessboard(600, 2),
      classes: ["white", "black"],
      seed: 3,
      resamples: 100,
    });
    const accuracy = Object.fromEntries(rows.map(({ name, scores }) => [name, scores[0]!.value]));
    expect(accuracy["logistic regression"]).toBeLessThan(0.6);
    expect(accuracy["5 nearest neighbours"]).toBeGreaterThan(0.85);
    expect(accuracy["random forest"]).toBeGreaterThan(0.9);
    for (const { predictions, seconds } of rows) {
      expect(predictions).toHaveLength(600);
      expect(seconds).toBeGreaterThanOrEqual(0);
    }
  });

  it("keep to a limit and say so, are the same for the same seed, and stop when asked", async () => {
    const options = {
      train: chessboard(500, 1),
      test: chessboard(100, 2),
      classes: ["white", "black"],
      seed: 3,
      limit: 200,
      resamples: 100,
    };
    const [first, second] = [await runBaselines(options), await runBaselines(options)];
    expect(first.map(({ seconds: _, ...row }) => row)).toEqual(second.map(({ seconds: _, ...row }) => row));
    expect(first.every(({ note }) => note === "trained on 200 of 500")).toBe(true);
    const [part] = await runBaselines({ ...options, limit: 500, available: 9000 });
    expect(part!.note).toBe("trained on 500 of 9000");
    const heavy = {
      ...options,
      train: chessboard(8000, 1),
      test: chessboard(2000, 2),
      limit: 8000,
      signal: AbortSignal.timeout(30),
    };
    await expect(runBaselines(heavy)).rejects.toThrow(/abort|time/i);
    await expect(runBaselines({ ...options, test: { features: [], labels: [] } })).rejects.toThrow("Received 0 and 0");
  });

  it("majority gives the shares of the classes", async () => {
    const train = { features: [new Float32Array(1), new Float32Array(1), new Float32Array(1)], labels: [0, 1, 1] };
    const [row] = await (await majority.fit(train, context(2)))([new Float32Array(1)]);
    expect([...row!]).toEqual([1 / 3, 2 / 3]);
  });

  it("L-BFGS finds the bottom of Rosenbrock's valley", async () => {
    const objective = async ([x, y]: Float64Array, gradient: Float64Array) => {
      gradient[0] = -2 * (1 - x!) - 400 * x! * (y! - x! ** 2);
      gradient[1] = 200 * (y! - x! ** 2);
      return (1 - x!) ** 2 + 100 * (y! - x! ** 2) ** 2;
    };
    const [x, y] = await minimise(objective, Float64Array.of(-1.2, 1), { iterations: 200, tolerance: 1e-8 });
    expect(x).toBeCloseTo(1, 5);
    expect(y).toBeCloseTo(1, 5);
  });
});
