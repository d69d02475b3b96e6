import { existsSync, readFileSync } from "node:fs";
import { Random } from "@nacre/random";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Candidates } from "./candidates.ts";
import { GenerationConfig, parseGenerationConfig, readGenerationConfig } from "./config.ts";
import { argMax, exponential, logSumExp } from "./exponential.ts";
import { History } from "./history.ts";
import { likeliest } from "./log-probabilities.ts";
import { Sampler } from "./sampler.ts";
import { kthGreatest, massThreshold } from "./select.ts";

interface Case {
  settings: Record<string, unknown>;
  logits: number[];
  ids: number[];
  after: (number | null)[];
}

/** Made by tools/golden/models_generation.py. */
const { cases } = JSON.parse(readFileSync(new URL("./fixtures/processors.json", import.meta.url), "utf8")) as {
  cases: Case[];
};
const reference = new URL("../../../../../shared/golden/nn/torch_reference.json", import.meta.url);

const numbers = fc.array(fc.double({ min: -50, max: 50, noNaN: true }), { minLength: 1, maxLength: 60 });

describe("filters and penalties", () => {
  it.each(cases.map((each, index) => [index, JSON.stringify(each.settings), each] as const))(
    "equal transformers', case %i: %s",
    (_, __, { settings, logits, ids, after }) => {
      const config = readGenerationConfig({ do_sample: true, top_k: 0, ...settings });
      const sampler = new Sampler(config, logits.length);
      const row = Float32Array.from(logits);
      sampler.process(row, new History(ids));
      const candidates = sampler.weigh(row);
      const kept = after.flatMap((value, id) => (value === null ? [] : [id]));
      expect([...candidates.ids.subarray(0, candidates.count)]).toEqual(kept);
      const greatest = Math.max(...kept.map((id) => after[id]!));
      const total = kept.reduce((sum, id) => sum + Math.exp(after[id]! - greatest), 0);
      for (const id of kept) {
        expect(candidates.probability(id)).toBeCloseTo(Math.exp(after[id]! - greatest) / total, 5);
      }
      expect(candidates.probability(after.indexOf(null))).toBe(0);
    },
  );

  it.skipIf(!existsSync(reference))("equal PyTorch's (needs ../shared/golden)", () => {
    const { sampling_filters: vectors } = JSON.parse(readFileSync(reference, "utf8")) as {
      sampling_filters: Record<string, number[]>;
    };
    const row = (): Float32Array => Float32Array.from(vectors.logits!);
    const weigh = (config: object): Candidates => new Sampler(parseGenerationConfig(config), 7).weigh(row());
    const expectProbabilities = (candidates: Candidates, expected: number[]): void =>
      expected.forEach((value, id) => expect(candidates.probability(id)).toBeCloseTo(value, 7));
    expectProbabilities(weigh({}), vectors.softmax!);
    expectProbabilities(weigh({ temperature: 0.7 }), vectors.temperature_0_7!);
    const kept = ({ ids, count }: Candidates): number[] => [...ids.subarray(0, count)];
    expect(kept(weigh({ topK: 3 }))).toEqual([...vectors.top_k_3_keep!].sort());
    expect(kept(weigh({ topP: 0.9 }))).toEqual([...vectors.top_p_0_9_keep!].sort());
  });

  it("keep the lower ids of equal logits, over blocks of any length", () => {
    const random = new Random(2);
    for (const size of [5, 1500, 9000]) {
      const row = Float32Array.from({ length: size }, () => random.integer(6));
      const sorted = [...row.keys()].sort((a, b) => row[b]! - row[a]! || a - b);
      for (const k of [1, 3, 700]) {
        const candidates = new Candidates(size);
        candidates.load(row, { k, temperature: 10 });
        expect([...candidates.ids.subarray(0, candidates.count)]).toEqual(sorted.slice(0, k).sort((a, b) => a - b));
      }
    }
  });

  it("take the nucleus of long rows as of short ones", () => {
    const random = new Random(4);
    for (const spread of [0.1, 2, 8]) {
      const row = random.fillNormal(new Float32Array(5000), 0, spread);
      const weights = [...row.entries()]
        .map(([id, logit]) => [id, Math.exp(logit)] as const)
        .sort(([, a], [, b]) => b - a);
      const total = weights.reduce((sum, [, weight]) => sum + weight, 0);
      for (const p of [0.1, 0.5, 0.9, 0.999]) {
        let rest = p * total;
        const kept = weights.filter(([, weight]) => rest > 0 && (rest -= weight) > Number.NEGATIVE_INFINITY);
        const { ids, count } = new Sampler(parseGenerationConfig({ topP: p }), 5000).weigh(row);
        expect([...ids.subarray(0, count)]).toEqual(kept.map(([id]) => id).sort((a, b) => a - b));
      }
    }
  });

  it("apply bias, presence, frequency and the minimum length", () => {
    const config = parseGenerationConfig({
      logitBias: { "0": 2.5 },
      presencePenalty: 0.5,
      frequencyPenalty: 0.25,
      minNewTokens: 4,
      endTokens: [3],
    });
    const sampler = new Sampler(config, 4);
    const row = new Float32Array(4);
    sampler.process(row, new History([0, 0, 2], [1, 1, 2]));
    expect([...row]).toEqual([2.5, -1, -0.75, Number.NEGATIVE_INFINITY]);
    const later = new Float32Array(4);
    sampler.process(later, new History([0], [1, 1, 1, 1]));
    expect([...later]).toEqual([2.5, -1.5, 0, 0]);
  });

  it("say clearly when nothing is left, and refuse what is not a number", () => {
    const config = parseGenerationConfig({ badWords: [[0], [1]], noRepeatNgramSize: 1 });
    const sampler = new Sampler(config, 3);
    const row = new Float32Array(3);
    sampler.process(row, new History([2]));
    expect(() => sampler.choose(row, () => 0)).toThrow(
      "Every token is ruled out. Loosen badWords, noRepeatNgramSize or the constraint.",
    );
    const greedy = new Sampler(parseGenerationConfig({ temperature: 0 }), 3);
    expect(() => greedy.choose(new Float32Array(3).fill(Number.NEGATIVE_INFINITY), () => 0)).toThrow(
      "-Infinity for all",
    );
    for (const each of [sampler, greedy]) {
      expect(() => each.choose(Float32Array.of(1, Number.NaN, 0), () => 0)).toThrow("Received NaN for token 1");
    }
    expect(() => sampler.choose(Float32Array.of(1, Number.POSITIVE_INFINITY, 0), () => 0)).toThrow(
      "finite or -Infinity",
    );
    expect(() => new Sampler(parseGenerationConfig({ endTokens: [7] }), 3)).toThrow("under the vocabulary's 3");
  });

  it("never leave nothing, whatever the settings", () => {
    const share = fc.double({ min: 0.01, max: 0.99, noNaN: true });
    const settings = fc.record({
      temperature: fc.double({ min: 0.01, max: 10, noNaN: true }),
      topK: fc.nat(20),
      topP: share,
      minP: share,
      typicalP: share,
      epsilonCutoff: share,
      etaCutoff: share,
    });
    fc.assert(
      fc.property(settings, numbers, share, (config, logits, uniform) => {
        const sampler = new Sampler(parseGenerationConfig(config), logits.length);
        const token = sampler.choose(Float32Array.from(logits), () => uniform);
        expect(sampler.candidates.probability(token)).toBeGreaterThan(0);
      }),
    );
  });
});

