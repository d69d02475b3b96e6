import { Random } from "@nacre/random";
import { describe, expect, it } from "vitest";
import * as initializers from "./initializers.ts";
import { convolutionFans, denseFans, type Initializer, orthogonal, truncatedNormal } from "./initializers.ts";

const fans = { in: 300, out: 100 };
const shape = [100, 300];

function moments(values: Float32Array): { mean: number; variance: number; largest: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, variance, largest: values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) };
}

describe("initialisations", () => {
  it.each<[string, Initializer, number, number]>([
    ["glorotUniform", initializers.glorotUniform, 2 / 400, Math.sqrt(6 / 400)],
    ["glorotNormal", initializers.glorotNormal, 2 / 400, Number.POSITIVE_INFINITY],
    ["heUniform", initializers.heUniform, 2 / 300, Math.sqrt(6 / 300)],
    ["heNormal", initializers.heNormal, 2 / 300, Number.POSITIVE_INFINITY],
    ["lecunNormal", initializers.lecunNormal, 1 / 300, Number.POSITIVE_INFINITY],
    ["gaussian", initializers.gaussian(0.5), 0.25, Number.POSITIVE_INFINITY],
    ["truncatedNormal", truncatedNormal(0.5), 0.25 * 0.8796 ** 2, 1],
  ])("%s has its variance, mean 0 and its bound", (_name, initialize, variance, bound) => {
    const values = initialize(new Random(1), shape, fans);
    const found = moments(values);
    expect(values).toHaveLength(30_000);
    expect(Math.abs(found.variance / variance - 1)).toBeLessThan(0.03);
    expect(Math.abs(found.mean)).toBeLessThan(0.02 * Math.sqrt(variance));
    expect(found.largest).toBeLessThanOrEqual(bound);
    if (Number.isFinite(bound)) expect(found.largest).toBeGreaterThan(0.99 * bound);
    expect(initialize(new Random(1), shape, fans)).toEqual(values);
    expect(initialize(new Random(2), shape, fans)).not.toEqual(values);
  });

  it.each([[[6, 4]], [[4, 6]], [[5, 5]], [[3, 2, 4]]])(
    "orthogonal gives orthonormal rows or columns of %j",
    (sizes) => {
      const gain = 2;
      const values = orthogonal(gain)(new Random(4), sizes, fans);
      const rows = sizes[0]!;
      const columns = values.length / rows;
      const at = (row: number, column: number) => values[row * columns + column]!;
      const wide = rows <= columns;
      const count = Math.min(rows, columns);
      for (let i = 0; i < count; i++) {
        for (let j = 0; j < count; j++) {
          let product = 0;
          for (let k = 0; k < Math.max(rows, columns); k++) product += wide ? at(i, k) * at(j, k) : at(k, i) * at(k, j);
          expect(product).toBeCloseTo(i === j ? gain ** 2 : 0, 5);
        }
      }
    },
  );

  it("constants", () => {
    expect([...initializers.zeros(new Random(0), [2], fans)]).toEqual([0, 0]);
    expect([...initializers.ones(new Random(0), [2], fans)]).toEqual([1, 1]);
    expect([...initializers.constant(3)(new Random(0), [1, 2], fans)]).toEqual([3, 3]);
  });

  it("fans of layers", () => {
    expect(denseFans(3, 4)).toEqual({ in: 3, out: 4 });
    expect(convolutionFans([5, 3], 2, 7)).toEqual({ in: 30, out: 105 });
  });
});
