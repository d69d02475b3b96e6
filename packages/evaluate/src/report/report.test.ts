import { describe, expect, it } from "vitest";
import { evaluateClassification, hits } from "../classification.ts";
import { judgeBaselines } from "../judge.ts";
import { renderReport } from "./report.ts";
import { reportText } from "./text.ts";

const hostile = '<script>alert("x")</script>&';
const examples = [
  { label: 0, probabilities: [0.9, 0.1] },
  { label: 1, probabilities: [0.3, 0.7] },
  { label: 1, probabilities: [0.8, 0.2] },
  { label: 0, probabilities: [0.6, 0.4] },
];
const evaluation = evaluateClassification({ classes: [hostile, "yes"], examples, seed: 1, resamples: 100 });
const baseline = { name: hostile, scores: evaluation.scores, seconds: 1, note: hostile, predictions: [0, 0, 0, 0] };
const labels = examples.map(({ label }) => label);
const input = {
  title: hostile,
  evaluation,
  baselines: [baseline],
  comparison: judgeBaselines({ evaluation, hits: hits(examples), labels, baselines: [baseline] }),
  worst: evaluation.worst.map((example) => ({ ...example, row: { [hostile]: hostile, empty: null } })),
  facts: [{ name: hostile, value: hostile }],
};

describe("renderReport", () => {
  it("escapes whatever comes from data, and needs no network", () => {
    const html = renderReport(input);
    expect(html).not.toContain("<script");
    expect(html).toContain("&#60;script&#62;");
    expect(html).not.toMatch(/https?:|@import|url\(/);
    expect(renderReport(input)).toBe(html);
  });

  it.each(["en", "zh"] as const)("has every part, in %s", (language) => {
    const html = renderReport({ ...input, language });
    const words = reportText(language);
    for (const title of [
      words.scores,
      words.baselines,
      words.confusion,
      words.curves,
      words.calibration,
      words.perClass,
      words.worst,
      words.facts,
    ]) {
      expect(html).toContain(`<h2>${title.replaceAll("'", "&#39;")}</h2>`);
    }
    for (const { value } of evaluation.scores) expect(html).toContain(value.toFixed(4));
    expect(html).not.toMatch(/NaN|undefined|\{\d\}/);
  });

  it("leaves out what there is none of", () => {
    const html = renderReport({ ...input, baselines: [], comparison: null, worst: [], facts: [] });
    const { baselines, worst, facts } = reportText("en");
    for (const title of [baselines, worst, facts]) expect(html).not.toContain(`<h2>${title}</h2>`);
  });
});
