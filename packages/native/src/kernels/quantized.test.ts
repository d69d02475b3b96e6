import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Addon } from "../addon.ts";
import { absent, holds, integer, native } from "../testing.ts";

const group = 32;
type Weights = { readonly bits: 8 | 4; readonly values: Int8Array | Uint8Array; readonly scales: Float32Array };

/** Rows of 4 and those left over; groups of 8 and those left over. */
const sizes = fc.record({
  m: fc.oneof(fc.constant(1), integer(1, 13), integer(50, 80)),
  n: fc.oneof(integer(1, 9), integer(1, 150)),
  k: integer(1, 21).map((groups) => groups * group),
  seed: fc.integer(),
});

/** Whole numbers from 0 to below `bound`. */
function drawsFrom(seed: number): (bound: number) => number {
  let state = seed >>> 0;
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 8) % bound;
  };
}

function integerAt({ bits, values }: Pick<Weights, "bits" | "values">, element: number): number {
  if (bits === 8) return values[element]!;
  const place = element % group;
  const byte = values[(element - place) / 2 + (place % (group / 2))]!;
  return (place < group / 2 ? byte & 15 : byte >> 4) - 8;
}

function weightAt(weights: Weights, element: number): number {
  return integerAt(weights, element) * weights.scales[Math.floor(element / group)]!;
}

function randomWeights(bits: 8 | 4, count: number, below: (bound: number) => number): Weights {
  const values =
    bits === 8 ? new Int8Array(count).map(() => below(255) - 127) : new Uint8Array(count / 2).map(() => below(256));
  return { bits, values, scales: new Float32Array(count / group).map(() => 2 ** -below(3)) };
}

/** x [m, k] · Wᵀ [k, n] in float64. */
function product(x: Float32Array, weights: Weights, [m, n, k]: readonly [number, number, number]): Float64Array {
  return Float64Array.from({ length: m * n }, (_, at) => {
    const [row, column] = [Math.floor(at / n) * k, (at % n) * k];
    let sum = 0;
    for (let i = 0; i < k; i++) sum += x[row + i]! * weightAt(weights, column + i);
    return sum;
  });
}

function multiply(
  addon: Addon,
  x: Float32Array,
  { bits, values, scales }: Weights,
  [m, n, k]: readonly [number, number, number],
): Float32Array {
  const out = new Float32Array(m * n).fill(Number.NaN);
  addon.quantizedMatmul(x, values, scales, out, m, n, k, bits);
  return out;
}

