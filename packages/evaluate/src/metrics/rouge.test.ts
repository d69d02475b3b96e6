import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { observeAll } from "../additive.ts";
import fixtures from "../fixtures/rouge.json" with { type: "json" };
import { porterStem } from "./porter-stemmer.ts";
import { aggregateRouge, type RougeType, rouge, rougeScore } from "./rouge.ts";

const shared = new URL("../../../../../shared/golden/metrics/rouge_cases.json", import.meta.url);
const sharedIsHere = existsSync(shared);
if (!sharedIsHere) console.log(`Skipped: no reference values at ${shared.pathname}`);

describe("ROUGE", () => {
  it("has NLTK's stems", () => {
    expect(Object.fromEntries(Object.keys(fixtures.stems).map((word) => [word, porterStem(word)]))).toEqual(
      fixtures.stems,
    );
  });

  it.each(fixtures.cases)(
    "equals rouge_score on $prediction, stemmer $stemmer",
    ({ target, prediction, stemmer, expected }) => {
      for (const [type, [precision, recall, f1]] of Object.entries(expected)) {
        const score = rougeScore(prediction, target, { type: type as RougeType, stemmer });
        expect(score.precision, type).toBeCloseTo(precision!, 12);
        expect(score.recall, type).toBeCloseTo(recall!, 12);
        expect(score.f1, type).toBeCloseTo(f1!, 12);
      }
    },
  );

  it.skipIf(!sharedIsHere)("equals ROUGE-1.5.5 on its tests (needs ../shared/golden)", () => {
    for (const { type, target, prediction, use_stemmer, precision, recall, fmeasure } of JSON.parse(
      readFileSync(shared, "utf8"),
    ).cases) {
      const score = rougeScore(prediction, target, { type, stemmer: use_stemmer });
      expect([score.precision, score.recall, score.f1].map((value) => Number(value.toFixed(5)))).toEqual(
        [precision, recall, fmeasure].map((value) => Number(value.toFixed(5))),
      );
    }
  });

  it("takes the best reference, and any tokens", () => {
    const metric = rouge("rouge1", { tokenize: (text) => [...text] });
    const segments = [
      { hypothesis: "月落乌啼", references: ["床前明月", "月落霜天"] },
      { hypothesis: "春眠", references: ["春眠"] },
    ];
    const { value, precision } = observeAll(metric, segments).score();
    expect(value).toBeCloseTo(0.75, 12);
    expect(precision).toBeCloseTo(0.75, 12);
    expect(() => rougeScore("a", "a", { type: "rouge0" as "rouge1" })).toThrow('Received "rouge0"');
  });

  it("is aggregated over resamples", () => {
    const segments = Array.from({ length: 50 }, (_, index) => ({
      hypothesis: index % 2 === 0 ? "one two" : "one",
      references: ["one two three"],
    }));
    const [only] = aggregateRouge(segments, { types: ["rouge1"], seed: 1, resamples: 200 });
    const { value } = observeAll(rouge("rouge1"), segments).score();
    expect(only!.low.value).toBeLessThan(value);
    expect(only!.high.value).toBeGreaterThan(value);
    expect(only!.mid.value).toBeCloseTo(value, 1);
    expect(only!.mid.precision).toBe(1);
  });
});
