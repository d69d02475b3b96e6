import { existsSync, readFileSync } from "node:fs";
import { Random } from "@nacre/random";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bootstrap, normalCumulative, wilson } from "./bootstrap.ts";
import { evaluateClassification } from "./classification.ts";
import { ClassificationTally } from "./classification-tally.ts";
import fixtures from "./fixtures/metrics.json" with { type: "json" };
import {
  accuracy,
  averagePrecision,
  balancedAccuracy,
  brier,
  type ClassifiedExample,
  confusionMatrix,
  expectedCalibrationError,
  explainedVariance,
  fScore,
  kappa,
  logLoss,
  type Metric,
  matthews,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanSquaredError,
  medianAbsoluteError,
  mostProbable,
  perClass,
  precision,
  recall,
  rocAuc,
  rocCurve,
  rootMeanSquaredError,
  rSquared,
  topK,
} from "./index.ts";
import { evaluateRegression } from "./regression.ts";
import { approximateRandomisation, mcnemar, pairedBootstrap } from "./significance.ts";

const shared = new URL("../../../../shared/golden/metrics/sklearn_metrics_models.json", import.meta.url);
const sharedIsHere = existsSync(shared);
if (!sharedIsHere) console.log(`Skipped: no reference values at ${shared.pathname}`);
const golden = sharedIsHere ? JSON.parse(readFileSync(shared, "utf8")) : undefined;

function total<Example, Statistics, Score extends { readonly value: number }>(
  metric: Metric<Example, Statistics, Score>,
  examples: readonly Example[],
): Score {
  // In a tree, as workers would: halves first, then together.
  const fold = (part: readonly Example[]): Statistics => {
    if (part.length === 0) return metric.empty;
    if (part.length === 1) return metric.merge(metric.empty, metric.observe(part[0]!));
    return metric.merge(fold(part.slice(0, part.length >> 1)), fold(part.slice(part.length >> 1)));
  };
  return metric.score(fold(examples));
}

const examplesOf = (labels: number[], probabilities: number[][]): ClassifiedExample[] =>
  labels.map((label, index) => ({ label, probabilities: probabilities[index]! }));
const decisionsOf = (examples: readonly ClassifiedExample[]) =>
  examples.map(({ label, probabilities }) => ({ label, predicted: mostProbable(probabilities) }));

describe.skipIf(!sharedIsHere)("scikit-learn's values", () => {
  it("binary", () => {
    const { y, p, expected } = golden.binary;
    const examples = examplesOf(
      y,
      p.map((value: number) => [1 - value, value]),
    );
    const decisions = y.map((label: number, index: number) => ({ label, predicted: p[index] >= 0.5 ? 1 : 0 }));
    const ranked = y.map((label: number, index: number) => ({ score: p[index], positive: label === 1 }));
    const average = { positive: 1 };
    for (const [value, wanted] of [
      [total(rocAuc(), ranked), expected.roc_auc],
      [total(averagePrecision(), ranked), expected.average_precision],
      [total(logLoss(), examples), expected.log_loss],
      [total(brier(), examples), expected.brier],
      [total(accuracy(2), decisions), expected.accuracy],
      [total(balancedAccuracy(2), decisions), expected.balanced_accuracy],
      [total(precision(2, { average }), decisions), expected.precision],
      [total(recall(2, { average }), decisions), expected.recall],
      [total(fScore(2, { average }), decisions), expected.f1],
      [total(fScore(2, { average, beta: 2 }), decisions), expected.f_beta2],
      [total(matthews(2), decisions), expected.mcc],
      [total(kappa(2), decisions), expected.kappa],
      [total(expectedCalibrationError(10), examples), expected.ece_10_equal_width_left_closed],
    ]) {
      expect(value.value).toBeCloseTo(wanted, 10);
    }
    const ranking = ranked.map(rocAuc().observe).reduce(rocAuc().merge);
    const points = rocCurve(ranking);
    for (const [index, x] of expected.roc_fpr.entries()) {
      const y = expected.roc_tpr[index];
      expect(points.some((point) => Math.abs(point.x - x) < 1e-9 && Math.abs(point.y - y) < 1e-9)).toBe(true);
    }
  });

  it("multiclass", () => {
    const { y, proba, expected } = golden.multiclass;
    const {
      scores,
      confusion,
      perClass: rows,
    } = evaluateClassification({
      classes: [..."0123456789"],
      examples: examplesOf(y, proba),
      seed: 0,
      resamples: 100,
    });
    const value = (name: string) => scores.find((score) => score.name === name)!.value;
    expect(value("accuracy")).toBeCloseTo(expected.accuracy, 10);
    expect(value("macro F1")).toBeCloseTo(expected.macro_f1, 10);
    expect(value("weighted F1")).toBeCloseTo(expected.weighted_f1, 10);
    expect(value("top-3 accuracy")).toBeCloseTo(expected.top3, 10);
    // scikit-learn scales rows to 1 first; the values here are rounded.
    expect(Math.abs(value("log loss") - expected.log_loss)).toBeLessThan(1e-5);
    expect(value("kappa")).toBeCloseTo(expected.kappa, 10);
    expect(value("Matthews correlation")).toBeCloseTo(expected.mcc, 10);
    expect(Math.abs(value("ROC-AUC") - expected.roc_auc_ovr_macro)).toBeLessThan(1e-5);
    expect(confusion).toEqual(expected.confusion);
    for (const [index, row] of rows.entries()) {
      const wanted = expected.report[String(index)];
      expect([row.precision, row.recall, row.f1]).toEqual([
        expect.closeTo(wanted.precision, 10),
        expect.closeTo(wanted.recall, 10),
        expect.closeTo(wanted["f1-score"], 10),
      ]);
    }
  });

  it("regression", () => {
    const { y, pred, expected } = golden.regression;
    const examples = y.map((target: number, index: number) => ({ target, prediction: pred[index] }));
    for (const [metric, wanted] of [
      [meanAbsoluteError(), expected.mae],
      [meanSquaredError(), expected.mse],
      [rootMeanSquaredError(), expected.rmse],
      [rSquared(), expected.r2],
      [medianAbsoluteError(), expected.medae],
      [meanAbsolutePercentageError(), expected.mape],
      [explainedVariance(), expected.explained_variance],
    ]) {
      expect(total(metric, examples).value).toBeCloseTo(wanted, 8);
    }
    const { scores } = evaluateRegression({ examples, seed: 1, resamples: 200 });
    for (const { value, low, high } of scores) expect(low < value && value < high).toBe(true);
  });
});

