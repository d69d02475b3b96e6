import { describe, expect, it } from "vitest";
import { type AskedQuestion, evaluateAnswers } from "./answers.ts";

const context = "The old mill at Arden was built in 1712 by Jacob Stern, and rebuilt in 1840.";
const question = (prediction: string, answers: string[], noAnswer?: number): AskedQuestion => ({
  question: "Who?",
  context,
  answers,
  prediction,
  ...(noAnswer === undefined ? {} : { noAnswer }),
});

describe("evaluateAnswers", () => {
  it("scores, shows and places answers", () => {
    const evaluation = evaluateAnswers({
      rule: "squad-1.1",
      questions: [question("Jacob Stern", ["Jacob Stern"]), question("in 1840", ["1712", "in 1712"])],
      seed: 1,
      resamples: 50,
    });
    expect(evaluation.scores.map(({ name, value }) => [name, value])).toEqual([
      ["exact match", 50],
      ["F1", 75],
    ]);
    const [worst] = evaluation.worst;
    expect(context.slice(worst!.predicted!.start, worst!.predicted!.end)).toBe("in 1840");
    expect(context.slice(worst!.right!.start, worst!.right!.end)).toBe("1712");
    expect(JSON.parse(JSON.stringify(evaluation))).toEqual(evaluation);
    expect(() => evaluateAnswers({ rule: "squad-1.1", questions: [], seed: 1 })).toThrow("Received none");
  });

  it("knows questions without an answer, and the best threshold for saying so, as SQuAD 2.0's script", () => {
    const questions = [
      question("Jacob Stern", ["Jacob Stern"], 0.1),
      question("1712", [], 0.3),
      question("1840", ["1840"], 0.2),
      question("Arden", ["1840"], 0.9),
      question("", [], 0.8),
    ];
    const { scores, thresholds } = evaluateAnswers({
      rule: "squad-2.0",
      questions,
      threshold: 0.85,
      seed: 1,
      resamples: 50,
    });
    expect(scores.map(({ name, value }) => [name, Math.round(value)])).toEqual([
      ["exact match", 60],
      ["F1", 60],
      ["exact match (answerable)", 67],
      ["F1 (answerable)", 67],
      ["exact match (unanswerable)", 50],
      ["F1 (unanswerable)", 50],
    ]);
    // Two unanswerable, and the two right ones below 0.2.
    expect(thresholds).toEqual({ exact: { value: 80, threshold: 0.2 }, f1: { value: 80, threshold: 0.2 } });
  });
});
