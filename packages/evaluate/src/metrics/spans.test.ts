import { describe, expect, it } from "vitest";
import { observeAll } from "../additive.ts";
import fixtures from "../fixtures/spans.json" with { type: "json" };
import { spanF1, spansOf, type TagScheme } from "./spans.ts";

describe("span F1", () => {
  it.each(fixtures)("equals seqeval's, $scheme", ({ scheme, tags, predicted, expected }) => {
    const texts = tags.map((line, index) => ({ tags: line.split(" "), predicted: predicted[index]!.split(" ") }));
    for (const average of ["micro", "macro", "weighted"] as const) {
      const metric = spanF1({ types: ["LOC", "PER", "x-y", "_"], scheme: scheme as TagScheme, average });
      const { precision, recall, value } = observeAll(metric, texts).score();
      [precision, recall, value].forEach((each, index) =>
        expect(each, average).toBeCloseTo(expected[average][index]!, 12),
      );
    }
  });

  it("reads tags leniently or strictly", () => {
    const tags = ["I-A", "I-A", "O", "B-A", "I-B", "E-B", "S-A"];
    expect(spansOf(tags)).toEqual([
      { type: "A", start: 0, end: 2 },
      { type: "A", start: 3, end: 4 },
      { type: "B", start: 4, end: 6 },
      { type: "A", start: 6, end: 7 },
    ]);
    expect(spansOf(tags, "IOBES")).toEqual([{ type: "A", start: 6, end: 7 }]);
    expect(() => spansOf(tags, "IOB2")).toThrow('one of I, O, B. Received "E-B"');
    const metric = spanF1({ types: ["A"] });
    expect(() => metric.observe({ tags: ["B-C"], predicted: ["O"] })).toThrow('Received "C"');
    expect(() => metric.observe({ tags: ["O"], predicted: [] })).toThrow("Received 0");
  });
});
