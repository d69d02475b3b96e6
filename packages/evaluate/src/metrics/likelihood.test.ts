import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { observeAll } from "../additive.ts";
import {
  bitsPerByte,
  bitsPerCharacter,
  perplexity,
  scoredText,
  slidingWindows,
  tokenLoss,
  wordPerplexity,
} from "./likelihood.ts";

describe("likelihoods", () => {
  it("are the same for a model of bytes, characters or tokens", () => {
    // 我们 is six bytes and two characters; 20 bits of surprise whatever the tokens are.
    const nats = -20 * Math.LN2;
    for (const tokens of [1, 2, 6]) {
      const text = [scoredText("我们", nats, tokens)];
      expect(observeAll(bitsPerByte(), text).score().value).toBeCloseTo(20 / 6, 12);
      expect(observeAll(bitsPerCharacter(), text).score().value).toBeCloseTo(10, 12);
      expect(observeAll(wordPerplexity(), text).score().value).toBeCloseTo(2 ** 20, 6);
      expect(observeAll(perplexity(), text).score().value).toBeCloseTo(2 ** (20 / tokens), 6);
      expect(observeAll(tokenLoss(), text).score().value).toBeCloseTo((20 * Math.LN2) / tokens, 12);
    }
  });

  it("weigh texts by their length, not each alike", () => {
    const texts = [scoredText("ab", -2, 2), scoredText("abcdefgh", -32, 8)];
    expect(observeAll(tokenLoss(), texts).score().value).toBeCloseTo(3.4, 12);
    expect(() => tokenLoss().observe(scoredText("a", 0.5, 1))).toThrow("Received 0.5");
    expect(() => tokenLoss().observe(scoredText("a", Number.NaN, 1))).toThrow("Received NaN");
  });
});

describe("slidingWindows", () => {
  it("score every token but the first once, with enough before it", () => {
    const sizes = fc.tuple(
      fc.integer({ min: 2, max: 400 }),
      fc.integer({ min: 2, max: 60 }),
      fc.integer({ min: 1, max: 59 }),
    );
    fc.assert(
      fc.property(sizes, ([tokens, context, wished]) => {
        const stride = Math.min(wished, context - 1);
        const windows = slidingWindows(tokens, { context, stride });
        const scored = windows.flatMap(({ scored, end }) =>
          Array.from({ length: end - scored }, (_, at) => scored + at),
        );
        expect(scored).toEqual(Array.from({ length: tokens - 1 }, (_, at) => at + 1));
        windows.forEach(({ start, end, scored }, index) => {
          expect(end - start).toBeLessThanOrEqual(context);
          expect(scored).toBeLessThan(end);
          if (index > 0) expect(scored - start).toBeGreaterThanOrEqual(context - stride);
          else expect([start, scored]).toEqual([0, 1]);
        });
      }),
    );
  });

  it("are those of the strided perplexity in transformers' guide", () => {
    expect(slidingWindows(10, { context: 6, stride: 3 })).toEqual([
      { start: 0, end: 6, scored: 1 },
      { start: 3, end: 9, scored: 6 },
      { start: 6, end: 10, scored: 9 },
    ]);
    expect(() => slidingWindows(10, { context: 4, stride: 4 })).toThrow("stride 4 and context 4");
    expect(() => slidingWindows(1, { context: 4, stride: 2 })).toThrow("Received 1.");
  });
});
