import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Row } from "../table.ts";
import { TablePreparation } from "./table-preparation.ts";
import type { TableColumnInput } from "./table-schema.ts";

const schema: TableColumnInput[] = [
  { name: "id", type: "key" },
  { name: "age", type: "number", indicator: true },
  { name: "work", type: "category" },
  { name: "note", type: "ignore" },
  { name: "gain", type: "number", scale: "minmax", impute: { constant: 0 } },
  { name: "income", type: "target" },
];

const train: Row[] = [
  { id: 1, age: 20, work: "private", note: "x", gain: 0, income: "low" },
  { id: 2, age: 40, work: "state", note: null, gain: 10, income: "high" },
  { id: 3, age: null, work: null, note: "y", gain: null, income: "low" },
];

describe("TablePreparation", () => {
  it("imputes, scales and encodes by the training rows", async () => {
    const preparation = await TablePreparation.fit(train, schema);
    expect(preparation.featureNames).toEqual([
      "age",
      "age missing",
      "work=(missing)",
      "work=private",
      "work=state",
      "gain",
    ]);
    expect([...preparation.transform(train[0]!)]).toEqual([-1, 0, 0, 1, 0, 0]);
    expect([...preparation.transform(train[2]!)]).toEqual([0, 1, 1, 0, 0, 0]);
    expect([...preparation.transform({ age: "50", work: "abroad", gain: 5 })]).toEqual([2, 0, 0, 0, 0, 0.5]);
    expect(preparation.classes).toEqual(["high", "low"]);
    expect(train.map((row) => preparation.target(row))).toEqual([1, 0, 1]);
    expect(preparation.key(train[1]!)).toBe("2");
    expect(preparation.inputs).toEqual([
      { name: "age", type: "number" },
      { name: "work", type: "category", values: ["private", "state"] },
      { name: "gain", type: "number" },
    ]);
  });

  it("adds pieces that fill up one after the other", async () => {
    const column: TableColumnInput = { name: "x", type: "number", scale: "none", pieces: 2 };
    const preparation = await TablePreparation.fit(
      [0, 0, 0, 0, 2, 10].map((x) => ({ x })),
      [column],
    );
    expect(preparation.featureNames).toEqual(["x", "x from 0 to 2", "x from 2 to 10"]);
    const pieces = [-5, 0, 1, 2, 6, 99].map((x) => [...preparation.transform({ x })].slice(1));
    expect(pieces).toEqual([
      [0, 0],
      [0, 0],
      [0.5, 0],
      [1, 0],
      [1, 0.5],
      [1, 1],
    ]);
    const constant = await TablePreparation.fit([{ x: 3 }], [column]);
    expect([...constant.transform({ x: 4 })]).toEqual([4]);
  });

  it("comes back from JSON bit for bit", async () => {
    const number = fc.option(fc.double({ noNaN: true, min: -1e9, max: 1e9 }));
    const row = fc.record({ a: number, b: fc.option(fc.string()), c: fc.integer({ min: 0, max: 12 }) });
    const columns = (scale: "standard" | "robust"): TableColumnInput[] => [
      { name: "a", type: "number", scale, impute: "mean", logarithm: scale === "robust", pieces: 3 },
      { name: "b", type: "category", unknown: "other", minimumCount: 2 },
      { name: "c", type: "target" },
    ];
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1 }), fc.constantFrom("standard", "robust"), async (rows, scale) => {
        const table = [...rows, { a: 1, b: "x", c: 3 }];
        const preparation = await TablePreparation.fit(table, columns(scale as "standard" | "robust"));
        const text = JSON.stringify(preparation);
        const copy = TablePreparation.fromJSON(JSON.parse(text));
        expect(JSON.stringify(copy)).toBe(text);
        for (const each of table) {
          expect(copy.transform(each)).toEqual(preparation.transform(each));
          expect(copy.classes[copy.target(each)]).toBe(String(each.c));
        }
      }),
    );
  });

  it("orders classes that are numbers as numbers, and takes a number as target", async () => {
    const rows = [10, 9, 2].map((y) => ({ x: y, y }));
    const columns = (kind: "class" | "number"): TableColumnInput[] => [
      { name: "x", type: "number", scale: "none" },
      { name: "y", type: "target", kind },
    ];
    expect((await TablePreparation.fit(rows, columns("class"))).classes).toEqual(["2", "9", "10"]);
    const regression = await TablePreparation.fit(rows, columns("number"));
    expect(rows.map((row) => regression.target(row))).toEqual([10, 9, 2]);
    expect(regression.classes).toEqual([]);
  });

  it("names row, column, expected and received", async () => {
    const preparation = await TablePreparation.fit(train, schema);
    expect(() => preparation.transform({ age: "old", work: "state", gain: 1 }, 6)).toThrow(
      'Row 7, column "age": expected a finite number or null. Received "old".',
    );
    expect(() => preparation.transform({ work: "state", gain: 1 }, 6)).toThrow(
      'Row 7 has no column "age". It has: work, gain.',
    );
    expect(() => preparation.target({ income: "middling" }, 0)).toThrow(
      'Row 1, column "income": expected one of the classes "high", "low". Received "middling".',
    );
    const strict: TableColumnInput[] = [
      { name: "work", type: "category", unknown: "error" },
      { name: "age", type: "number", impute: "error" },
    ];
    const known = await TablePreparation.fit([{ work: "a", age: 1 }], strict);
    expect(() => known.transform({ work: "b", age: 1 }, 3)).toThrow(
      'Row 4, column "work": Expected one of "a". Received "b".',
    );
    expect(() => known.transform({ work: "a", age: null }, 3)).toThrow('Row 4, column "age": expected a number.');
    await expect(TablePreparation.fit(train, strict)).rejects.toThrow('Row 3, column "age": expected a number.');
    await expect(TablePreparation.fit([], strict)).rejects.toThrow("at least one row");
    await expect(TablePreparation.fit(train, [{ name: "age", type: "ignore" }])).rejects.toThrow(
      "no number or category column",
    );
    expect(() => TablePreparation.fromJSON({ format: 1 })).toThrow();
  });
});
