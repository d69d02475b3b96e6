import { existsSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import reference from "./fixtures/scikit_learn.json" with { type: "json" };
import { deviation, mergeMoments, noMoments, observe, quantile } from "./moments.ts";
import { MinMaxScaler, mergeRows, observeRows, RobustScaler, StandardScaler } from "./scalers.ts";

const scalers = { standard: StandardScaler, minmax: MinMaxScaler, robust: RobustScaler };
const kinds = Object.keys(scalers) as (keyof typeof scalers)[];
const iris = new URL("../../../../../shared/golden/metrics/sklearn_metrics_models.json", import.meta.url);

function expectRows(
  actual: readonly ArrayLike<number>[],
  expected: readonly (readonly number[])[],
  digits: number,
): void {
  for (const [row, values] of expected.entries()) {
    for (const [column, value] of values.entries()) expect(actual[row]![column]).toBeCloseTo(value, digits);
  }
}

describe("scalers", () => {
  it.each(kinds)("%s equals scikit-learn's, constant and far-off columns included", (kind) => {
    const scaler = scalers[kind].fit(reference.X);
    expectRows(
      reference.X.map((row) => scaler.transform(row)),
      reference.scalers[kind],
      7,
    );
  });

  it.skipIf(!existsSync(iris)).each(kinds)("%s equals scikit-learn's on iris (needs ../shared/golden)", (kind) => {
    const vectors = JSON.parse(readFileSync(iris, "utf8")).scalers;
    const scaler = scalers[kind].fit(vectors.X);
    expectRows(
      vectors.X.map((row: number[]) => scaler.transform(row)),
      vectors[kind],
      12,
    );
  });

  it.each(kinds)("%s comes back from JSON bit for bit and undoes itself", (kind) => {
    const scaler = scalers[kind].fit(reference.X);
    const copy = scalers[kind].fromJSON(JSON.parse(JSON.stringify(scaler)));
    for (const row of reference.X) {
      expect(copy.transform(row)).toEqual(scaler.transform(row));
      for (const [column, value] of scaler.inverse(scaler.transform(row)).entries()) {
        expect(value).toBeCloseTo(row[column]!, 6);
      }
    }
  });

  it("fits the same from merged parts", () => {
    const parts = [reference.X.slice(0, 4), reference.X.slice(4, 5), reference.X.slice(5)].map(observeRows);
    const merged = StandardScaler.fromMoments(parts.reduce(mergeRows, []));
    const whole = StandardScaler.fit(reference.X);
    for (const column of reference.X[0]!.keys()) {
      expect(merged.center[column]).toBeCloseTo(whole.center[column]!, 8);
      expect(merged.scale[column]).toBeCloseTo(whole.scale[column]!, 8);
    }
  });

  it("refuses what it cannot fit or scale", () => {
    expect(() => StandardScaler.fit([])).toThrow("at least one row to fit a scaler on. Received none");
    expect(() => StandardScaler.fit([[1, 2], [3]])).toThrow(
      "Row 2: expected 2 numbers as in the first row. Received 1.",
    );
    expect(() => MinMaxScaler.fit([[1, Number.NaN]])).toThrow(
      "Row 1, column 2: expected a finite number. Received NaN. Impute missing values first.",
    );
    expect(() => StandardScaler.fit([[1], [2]]).transform([1, 2])).toThrow("Expected a row of 1 numbers. Received 2.");
    expect(() => StandardScaler.fromJSON({ center: [1], scale: [0] })).toThrow("scales that are not 0");
  });
});

describe("moments", () => {
  it("merge like one pass over everything", () => {
    const numbers = fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }));
    fc.assert(
      fc.property(numbers, numbers, (left, right) => {
        const merged = mergeMoments(left.reduce(observe, noMoments), right.reduce(observe, noMoments));
        const whole = [...left, ...right].reduce(observe, noMoments);
        expect(merged.count).toBe(whole.count);
        expect(merged.mean).toBeCloseTo(whole.mean, 8);
        expect(deviation(merged)).toBeCloseTo(deviation(whole), 6);
      }),
    );
  });

  it("interpolate quantiles between neighbours", () => {
    expect(quantile([1, 2, 3, 10], 0.25)).toBe(1.75);
    expect(quantile([1, 2, 3, 10], 1)).toBe(10);
    expect(quantile([], 0.5)).toBeNaN();
  });
});
