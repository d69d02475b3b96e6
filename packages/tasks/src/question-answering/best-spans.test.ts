import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { bestSpans } from "./best-spans.ts";

// Ten tokens of two units each behind three of a question.
const passage = "0 1 2 3 4 5 6 7 8 9 ";
const window = (offset: number, count: number, starts: Record<number, number>, ends: Record<number, number>) => {
  const from = 3;
  const row = (values: Record<number, number>) =>
    Float32Array.from({ length: from + count + 1 }, (_, at) =>
      at < from || at === from + count ? 50 : (values[at - from + offset] ?? -9),
    );
  const places = new Int32Array(2 * (from + count + 1));
  for (let token = 0; token < count; token++) {
    places[2 * (from + token)] = 2 * (offset + token);
    places[2 * (from + token) + 1] = 2 * (offset + token) + 2;
  }
  const rest = { ids: new Int32Array(from + count + 1), types: new Int32Array(from + count + 1) };
  return { ...rest, from, to: from + count, offset, places, starts: row(starts), ends: row(ends) };
};
const options = { longestAnswer: 3, candidates: 4 };

interface Case {
  readonly words: number;
  readonly longest: number;
  readonly candidates: number;
  readonly windows: readonly { offset: number; count: number; starts: number[]; ends: number[] }[];
  /** First and last word, probability. */
  readonly answers: readonly (readonly [number, number, number])[];
}
const reference: Case[] = JSON.parse(readFileSync(new URL("./fixtures/answers.json", import.meta.url), "utf8"));

describe("answers", () => {
  it.each(reference)("are those of run_squad.py: $words words, $candidates candidates", (known) => {
    const { words, longest, candidates, windows, answers } = known;
    const names = Array.from({ length: words }, (_, index) => `w${index}`);
    const text = names.join(" ");
    const starts = names.map((_, index) => names.slice(0, index).reduce((sum, name) => sum + name.length + 1, 0));
    const rows = windows.map(({ offset, count, starts: firsts, ends }) => {
      const places = new Int32Array(2 * firsts.length);
      for (let at = 0; at < count; at++) {
        places[2 * (3 + at)] = starts[offset + at]!;
        places[2 * (3 + at) + 1] = starts[offset + at]! + names[offset + at]!.length;
      }
      const none = new Int32Array(firsts.length);
      return { ids: none, types: none, from: 3, to: 3 + count, offset, places, starts: firsts, ends };
    });
    const found = bestSpans(text, rows, { longestAnswer: longest, candidates });
    expect(found.map((span) => span.text)).toEqual(answers.map(([from, to]) => names.slice(from, to + 1).join(" ")));
    found.forEach(({ score }, index) => {
      expect(score).toBeCloseTo(answers[index]![2], 6);
    });
  });

  it("are the spans of largest sum inside of the passage, no longer than allowed, without spaces at their ends", () => {
    const only = window(0, 10, { 2: 5, 6: 4 }, { 1: 9, 3: 3, 5: 8, 7: 3.5 });
    const found = bestSpans(passage, [only], options);
    expect(found[0]).toMatchObject({ text: "2 3", start: 4, end: 7 }); // 8; 2 to 5 is too long, 2 to 1 backwards
    expect(found[1]).toMatchObject({ text: "6 7", start: 12, end: 15 }); // 7.5
    expect(found[0]!.score / found[1]!.score).toBeCloseTo(Math.exp(0.5), 5);
    expect(found.reduce((sum, { score }) => sum + score, 0)).toBeCloseTo(1, 6);
    for (const { text, start, end } of found) expect(passage.slice(start, end)).toBe(text);
  });

  it("are told once, by the window that shows most around their beginning", () => {
    const windows = [window(0, 8, { 6: 7 }, { 7: 7 }), window(4, 6, { 6: 2 }, { 7: 2 })];
    const [best, ...rest] = bestSpans(passage, windows, options);
    expect(best).toMatchObject({ text: "6 7" });
    expect(rest.some(({ start, end }) => start === 12 && end === 15)).toBe(false);
    // Token 6 belongs to the second window, whose logits are small.
    expect(best!.score).toBeLessThan(1);
  });

  it("are single tokens where no pair fits, and none where there are no tokens", () => {
    const backwards = window(0, 10, { 9: 5 }, { 0: 5 });
    expect(bestSpans(passage, [backwards], { longestAnswer: 1, candidates: 1 })[0]!.text).toBe("0");
    expect(bestSpans("", [window(0, 0, {}, {})], options)).toEqual([]);
  });
});
