import { existsSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { observeAll } from "../additive.ts";
import fixtures from "../fixtures/speech.json" with { type: "json" };
import {
  alignSequences,
  alignTexts,
  characterErrorRate,
  countErrors,
  type EditRun,
  wordErrorRate,
} from "./word-errors.ts";

const shared = new URL("../../../../../shared/golden/metrics/jiwer_cases.json", import.meta.url);
const sharedIsHere = existsSync(shared);
if (!sharedIsHere) console.log(`Skipped: no reference values at ${shared.pathname}`);

const pairsOf = (references: string | string[], hypotheses: string | string[]) => {
  const heard = [hypotheses].flat();
  return [references].flat().map((reference, index) => ({ reference, hypothesis: heard[index]! }));
};
const plain = (runs: readonly EditRun[]) =>
  runs.map(({ kind, reference, hypothesis }) => [kind, ...reference, ...hypothesis]);

describe("word and character errors", () => {
  it.each([
    ["words", "word", wordErrorRate()],
    ["characters", "character", characterErrorRate()],
  ] as const)("jiwer's rates and alignments of %s", (part, unit, metric) => {
    const expected = fixtures[part] as typeof fixtures.words & { cer?: number };
    const pairs = pairsOf(fixtures.said, fixtures.heard);
    expect(pairs.map((pair) => plain(alignTexts(pair, unit)))).toEqual(expected.runs);
    const score = observeAll(metric, pairs).score();
    expect(score.value).toBeCloseTo(expected.cer ?? expected.wer, 12);
    const { hits, substitutions, deletions, insertions } = expected;
    expect(score).toMatchObject({ hits, substitutions, deletions, insertions });
    if (expected.mer !== undefined) {
      expect(score.matchErrorRate).toBeCloseTo(expected.mer, 12);
      expect(score.informationLost).toBeCloseTo(expected.wil, 12);
    }
  });

  it.skipIf(!sharedIsHere)("jiwer's on its own tests (needs ../shared/golden)", () => {
    for (const each of JSON.parse(readFileSync(shared, "utf8")).cases) {
      if (each.custom_transform) continue;
      const [unit, metric] =
        each.fn === "process_words"
          ? (["word", wordErrorRate()] as const)
          : (["character", characterErrorRate()] as const);
      const pairs = pairsOf(each.reference, each.hypothesis);
      const score = observeAll(metric, pairs).score();
      expect(score.value).toBeCloseTo(each.wer ?? each.cer, 12);
      for (const name of ["hits", "substitutions", "deletions", "insertions"] as const)
        expect(score[name]).toBe(each[name]);
      if (each.mer !== undefined) {
        expect(score.matchErrorRate).toBeCloseTo(each.mer, 12);
        expect(score.informationLost).toBeCloseTo(each.wil, 12);
        expect(score.informationPreserved).toBeCloseTo(each.wip, 12);
      }
      expect(pairs.map((pair) => plain(alignTexts(pair, unit)))).toEqual(
        each.alignments.map((runs: { type: string; ref: number[]; hyp: number[] }[]) =>
          runs.map(({ type, ref, hyp }) => [type, ...ref, ...hyp]),
        ),
      );
    }
  });

  it("align everything, once, in order", () => {
    const text = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 12 });
    fc.assert(
      fc.property(text, text, (reference, hypothesis) => {
        const runs = alignSequences(reference, hypothesis);
        let [at, other] = [0, 0];
        for (const run of runs) {
          expect([run.reference[0], run.hypothesis[0]]).toEqual([at, other]);
          [at, other] = [run.reference[1], run.hypothesis[1]];
          if (run.kind === "equal") {
            expect(reference.slice(...run.reference)).toEqual(hypothesis.slice(...run.hypothesis));
          }
        }
        expect([at, other]).toEqual([reference.length, hypothesis.length]);
        const { hits, substitutions, deletions } = countErrors(runs);
        expect(hits + substitutions + deletions).toBe(reference.length);
      }),
    );
  });
});
