import { createHash } from "node:crypto";
import { decode } from "fast-png";
import { describe, expect, it } from "vitest";
import { digitClasses, digits } from "../digits/digits.ts";
import type { Row } from "../table.ts";
import { RecordDigest } from "./digest.ts";
import { renderDataReport } from "./render.ts";
import { reportImages } from "./report-images.ts";
import { reportTable } from "./report-table.ts";

const train: Row[] = Array.from({ length: 100 }, (_, index) => ({
  id: index,
  age: index % 10 === 0 ? null : index,
  city: index % 3 === 0 ? "<b>Köln</b>" : "Basel",
  code: index % 4 === 0 ? "y" : "n",
  empty: null,
  label: index % 4 === 0 ? "yes" : "no",
}));
const table = () =>
  reportTable({
    name: "people & <places>",
    splits: {
      train,
      test: [
        { ...train[0]!, id: 900 },
        { ...train[5]!, age: 7.5, id: 901 },
        { ...train[1]!, id: 902 },
      ],
    },
    target: "label",
    ignore: ["id"],
    cleaning: [{ reason: 'spaces in "city"', count: 3 }],
  });

describe("reportTable", () => {
  it("counts records, classes, missing values and different values", async () => {
    const report = await table();
    expect(report.records).toBe(103);
    expect(report.splits).toEqual({ train: 100, test: 3 });
    expect(report.classes).toEqual([
      { label: "yes", counts: { train: 25, test: 1 } },
      { label: "no", counts: { train: 75, test: 2 } },
    ]);
    const column = (name: string) => report.columns!.find((each) => each.name === name)!;
    expect(column("age")).toMatchObject({ type: "number", missing: 11, distinct: 91 });
    expect(column("city").categories).toEqual([
      { value: "Basel", count: 68 },
      { value: "<b>Köln</b>", count: 35 },
    ]);
    expect(column("label")).toMatchObject({ type: "category", missing: 0, others: 0 });
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });

  it("describes numbers as NumPy does", async () => {
    const values = [1, 2, 3, 4, 100];
    const { columns } = await reportTable({ name: "n", splits: { all: values.map((x) => ({ x })) } });
    const { number } = columns![0]!;
    expect(number).toMatchObject({ minimum: 1, maximum: 100, mean: 22 });
    expect(number!.deviation).toBeCloseTo(39.01281840626232, 10);
    expect(Object.keys(number!.quantiles)).toEqual(["0.05", "0.25", "0.5", "0.75", "0.95"]);
    for (const [index, value] of [1.2, 2, 3, 4, 80.8].entries()) {
      expect(Object.values(number!.quantiles)[index]).toBeCloseTo(value, 10);
    }
    expect(number!.histogram.reduce((sum, count) => sum + count, 0)).toBe(5);
    expect(number!.histogram[0]).toBe(4);
    expect(number!.histogram.at(-1)).toBe(1);
  });

  it("warns of records in two splits, columns that give the target away and empty columns", async () => {
    const { duplicates, warnings } = await table();
    expect(duplicates.across).toBe(2);
    expect(warnings.some((line) => line.startsWith("2 records occur in more than one split"))).toBe(true);
    expect(warnings.some((line) => line.includes('"code" alone tells "label" in 100.0 %'))).toBe(true);
    expect(warnings.some((line) => line.includes('"city" alone'))).toBe(false);
    expect(warnings).toContain('Column "empty" is empty.');
    await expect(reportTable({ name: "x", splits: { all: train }, target: "nope" })).rejects.toThrow(
      'Received "nope".',
    );
  });

  it("digests the records in order, as documented", async () => {
    const part = (text: string) => {
      const bytes = Buffer.from(text);
      const length = Buffer.alloc(4);
      length.writeUInt32LE(bytes.length);
      return Buffer.concat([length, bytes]);
    };
    const expected = createHash("sha256")
      .update(Buffer.concat([part("Sall"), part('R[["a",1],["b",null]]'), part('R[["a","ü"],["b",2.5]]')]))
      .digest("hex");
    const rows: Row[] = [
      { a: 1, b: null },
      { a: "ü", b: 2.5 },
    ];
    expect((await reportTable({ name: "n", splits: { all: rows } })).digest).toBe(expected);
    expect((await reportTable({ name: "n", splits: { all: rows.toReversed() } })).digest).not.toBe(expected);
  });
});

describe("reportImages", () => {
  it("counts, measures and shows images", async () => {
    const data = digits({ seed: 1, count: 60 });
    const parts = { train: data.take(50), test: data.skip(45) };
    const report = await reportImages({ name: "digits", splits: parts, classes: digitClasses, samplesPerClass: 2 });
    const records = [...(await parts.train.toArray()), ...(await parts.test.toArray())];
    const pixels = records.flatMap(({ image }) => [...image.pixels]).map((value) => value / 255);
    const mean = pixels.reduce((sum, value) => sum + value, 0) / pixels.length;
    const variance = pixels.reduce((sum, value) => sum + (value - mean) ** 2, 0) / pixels.length;
    expect(report).toMatchObject({
      records: 65,
      splits: { train: 50, test: 15 },
      duplicates: { within: 0, across: 5 },
    });
    expect(report.images).toMatchObject({ height: 28, width: 28, channels: 1, sizes: 1 });
    expect(report.images!.mean).toBeCloseTo(mean, 10);
    expect(report.images!.deviation).toBeCloseTo(Math.sqrt(variance), 10);
    expect(report.images!.histogram.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 10);
    expect(report.classes!.map(({ counts }) => counts.train)).toEqual(new Array(10).fill(5));
    expect(report.samples.map(({ label }) => label).join("")).toBe("00112233445566778899");
    const first = records.find(({ label }) => label === 0)!;
    const shown = decode(Buffer.from(report.samples[0]!.png!.split(",")[1]!, "base64"));
    expect(Uint8Array.from(shown.data)).toEqual(first.image.pixels);
    const digest = new RecordDigest().split("train");
    for (const [index, record] of records.entries()) {
      if (index === 50) digest.split("test");
      digest.image(record);
    }
    expect(report.digest).toBe(digest.hex());
  });

  it("refuses a label without a class", async () => {
    const splits = { train: digits({ seed: 1, count: 10 }) };
    await expect(reportImages({ name: "digits", splits, classes: ["0"] })).rejects.toThrow(
      /Record "digits-1-\d": expected a label from 0 to 0\. Received \d\./,
    );
  });
});

describe("renderDataReport", () => {
  it("makes one page that needs nothing else and shows text as text", async () => {
    const page = renderDataReport(await table());
    expect(page).toContain("<title>people &#38; &#60;places&#62; – data report</title>");
    expect(page).toContain("&#60;b&#62;Köln&#60;/b&#62;");
    expect(page).not.toContain("<b>");
    expect(page).not.toMatch(/<script|https?:|src="(?!data:)/);
    expect(page).toContain("<td>spaces in &#34;city&#34;</td>");
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
  });

  it("stands an empty data set", async () => {
    const page = renderDataReport(await reportTable({ name: "nothing", splits: { train: [] }, target: "y" }));
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
  });
});
