import { describe, expect, it } from "vitest";
import { evaluateLanguageModel } from "./language-model.ts";
import { scoredText } from "./metrics/likelihood.ts";

describe("evaluateLanguageModel", () => {
  it("gives loss, perplexity and bits with intervals", () => {
    const texts = Array.from({ length: 30 }, (_, index) => {
      const text = `line ${index} of some text`;
      return { ...scoredText(text, -text.length * (1 + (index % 3)), 6), text };
    });
    const evaluation = evaluateLanguageModel({ texts, window: { context: 128, stride: 64 }, seed: 1, resamples: 50 });
    expect(evaluation.scores.map(({ name }) => name)).toEqual([
      "loss",
      "perplexity",
      "bits per character",
      "bits per byte",
      "perplexity per word",
    ]);
    const [loss, perplexity, bits] = evaluation.scores;
    expect(perplexity!.value).toBeCloseTo(Math.exp(loss!.value), 9);
    expect(bits!.value).toBeCloseTo((loss!.value * evaluation.tokens) / evaluation.characters / Math.LN2, 9);
    for (const { value, low, high, signature } of evaluation.scores) {
      expect(low <= value && value <= high).toBe(true);
      expect(signature).toMatch(/\|context:128\|stride:64\|bs:50\|seed:1$/);
    }
    expect(evaluation.worst[0]).toMatchObject({ index: 2, text: "line 2 of some text" });
    expect(JSON.parse(JSON.stringify(evaluation))).toEqual(evaluation);
  });

  it("counts no words where there are none", () => {
    const { scores } = evaluateLanguageModel({
      texts: [scoredText("床前明月光疑是地上霜举头望明月低头思故乡", -50, 20)],
      seed: 1,
      resamples: 5,
    });
    expect(scores.map(({ name }) => name)).not.toContain("perplexity per word");
    expect(() => evaluateLanguageModel({ texts: [], seed: 1 })).toThrow("Received none");
  });
});
