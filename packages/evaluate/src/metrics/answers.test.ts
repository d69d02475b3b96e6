import { describe, expect, it } from "vitest";
import { observeAll } from "../additive.ts";
import fixtures from "../fixtures/answers.json" with { type: "json" };
import { type AnswerRule, answerF1, answerRules, answerScores, exactMatch, mixedSegmentation } from "./answers.ts";
import { wordTokenize } from "./word-tokenize.ts";

describe("answers", () => {
  it.each(fixtures.words)("NLTK's words of $text", ({ text, tokens }) => {
    expect(wordTokenize(text)).toEqual(tokens);
  });

  it.each(fixtures.cases)("$prediction for $answers", (each) => {
    const { prediction, answers, segments } = each;
    expect(mixedSegmentation(prediction)).toEqual(segments);
    for (const rule of answerRules) {
      const wanted = (each as Partial<Record<AnswerRule, { exact: number; f1: number }>>)[rule];
      if (wanted === undefined) continue;
      const { exact, f1 } = answerScores({ prediction, answers }, rule);
      expect(exact, rule).toBe(wanted.exact);
      expect(f1, rule).toBeCloseTo(wanted.f1, 12);
    }
  });

  it("are averaged in percent", () => {
    const questions = [
      { prediction: "the sea", answers: ["sea"] },
      { prediction: "deep sea", answers: ["lake", "sea"] },
    ];
    expect(observeAll(exactMatch("squad-1.1"), questions).score().value).toBe(50);
    expect(observeAll(answerF1("squad-1.1"), questions).score().value).toBeCloseTo((100 * (1 + 2 / 3)) / 2, 12);
  });

  it("need a right answer, but for SQuAD 2.0", () => {
    expect(() => answerScores({ prediction: "a", answers: [] }, "squad-1.1")).toThrow("at least one right answer");
    expect(answerScores({ prediction: "", answers: [] }, "squad-2.0")).toEqual({ exact: 1, f1: 1 });
    expect(() => answerScores({ prediction: "", answers: ["a"] }, "drop" as "squad-1.1")).toThrow('Received "drop"');
  });
});