describe("what they are made of", () => {
  it("selects without sorting", () => {
    fc.assert(
      fc.property(numbers, fc.nat(), (values, seed) => {
        const k = (seed % values.length) + 1;
        const sorted = [...values].sort((a, b) => b - a);
        expect(kthGreatest(Float64Array.from(values), values.length, k)).toBe(sorted[k - 1]);
        const mass = (seed % (values.length * 2)) / 2 + 0.25;
        const threshold = massThreshold(Float64Array.from(values), new Float64Array(values.length).fill(1), {
          count: values.length,
          mass,
        });
        expect(threshold).toBe(sorted[Math.min(values.length, Math.ceil(mass)) - 1]);
      }),
    );
  });

  it("computes exponentials to float precision", () => {
    for (let x = 0; x > -32; x -= 0.00371) expect(Math.abs(exponential(x) / Math.exp(x) - 1)).toBeLessThan(2e-10);
    expect(exponential(-40)).toBe(0);
    expect(exponential(Number.NEGATIVE_INFINITY)).toBe(0);
    expect(logSumExp(Float32Array.of(1, 2, 3))).toBeCloseTo(Math.log(Math.exp(1) + Math.exp(2) + Math.exp(3)), 9);
    expect(logSumExp(Float32Array.of(Number.NEGATIVE_INFINITY))).toBe(Number.NEGATIVE_INFINITY);
    expect(argMax(Float32Array.of(1, 5, 5))).toBe(1);
  });

  it("draws each token as often as it is likely", () => {
    const candidates = new Candidates(4);
    candidates.load(Float32Array.of(0, 1, Number.NEGATIVE_INFINITY, 2));
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < 10_000; i++) counts[candidates.draw((i + 0.5) / 10_000)]!++;
    counts.forEach((count, id) => expect(count / 10_000).toBeCloseTo(candidates.probability(id), 3));
  });

  it("lists the likeliest tokens", () => {
    const logits = Float32Array.of(0, 3, 3, -1);
    expect(likeliest(logits, new Candidates(4), { count: 2, normalizer: 1 })).toEqual([
      { id: 1, logProbability: 2 },
      { id: 2, logProbability: 2 },
    ]);
    expect(likeliest(logits, new Candidates(4), { count: 9, normalizer: 0 })).toHaveLength(4);
  });
});

describe("GenerationConfig", () => {
  it("reads generation_config.json with transformers' defaults", () => {
    expect(readGenerationConfig({ eos_token_id: 2, temperature: 0.6, transformers_version: "5" })).toEqual({
      ...GenerationConfig.parse({}),
      temperature: 0,
      endTokens: [2],
    });
    expect(
      readGenerationConfig({ do_sample: true, top_p: null, eos_token_id: [2, 3], suppress_tokens: [9], num_beams: 1 }),
    ).toMatchObject({ temperature: 1, topK: 50, topP: 1, endTokens: [2, 3], badWords: [[9]] });
    expect(() => readGenerationConfig({ do_sample: true, top_p: 3 })).toThrow("generation_config.json");
    expect(() => parseGenerationConfig({ topk: 3 })).toThrow(/GenerationConfig.*topk/s);
  });
});
