import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { philox } from "./philox.ts";
import { Random } from "./random.ts";

/** Known answers published with the reference implementation (Random123, kat_vectors, philox4x32 10). */
const knownAnswers = [
  {
    counter: [0, 0, 0, 0],
    key: [0, 0],
    words: [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
  },
  {
    counter: [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    key: [0xffffffff, 0xffffffff],
    words: [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  },
  {
    counter: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    key: [0xa4093822, 0x299f31d0],
    words: [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  },
] as const;

describe("philox", () => {
  it.each(knownAnswers)("gives the published words for counter $counter", ({ counter, key, words }) => {
    const out = new Uint32Array(4);
    philox(counter, key, out);
    expect([...out]).toEqual(words);
  });
});

describe("Random", () => {
  it("continues from its state", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.nat(50), (seed, draws) => {
        const random = new Random(seed);
        for (let i = 0; i < draws; i++) random.uint32();
        const copy = new Random(JSON.parse(JSON.stringify(random.state)));
        expect([copy.uint32(), copy.uniform(), copy.normal()]).toEqual([
          random.uint32(),
          random.uniform(),
          random.normal(),
        ]);
      }),
    );
  });

  it("forks by name, whatever was drawn before", () => {
    const random = new Random(7);
    const before = random.fork("dropout", 3).uint32();
    random.uint32();
    expect(random.fork("dropout", 3).uint32()).toBe(before);
    expect(random.fork("dropout").fork(3).uint32()).toBe(before);
  });

  it("gives different streams for different paths", () => {
    const random = new Random(0);
    const paths = [[], ["a"], ["b"], ["a", "b"], ["ab"], [""], ["\0"], [0], [1], ["0"], [2 ** 40], ["a".repeat(13)]];
    const firsts = paths.map((path) => random.fork(...path).uint32());
    expect(new Set(firsts).size).toBe(paths.length);
  });

  it("draws uniform and normal values with the right moments", () => {
    const count = 200_000;
    const uniform = new Random(1).fillUniform(new Float32Array(count));
    const normal = new Random(2).fillNormal(new Float32Array(count), 3, 2);
    const mean = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = (values: Float32Array, center: number) =>
      values.reduce((sum, value) => sum + (value - center) ** 2, 0) / values.length;
    expect(mean(uniform)).toBeCloseTo(0.5, 2);
    expect(variance(uniform, 0.5)).toBeCloseTo(1 / 12, 2);
    expect(mean(normal)).toBeCloseTo(3, 1);
    expect(variance(normal, 3)).toBeCloseTo(4, 1);
    expect(uniform.every((value) => value >= 0 && value < 1)).toBe(true);
  });

  it("permutes every index once and every order about equally often", () => {
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 6000; seed++) {
      const order = new Random(seed).permutation(3).join("");
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });

  it("says which seeds it takes", () => {
    expect(() => new Random(-1)).toThrow("Expected a seed that is an integer from 0 to 2^53 - 1. Received -1.");
    expect(() => new Random(0).integer(0)).toThrow("Expected a bound that is an integer from 1 to 2^32. Received 0.");
  });
});
