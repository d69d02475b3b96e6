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

describe("answers", () => {
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
