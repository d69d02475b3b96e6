import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cleanTable, dropDuplicates, dropMissing, markMissing, trimText } from "./clean.ts";
import { oneOf, replaceValues, toNumbers, toText, withinBounds } from "./clean-values.ts";

const rows = () => [
  { age: " 39", work: "State-gov ", income: "<=50K" },
  { age: "?", work: "Private", income: ">50K." },
  { age: "39", work: "State-gov", income: "<=50K." },
  { age: "200", work: "Private", income: ">50K" },
  { age: "17", work: " ?", income: ">50K" },
];

describe("cleanTable", () => {
  it("applies its steps in order and counts what it did", async () => {
    const before = rows();
    const { rows: cleaned, cleaning } = await cleanTable(before, [
      trimText(),
      markMissing(),
      toNumbers({ columns: ["age"] }),
      replaceValues({ column: "income", values: { "<=50K.": "<=50K", ">50K.": ">50K" } }),
      withinBounds({ age: { minimum: 0, maximum: 120 } }),
      dropDuplicates(),
    ]);
    expect(cleaned).toEqual([
      { age: 39, work: "State-gov", income: "<=50K" },
      { age: null, work: "Private", income: ">50K" },
      { age: 17, work: null, income: ">50K" },
    ]);
    expect(cleaning).toEqual([
      { reason: 'spaces around text in "age"', count: 1, action: "changed", column: "age" },
      { reason: 'spaces around text in "work"', count: 2, action: "changed", column: "work" },
      { reason: 'missing value in "age"', count: 1, action: "changed", column: "age" },
      { reason: 'missing value in "work"', count: 1, action: "changed", column: "work" },
      { reason: 'spelling in "income"', count: 2, action: "changed", column: "income" },
      { reason: 'out of range in "age" (0 to 120)', count: 1, action: "dropped", column: "age" },
      { reason: "duplicate row", count: 1, action: "dropped" },
    ]);
    expect(before).toEqual(rows());
  });

  it("forgets the rows of an earlier pass", async () => {
    const steps = [dropDuplicates()];
    const first = await cleanTable(rows(), steps);
    expect((await cleanTable(rows(), steps)).rows).toEqual(first.rows);
  });

  it("never drops a row without a count", async () => {
    const row = fc.record({ a: fc.option(fc.integer({ min: -3, max: 3 })), b: fc.constantFrom("x", "?", "") });
    await fc.assert(
      fc.asyncProperty(fc.array(row), async (table) => {
        const { rows: kept, cleaning } = await cleanTable(table, [
          markMissing(),
          withinBounds({ a: { minimum: -2, maximum: 2 } }),
          dropMissing(),
          dropDuplicates(),
        ]);
        const dropped = cleaning.filter((entry) => entry.action === "dropped");
        expect(kept.length + dropped.reduce((sum, entry) => sum + entry.count, 0)).toBe(table.length);
        expect(kept.every((each) => each.a !== null && each.b === "x")).toBe(true);
        expect(new Set(kept.map((each) => each.a)).size).toBe(kept.length);
      }),
    );
  });

  it("tells equal texts and numbers apart when looking for duplicates", async () => {
    const table = [
      { a: 1, b: "1" },
      { a: "1", b: "1" },
      { a: 1, b: "1" },
    ];
    expect((await cleanTable(table, [dropDuplicates()])).rows).toHaveLength(2);
    expect((await cleanTable(table, [dropDuplicates({ columns: ["b"] })])).rows).toHaveLength(1);
  });

  it("makes unfit values missing, clips, or drops, as told", async () => {
    const table = [{ a: "1" }, { a: "x" }, { a: "900" }, { a: "-900" }];
    const steps = (unfit: "missing" | "drop") => [
      toNumbers({ columns: ["a"], unfit }),
      withinBounds({ a: { minimum: 0, maximum: 10 } }, { unfit: "clip" }),
    ];
    expect((await cleanTable(table, steps("missing"))).rows).toEqual([{ a: 1 }, { a: null }, { a: 10 }, { a: 0 }]);
    expect((await cleanTable(table, steps("drop"))).rows).toEqual([{ a: 1 }, { a: 10 }, { a: 0 }]);
    expect((await cleanTable([{ a: 1.5 }], [toText({ columns: ["a"] })])).rows).toEqual([{ a: "1.5" }]);
  });

  it("names row, column, expected and received", async () => {
    const table = [{ a: 1 }, { a: "12 years" }];
    await expect(cleanTable(table, [toNumbers({ columns: ["a"] })])).rejects.toThrow(
      'Row 2, column "a": expected a number. Received "12 years".',
    );
    await expect(cleanTable(table, [oneOf({ column: "a", values: [1, 2] })])).rejects.toThrow(
      'Row 2, column "a": expected one of 1, 2. Received "12 years".',
    );
    await expect(cleanTable(table, [toNumbers({ columns: ["b"] })])).rejects.toThrow(
      'Row 1 has no column "b". It has: a.',
    );
  });
});