describe("edge cases as scikit-learn has them", () => {
  it.each(Object.entries(fixtures.multiclass))("%s", (_, { labels, probabilities, expected }) => {
    const examples = examplesOf(labels, probabilities);
    const { scores } = evaluateClassification({ classes: ["a", "b", "c", "d"], examples, seed: 0, resamples: 100 });
    for (const [name, wanted] of Object.entries(expected)) {
      const value =
        name === "top2" ? total(topK(2), examples).value : scores.find((score) => score.name === name)!.value;
      expect(Math.abs(value - wanted), name).toBeLessThan(1e-6);
    }
  });

  it("ties in ranks", () => {
    const { labels, scores, ...expected } = fixtures["binary with ties"];
    const ranked = labels.map((label, index) => ({ score: scores[index]!, positive: label === 1 }));
    expect(total(rocAuc(), ranked).value).toBeCloseTo(expected.rocAuc, 12);
    expect(total(averagePrecision(), ranked).value).toBeCloseTo(expected.averagePrecision, 12);
    expect(total(rocAuc(), [{ score: 1, positive: true }]).value).toBeNaN();
  });
});

describe("metrics", () => {
  it("merge in any order to the same", () => {
    const example = fc.record({ label: fc.nat(2), probabilities: fc.tuple(fc.nat(9), fc.nat(9), fc.nat(9)) });
    fc.assert(
      fc.property(fc.array(example, { minLength: 1, maxLength: 30 }), fc.nat(), (drawn, seed) => {
        const examples = drawn.map(({ label, probabilities }) => {
          const sum = probabilities.reduce((left, right) => left + right + 1, 0);
          return { label, probabilities: probabilities.map((value) => (value + 1) / sum) };
        });
        const shuffled = new Random(seed).shuffle([...examples]);
        for (const metric of [logLoss(), brier(), topK(2), expectedCalibrationError(5)] as Metric<
          ClassifiedExample,
          never,
          { value: number }
        >[]) {
          expect(total(metric, shuffled).value).toBeCloseTo(total(metric, examples).value, 10);
        }
        const weights = new Uint16Array(examples.length).fill(1);
        const tally = new ClassificationTally(3, examples);
        expect(tally.confusion(weights)).toEqual(
          decisionsOf(examples).map(confusionMatrix(3).observe).reduce(confusionMatrix(3).merge),
        );
        const ranked = examples.map(({ label, probabilities }) => ({
          score: probabilities[1]!,
          positive: label === 1,
        }));
        expect(tally.rankings(weights)[1]).toEqual(ranked.map(rocAuc().observe).reduce(rocAuc().merge));
        for (const name of ["log loss", "Brier"]) {
          const metric = name === "Brier" ? brier() : logLoss();
          const fast = tally.scores(weights).find((score) => score.name === name)!;
          expect(fast.value).toBeCloseTo(total(metric, examples).value, 10);
        }
      }),
      { numRuns: 50 },
    );
  });

  it("say what they cannot take", () => {
    expect(() => accuracy(3).observe({ label: 3, predicted: 0 })).toThrow("Expected a label from 0 to 2. Received 3.");
    const options = { classes: ["a", "b"], seed: 0 };
    expect(() => evaluateClassification({ ...options, examples: [] })).toThrow("Received none.");
    expect(() =>
      evaluateClassification({
        ...options,
        examples: examplesOf(
          [0, 2],
          [
            [1, 0],
            [1, 0],
          ],
        ),
      }),
    ).toThrow("Example 1: expected a label from 0 to 1. Received 2.");
    expect(() => evaluateClassification({ ...options, examples: examplesOf([0], [[1]]) })).toThrow(
      "expected 2 probabilities. Received 1.",
    );
    expect(() => evaluateClassification({ ...options, examples: examplesOf([0], [[Number.NaN, 0]]) })).toThrow(
      "class a: expected a probability",
    );
    expect(() => rocAuc().observe({ score: Number.NaN, positive: true })).toThrow("Received NaN");
  });

  it("list the worst examples first, and count a perfect classifier as such", () => {
    const examples = examplesOf(
      [0, 0, 1, 1],
      [
        [0.9, 0.1],
        [0.2, 0.8],
        [0.4, 0.6],
        [0.99, 0.01],
      ],
    );
    const { worst, scores } = evaluateClassification({ classes: ["no", "yes"], examples, seed: 0, resamples: 100 });
    expect(worst.map(({ index }) => index)).toEqual([3, 1, 2, 0]);
    expect(worst[0]).toMatchObject({ label: "yes", predicted: "no", probability: 0.01 });
    expect(scores.find(({ name }) => name === "accuracy")!.value).toBe(0.5);
    expect(perClass({ classes: 2, counts: Float64Array.of(2, 0, 0, 3) })).toEqual([
      { precision: 1, recall: 1, f1: 1, support: 2 },
      { precision: 1, recall: 1, f1: 1, support: 3 },
    ]);
  });
});

