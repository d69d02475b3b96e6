import { describe, expect, it } from "vitest";
import { compareTranslations, evaluateTranslation } from "./translation.ts";

const references = Array.from(
  { length: 40 },
  (_, index) => `boat ${index} of the ${index % 7} left the harbour at ${index % 5} today .`,
);
const hypotheses = references.map((line, index) => (index % 4 === 0 ? line.replace("left the", "was in the") : line));

describe("evaluateTranslation", () => {
  const evaluation = evaluateTranslation({
    hypotheses,
    references: [references],
    sources: references,
    seed: 1,
    resamples: 100,
  });

  it("has sacreBLEU's scores with intervals and signatures", () => {
    expect(evaluation.scores.map(({ name }) => name)).toEqual(["BLEU", "chrF2", "chrF2++", "TER"]);
    for (const { value, low, high, signature } of evaluation.scores) {
      expect(low).toBeLessThanOrEqual(value);
      expect(high).toBeGreaterThanOrEqual(value);
      expect(signature).toMatch(/^nrefs:1\|bs:100\|seed:1\|case:.+\|version:2\.6\.0$/);
    }
    expect(JSON.parse(JSON.stringify(evaluation))).toEqual(evaluation);
  });

  it("shows the worst segments first, with scores of their own", () => {
    expect(evaluation.worst).toHaveLength(24);
    expect(evaluation.worst[0]!.index % 4).toBe(0);
    expect(evaluation.worst.at(-1)).toMatchObject({ bleu: expect.closeTo(100, 9), chrf: 100, ter: 0 });
    expect(evaluation.sample.map(({ index }) => index)).toEqual(Array.from({ length: 24 }, (_, index) => index));
  });

  it("says what does not fit", () => {
    expect(() => evaluateTranslation({ hypotheses, references: [references], sources: ["a"], seed: 1 })).toThrow(
      "Expected a source for each of 40 hypotheses. Received 1.",
    );
  });

  it("compares two systems on every score", () => {
    for (const test of ["paired-bootstrap", "approximate-randomisation"] as const) {
      const rows = compareTranslations({
        first: references,
        second: hypotheses,
        references: [references],
        seed: 1,
        test,
        resamples: 200,
      });
      expect(rows.map(({ name, difference }) => [name, Math.sign(difference)])).toEqual([
        ["BLEU", 1],
        ["chrF2", 1],
        ["chrF2++", 1],
        ["TER", -1],
      ]);
      expect(rows[0]!.signature).toMatch(test === "paired-bootstrap" ? /\|bs:200\|seed:1\|/ : /\|ar:200\|seed:1\|/);
      for (const { pValue } of rows) expect(pValue).toBeLessThan(0.05);
    }
  });
});
