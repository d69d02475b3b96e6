import { describe, expect, it } from "vitest";
import { observeAll } from "../additive.ts";
import { contamination, fewShotPrompts } from "../few-shot.ts";
import { evaluateMultipleChoice } from "../multiple-choice.ts";
import { choiceAccuracy, generationMatch, likeliestChoice } from "./multiple-choice.ts";

const question = {
  choices: ["no", "certainly", "当然可以"],
  // Per character -2, -1.33 and -2; per byte -2, -1.33 and -0.67.
  logLikelihoods: [-4, -12, -8],
  unconditional: [-1, -11, -4],
  answer: 1,
};

describe("multiple choice", () => {
  it("is decided by likelihood, as a whole, by length, or against no question", () => {
    expect(likeliestChoice(question)).toBe(0);
    expect(likeliestChoice(question, "characters")).toBe(1);
    expect(likeliestChoice(question, "bytes")).toBe(2);
    expect(likeliestChoice(question, "pointwise")).toBe(1);
    expect(observeAll(choiceAccuracy("characters"), [question, { ...question, answer: 0 }]).score().value).toBe(0.5);
    expect(() => likeliestChoice({ ...question, answer: 3 })).toThrow("place 3");
    expect(() => likeliestChoice({ ...question, unconditional: [] }, "pointwise")).toThrow("Received 0");
  });

  it("is evaluated with chance and a note on contamination", () => {
    const note = contamination(["a question"], []);
    const evaluation = evaluateMultipleChoice({
      questions: [question, question],
      shots: 5,
      contamination: note,
      seed: 1,
      resamples: 20,
    });
    expect(evaluation.scores.map(({ name, value }) => [name, value])).toEqual([
      ["accuracy", 0],
      ["accuracy per character", 1],
      ["accuracy per byte", 0],
      ["accuracy by mutual information", 1],
    ]);
    expect(evaluation.chance).toBeCloseTo(1 / 3, 12);
    expect(evaluation.wrong[0]).toEqual({ index: 0, answer: "certainly", chosen: "no" });
    expect(evaluation.contamination!.text).toContain("0 of 1");
  });
});

describe("fewShotPrompts", () => {
  const pool = Array.from({ length: 20 }, (_, index) => ({ prompt: `Q: ${index}?`, answer: `A${index}` }));

  it("draws shots by seed and place, never the question itself", () => {
    const questions = ["Q: 3?", "Q: 4?", "Q: 50?"];
    const prompts = fewShotPrompts(questions, { pool, shots: 19, seed: 1, description: "Answer." });
    expect(prompts[0]).toMatch(/^Answer\.\n\nQ: \d+\? A\d+\n\n/);
    prompts.forEach((prompt, index) => {
      expect(prompt.endsWith(`\n\n${questions[index]}`)).toBe(true);
      expect(prompt.match(/A\d+/g)).toHaveLength(19);
    });
    expect(prompts[0]).not.toContain("A3\n");
    // Part of the questions has the prompts of the whole.
    expect(fewShotPrompts(questions.slice(0, 1), { pool, shots: 19, seed: 1, description: "Answer." })).toEqual(
      prompts.slice(0, 1),
    );
    expect(fewShotPrompts(questions, { pool, shots: 2, seed: 2 })).not.toEqual(
      fewShotPrompts(questions, { pool, shots: 2, seed: 1 }),
    );
    expect(() => fewShotPrompts(["Q: 3?"], { pool, shots: 20, seed: 1 })).toThrow("Received 19");
    expect(fewShotPrompts(["Q: 3?"], { pool: [], shots: 0, seed: 1 })).toEqual(["Q: 3?"]);
  });
});

describe("contamination", () => {
  it("finds runs of words without case and punctuation, and characters of Chinese", () => {
    const test = [
      "The old mill at Arden was built.",
      "Something else entirely new",
      "床前明月光，疑是地上霜",
      "short one",
      "",
    ];
    const training = ["they say THE OLD MILL, at arden, was sold", "他写了“床前明月光疑是”", "a short one"];
    expect(contamination(test, training, { words: 5 })).toMatchObject({ examples: 5, found: [0, 2, 3], words: 5 });
    expect(contamination(test, training, { words: 6 }).found).toEqual([0, 2, 3]);
    expect(contamination(test, training, { words: 7 }).found).toEqual([2, 3]);
    expect(contamination(test, training, { words: 9 }).found).toEqual([3]);
  });
});

describe("generationMatch", () => {
  it("ignores what it is told to", () => {
    const answers = [{ generated: "The Answer: 42!", answers: ["the answer 7", "x"] }];
    expect(observeAll(generationMatch(), answers).score().value).toBe(0);
    const metric = generationMatch({ ignoreCase: true, ignorePunctuation: true, ignoreNumbers: true, ignore: [/x/] });
    expect(metric.signature).toBe("generation-match|ignore:case+punctuation+numbers+/x/");
    expect(observeAll(metric, answers).score().value).toBe(1);
  });
});
