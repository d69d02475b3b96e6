import { describe, expect, it } from "vitest";
import { evaluateAnswers } from "../answers.ts";
import { contamination } from "../few-shot.ts";
import { evaluateLanguageModel } from "../language-model.ts";
import { scoredText } from "../metrics/likelihood.ts";
import { evaluateMultipleChoice } from "../multiple-choice.ts";
import { evaluateRetrieval } from "../retrieval.ts";
import { compareTranslations, evaluateTranslation } from "../translation.ts";
import { type LanguageReportInput, renderLanguageReport } from "./language-report.ts";

const hostile = '<script>alert("x")</script>&';
const common = { seed: 1, resamples: 20 };
const references = [["the harbour is calm today", `${hostile} at sea`, "a third line"]];
const hypotheses = ["the harbour was calm today", `${hostile} on the sea`, "a third line"];
const translation = evaluateTranslation({ hypotheses, references, sources: [hostile, "b", "c"], ...common });
const comparison = compareTranslations({ first: hypotheses, second: ["x", "y", "z"], references, ...common });
const answers = evaluateAnswers({
  rule: "squad-2.0",
  questions: [
    {
      question: hostile,
      context: `Built by ${hostile} in 1712.`,
      answers: ["1712"],
      prediction: hostile,
      noAnswer: 0.1,
    },
    { question: "Who?", context: "Nobody knows.", answers: [], prediction: "", noAnswer: 0.9 },
  ],
  ...common,
});
const texts = [{ ...scoredText(hostile, -30, 9), text: hostile }];
const languageModel = evaluateLanguageModel({ texts, window: { context: 8, stride: 4 }, ...common });
const retrieval = evaluateRetrieval({
  queries: [{ query: hostile, ranking: [hostile, "b"], relevance: { b: 1 } }],
  ...common,
});
const choice = evaluateMultipleChoice({
  questions: [{ choices: [hostile, "b"], logLikelihoods: [-1, -2], answer: 1 }],
  contamination: contamination([hostile], [hostile]),
  ...common,
});
const facts = [{ name: hostile, value: hostile }];
const inputs: readonly LanguageReportInput[] = [
  {
    title: hostile,
    evaluation: translation,
    systems: [{ name: hostile, scores: translation.scores, note: hostile }],
    comparisons: { against: hostile, rows: comparison },
    facts,
  },
  ...[answers, languageModel, retrieval, choice].map((evaluation) => ({ title: hostile, evaluation, facts })),
];

describe.each(inputs)("report of $evaluation.kind", (input) => {
  it.each(["en", "zh"] as const)(
    "shows scores with signatures, and escapes whatever comes from data, in %s",
    (language) => {
      const html = renderLanguageReport({ ...input, language });
      expect(html).not.toContain("<script");
      expect(html).toContain("&#60;script&#62;");
      expect(html).not.toMatch(/https?:|@import|url\(|NaN|undefined|\{\d\}/);
      for (const { value, signature } of input.evaluation.scores) {
        expect(html).toContain(`<code>${signature}</code>`);
        expect(html).toContain(value.toFixed(2));
      }
      expect(html).toContain(language === "zh" ? "评估报告" : "Evaluation");
    },
  );
});

describe("examples", () => {
  it("mark answers in their context", () => {
    const html = renderLanguageReport({ title: "answers", evaluation: answers, facts: [] });
    expect(html).toContain('<mark class="right">1712</mark>');
    expect(html).toContain('<mark class="said">&#60;script');
    expect(html).toContain("<i>no answer</i>");
  });

  it("show source, reference and output", () => {
    const html = renderLanguageReport({ title: "translation", evaluation: translation, facts: [] });
    expect(html).toContain("<dd>the harbour is calm today</dd>");
    expect(html).toContain("<dd><b>the harbour was calm today</b></dd>");
    expect(html).not.toContain("Against simple systems");
  });

  it("show what a model wrote before it was fine-tuned, beside its scores of then", () => {
    const html = renderLanguageReport({
      title: "tuned",
      evaluation: languageModel,
      systems: [{ name: "before fine-tuning", scores: languageModel.scores }],
      systemsAre: "earlier",
      samples: [{ prompt: "Hello?", text: "Yes.", before: hostile }],
      facts: [],
      language: "zh",
    });
    expect(html).toContain("<b>Hello?</b></p>");
    expect(html).toContain("<small>微调之前：&#60;script");
    expect(html).toContain("与微调之前相比");
    expect(html).not.toContain("与简单系统相比");
  });
});
