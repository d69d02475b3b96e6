import { describe, expect, it } from "vitest";
import { regexConstraint } from "./constraint/constraints.ts";
import { TokenTrie } from "./constraint/token-trie.ts";
import { generateText } from "./generate-text.ts";
import type { Speculation } from "./speculative.ts";
import { TableDecoder } from "./testing/table-decoder.ts";

const prompt = [0, 1, 2, 3, 0, 1];
const model = (scale = 2): TableDecoder => new TableDecoder({ vocabulary: 5, seed: 1, scale });
const guessers: [string, () => Speculation][] = [
  ["a poor draft model", () => ({ draft: new TableDecoder({ vocabulary: 5, seed: 2 }), tokens: 3 })],
  ["a draft model that is right", () => ({ draft: model(), tokens: 4 })],
  ["lookup", () => ({ lookup: { longest: 2 }, tokens: 4 })],
];

describe.each(guessers)("speculation with %s", (name, guesser) => {
  it("writes at temperature 0 what the model writes alone, in fewer calls", async () => {
    for (const settings of [
      {},
      { repetitionPenalty: 1.4, noRepeatNgramSize: 4 },
      { endTokens: [2], minNewTokens: 9 },
    ]) {
      const config = { temperature: 0, maxNewTokens: 40, logProbabilities: true, ...settings };
      const alone = model();
      const [plain] = await generateText(alone, { prompts: [prompt], config });
      const together = model();
      const [text] = await generateText(together, { prompts: [prompt], config, speculation: guesser() });
      const { speculation, ...rest } = text!;
      expect(rest).toEqual(plain);
      expect(together.calls).toBeLessThanOrEqual(alone.calls);
      expect(speculation!.accepted).toBeLessThanOrEqual(speculation!.proposed);
      if (name === "a draft model that is right") {
        expect(speculation!.accepted).toBe(speculation!.proposed);
        expect(together.calls).toBeLessThan(alone.calls / 2);
      }
      expect(together.sessions).toBe(0);
    }
  });

  /** Tokens at two places, over many seeds, against the model's own distribution: χ² over the pairs that can be. */
  it("draws from the model's distribution", async () => {
    const decoder = new TableDecoder({ vocabulary: 3, seed: 5, scale: 1, order: 1 });
    const speculation = guesser();
    const guess =
      "draft" in speculation
        ? { ...speculation, draft: new TableDecoder({ vocabulary: 3, seed: 6, scale: 1 }) }
        : speculation;
    const runs = 3000;
    const counts = new Map<string, number>();
    for (let seed = 0; seed < runs; seed++) {
      const config = { maxNewTokens: 3, seed, temperature: 0.8 };
      const [text] = await generateText(decoder, { prompts: [[0, 1, 2, 0, 1]], config, speculation: guess });
      const key = text!.ids.join(" ");
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    const after = (token: number): number[] => {
      const weights = [...decoder.logits([token])].map((logit) => Math.exp(logit / 0.8));
      return weights.map((weight) => weight / weights.reduce((sum, each) => sum + each, 0));
    };
    let statistic = 0;
    for (const a of [0, 1, 2])
      for (const b of [0, 1, 2])
        for (const c of [0, 1, 2]) {
          const expected = runs * after(1)[a]! * after(a)[b]! * after(b)[c]!;
          statistic += ((counts.get(`${a} ${b} ${c}`) ?? 0) - expected) ** 2 / expected;
        }
    expect(statistic).toBeLessThan(54.05); // χ² with 26 degrees of freedom, p = 0.001
    expect(statistic).toBeGreaterThan(5);
  });

  it("keeps to a constraint", async () => {
    const trie = new TokenTrie([..."abcde"].map((letter) => new TextEncoder().encode(letter)));
    const constraint = regexConstraint(/(ab?c)*e/, trie);
    const decode = (ids: readonly number[]): string => ids.map((id) => "abcde"[id]).join("");
    for (let seed = 0; seed < 10; seed++) {
      const config = { maxNewTokens: 15, seed };
      const options = { prompts: [prompt], config, constraint, decode, speculation: guesser() };
      const [text] = await generateText(model(), options);
      expect(text!.text).toMatch(/^(ab?c)*e$/);
    }
  });
});

it("refuses several rows and another vocabulary", async () => {
  const lookup = { lookup: {} };
  await expect(generateText(model(), { prompts: [[1], [2]], speculation: lookup })).rejects.toThrow(
    "Expected one prompt",
  );
  const draft = new TableDecoder({ vocabulary: 4 });
  await expect(generateText(model(), { prompts: [[1]], speculation: { draft } })).rejects.toThrow(
    "5 tokens. Received 4",
  );
});