describe("intervals and significance", () => {
  it("bootstrap covers the truth about as often as it says", () => {
    let covered = 0;
    for (let trial = 0; trial < 200; trial++) {
      const random = new Random(trial);
      const values = Array.from({ length: 150 }, () => Number(random.uniform() < 0.7));
      const mean = (weights: Uint16Array) => [
        values.reduce((sum, value, index) => sum + value * weights[index]!, 0) / values.length,
      ];
      const [{ low, high }] = bootstrap(values.length, mean, { seed: trial, resamples: 300 }) as [
        { low: number; high: number },
      ];
      if (low <= 0.7 && 0.7 <= high) covered++;
    }
    expect(covered).toBeGreaterThan(178);
    expect(covered).toBeLessThan(199);
  });

  it.each(fixtures.wilson)("wilson agrees with scipy: $hits of $count", ({ hits, count, low, high }) => {
    const interval = wilson(hits, count);
    expect(interval.low).toBeCloseTo(low, 9);
    expect(interval.high).toBeCloseTo(high, 9);
    expect(normalCumulative(-5)).toBeCloseTo(2.866515718791939e-7, 15);
  });

  it("mcnemar agrees with scipy", () => {
    const { first, second, pValue } = fixtures.mcnemar;
    expect(mcnemar(first, second).pValue).toBeCloseTo(pValue, 10);
    expect(mcnemar([1, 0], [1, 0]).pValue).toBe(1);
  });

  it("find a difference that is there, and none between equals", () => {
    const random = new Random(4);
    const worse = Array.from({ length: 400 }, () => Number(random.uniform() < 0.7));
    const better = worse.map((hit) => (hit === 1 || random.uniform() < 0.3 ? 1 : 0));
    for (const test of [pairedBootstrap, approximateRandomisation]) {
      const { pValue, difference, low, high } = test(better, worse, { seed: 1 });
      expect(pValue).toBeLessThan(0.01);
      expect(low <= difference && difference <= high).toBe(true);
      expect(test(worse, worse, { seed: 1 }).pValue).toBe(1);
    }
    const fair = Array.from({ length: 400 }, () => Number(random.uniform() < 0.7));
    expect(approximateRandomisation(fair, worse, { seed: 2 }).pValue).toBeGreaterThan(0.01);
    expect(() => mcnemar([1], [1, 0])).toThrow("Received 1 and 2");
  });

  it("is the same for the same seed", () => {
    const { labels, probabilities } = fixtures.multiclass.plain;
    const options = { classes: ["a", "b", "c", "d"], examples: examplesOf(labels, probabilities), resamples: 100 };
    const first = evaluateClassification({ ...options, seed: 3 });
    expect(evaluateClassification({ ...options, seed: 3 })).toEqual(first);
    expect(evaluateClassification({ ...options, seed: 4 }).scores[0]!.low).not.toBe(first.scores[0]!.low + 1);
    expect(JSON.parse(JSON.stringify(first))).toEqual(first);
  });
});
