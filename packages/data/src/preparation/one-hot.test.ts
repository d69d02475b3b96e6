import { describe, expect, it } from "vitest";
import reference from "./fixtures/scikit_learn.json" with { type: "json" };
import { imputation } from "./impute.ts";
import { OneHotEncoder } from "./one-hot.ts";

const { train, test, zeros, rare } = reference.oneHot;

describe("OneHotEncoder", () => {
  it("equals scikit-learn's with unknown categories as zeros", () => {
    const encoder = OneHotEncoder.fit(train, { unknown: "zeros" });
    expect(encoder.categories).toEqual(zeros.categories);
    expect(test.map((value) => [...encoder.transform(value)])).toEqual(zeros.test);
  });

  it("equals scikit-learn's with rare categories sharing a column", () => {
    const encoder = OneHotEncoder.fit(train, { unknown: "other", minimumCount: 2 });
    expect(encoder.names).toEqual(["blue", "red", "(other)"]);
    expect(test.map((value) => [...encoder.transform(value)])).toEqual(rare.test);
  });

  it("refuses unknown categories by default", () => {
    expect(() => OneHotEncoder.fit(["a", "b"]).transform("c")).toThrow('Expected one of "a", "b". Received "c".');
  });

  it("comes back from JSON", () => {
    for (const unknown of ["error", "zeros", "other"] as const) {
      const encoder = OneHotEncoder.fit(train, { unknown });
      const copy = OneHotEncoder.fromJSON(JSON.parse(JSON.stringify(encoder)));
      expect(train.map((value) => copy.transform(value))).toEqual(train.map((value) => encoder.transform(value)));
      expect(JSON.stringify(copy)).toBe(JSON.stringify(encoder));
    }
  });
});

describe("imputation", () => {
  const values = reference.imputation.values.filter((value) => value !== null);

  it.each(["mean", "median", "mode"] as const)("takes the %s as scikit-learn does", (strategy) => {
    expect(imputation(values, strategy)).toBeCloseTo(reference.imputation[strategy], 12);
  });

  it("takes a constant, and refuses to learn from nothing", () => {
    expect(imputation([], { constant: 3 })).toBe(3);
    expect(() => imputation([], "median")).toThrow("at least one number to take the median of");
  });
});