describe.skipIf(absent)("products with quantised weights", () => {
  it.each([8, 4] as const)("of %i bits are exact where x is whole numbers", async (bits) => {
    const { addon } = await native();
    await holds(sizes, ({ m, n, k, seed }) => {
      const below = drawsFrom(seed);
      // Each group reaches 127, so x is rounded to itself; the sums stay below 2²⁴.
      const x = new Float32Array(m * k).map((_, at) => (at % group === 0 ? 127 : below(255) - 127));
      const weights = randomWeights(bits, n * k, below);
      expect(Float64Array.from(multiply(addon, x, weights, [m, n, k]))).toEqual(product(x, weights, [m, n, k]));
    });
  });

  it.each([8, 4] as const)("of %i bits are off by the rounding of x at most", async (bits) => {
    const { addon } = await native();
    await holds(sizes, ({ m, n, k, seed }) => {
      const below = drawsFrom(seed);
      // Groups of all sizes, and of nothing but zeros.
      const sizeOf = Float32Array.from({ length: (m * k) / group }, () => [0, 1e-6, 1, 300][below(4)]!);
      const x = new Float32Array(m * k).map((_, at) => sizeOf[Math.floor(at / group)]! * (below(20_001) / 10_000 - 1));
      const weights = randomWeights(bits, n * k, below);
      const out = multiply(addon, x, weights, [m, n, k]);
      const beyond = product(x, weights, [m, n, k]).filter((expected, at) => {
        const [row, column] = [Math.floor(at / n) * k, (at % n) * k];
        let bound = 0;
        for (let start = 0; start < k; start += group) {
          const top = Math.max(...x.subarray(row + start, row + start + group).map(Math.abs));
          for (let i = start; i < start + group; i++) bound += (top / 254) * Math.abs(weightAt(weights, column + i));
        }
        return !(Math.abs(out[at]! - expected) <= 1.001 * bound);
      });
      expect(beyond).toHaveLength(0);
    });
  });

  it.each([1, 6, 70])("of %i rows are no numbers where x is none, in that row alone", async (m) => {
    const { addon } = await native();
    const [n, k] = [40, 96];
    const below = drawsFrom(7);
    for (const [bits, wrong] of [[8, Number.NaN] as const, [4, Number.POSITIVE_INFINITY] as const]) {
      const x = new Float32Array(m * k).map(() => below(255) - 127);
      const weights = randomWeights(bits, n * k, below);
      const right = multiply(addon, x, weights, [m, n, k]);
      x[(m - 1) * k + 40] = wrong;
      const out = multiply(addon, x, weights, [m, n, k]);
      expect(out.subarray(0, (m - 1) * n)).toEqual(right.subarray(0, (m - 1) * n));
      expect([...out.subarray((m - 1) * n)].some(Number.isFinite)).toBe(false);
    }
  });

  it("are the same bits for any number of threads", async () => {
    const backend = await native();
    const { threads } = backend;
    const below = drawsFrom(1);
    const shapes = [
      [5, 333, 608],
      [70, 1111, 608],
    ] as const;
    try {
      for (const [bits, [m, n, k]] of ([8, 4] as const).flatMap((bits) =>
        shapes.map((shape) => [bits, shape] as const),
      )) {
        const x = new Float32Array(m * k).map(() => below(20_001) / 10_000 - 1);
        const weights = randomWeights(bits, n * k, below);
        const results = [1, 2, 3].map((count) => {
          backend.threads = count;
          return multiply(backend.addon, x, weights, [m, n, k]);
        });
        for (const result of results) expect(result).toEqual(results[0]);
      }
    } finally {
      backend.threads = threads;
    }
  });

  it.each([1, 5, 6, 70])("of %i rows are empty without outputs, and 0 without inputs", async (m) => {
    const { addon } = await native();
    for (const bits of [8, 4] as const) {
      const weights = (count: number) => randomWeights(bits, count, drawsFrom(1));
      expect(multiply(addon, new Float32Array(m * 64), weights(0), [m, 0, 64])).toHaveLength(0);
      expect([...multiply(addon, new Float32Array(0), weights(0), [m, 3, 0])]).toEqual(new Array(3 * m).fill(0));
      expect(multiply(addon, new Float32Array(0), weights(0), [m, 0, 0])).toHaveLength(0);
    }
  });

  it("refuse rows that are no multiple of 32, and other numbers of bits", async () => {
    const { addon } = await native();
    const call = (k: number, bits: number) => () =>
      addon.quantizedMatmul(
        new Float32Array(k),
        new Int8Array(k),
        new Float32Array(2),
        new Float32Array(1),
        1,
        1,
        k,
        bits,
      );
    expect(call(48, 8)).toThrow("k to be a multiple of 32");
    expect(call(64, 6)).toThrow("8 or 4 bits");
  });
});

describe.skipIf(absent)("quantised weights", () => {
  it.each([8, 4] as const)("of %i bits are the nearest multiples of each group's scale", async (bits) => {
    const { addon } = await native();
    await holds(
      sizes,
      ({ n, k, seed }) => {
        const below = drawsFrom(seed);
        const sizeOf = Float32Array.from({ length: (n * k) / group }, () => [0, 1e-6, 1, 300][below(4)]!);
        const given = new Float32Array(n * k).map(
          (_, at) => sizeOf[Math.floor(at / group)]! * (below(20_001) / 10_000 - 1),
        );
        const values = bits === 8 ? new Int8Array(n * k) : new Uint8Array((n * k) / 2);
        const scales = new Float32Array((n * k) / group).fill(Number.NaN);
        addon.quantize(given, values, scales, n, k, bits);
        const tops = Array.from(scales, (_, at) =>
          Math.max(...given.subarray(at * group, (at + 1) * group).map(Math.abs)),
        );
        const expected = tops.map((top) => Math.fround(top / (bits === 8 ? 127 : 8)));
        expect(Array.from(scales, Math.abs)).toEqual(expected);
        const beyond = given.filter((value, at) => {
          const scale = scales[Math.floor(at / group)]!;
          // On the side of the farthest weight 4 bits reach to 8 scales, on the other only to 7.
          const most = bits === 4 && value / scale > 7.5 ? 1 : 0.5;
          return !(Math.abs(value - weightAt({ bits, values, scales }, at)) <= most * Math.abs(scale) * 1.001);
        });
        expect(beyond).toHaveLength(0);
      },
      60,
    );
  });
});
