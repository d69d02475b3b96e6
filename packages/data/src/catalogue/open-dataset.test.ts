import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { cleanTable } from "../preparation/clean.ts";
import { TablePreparation } from "../preparation/table-preparation.ts";
import { openDataset, openMnist } from "./open-dataset.ts";
import { tableLayouts } from "./table-layouts.ts";

const mirror = fileURLToPath(new URL("../../../../../shared/data", import.meta.url));
const options = { mirror, cache: "/nonexistent" };

/** Rows and classes, or the mean of the target, as the data sets' own documentation counts them. */
const documented: Record<string, { rows: number; missing: number; classes?: Record<string, number>; mean?: number }> = {
  adult: { rows: 32561, missing: 4262, classes: { "<=50K": 24720, ">50K": 7841 } },
  iris: { rows: 150, missing: 0, classes: { "Iris-setosa": 50, "Iris-versicolor": 50, "Iris-virginica": 50 } },
  wine: { rows: 178, missing: 0, classes: { "1": 59, "2": 71, "3": 48 } },
  wdbc: { rows: 569, missing: 0, classes: { benign: 357, malignant: 212 } },
  "breast-cancer": { rows: 699, missing: 16, classes: { benign: 458, malignant: 241 } },
  banknote: { rows: 1372, missing: 0, classes: { "0": 762, "1": 610 } },
  abalone: { rows: 4177, missing: 0, mean: 9.934 },
  german: { rows: 1000, missing: 0, classes: { bad: 300, good: 700 } },
  ionosphere: { rows: 351, missing: 0, classes: { bad: 126, good: 225 } },
  penguins: { rows: 344, missing: 19, classes: { Adelie: 152, Chinstrap: 68, Gentoo: 124 } },
  winequality: { rows: 6497, missing: 0 },
  sklearn_digits: { rows: 1797, missing: 0 },
};

describe.skipIf(!existsSync(mirror))("openDataset (needs ../shared/data)", () => {
  it.each(Object.keys(tableLayouts))("opens %s with the documented rows, classes and missing values", async (name) => {
    const opened = await openDataset(name, options);
    if (opened.kind !== "table") throw new Error("Expected a table.");
    const { rows } = await cleanTable(opened.train, opened.cleaning);
    const expected = documented[name]!;
    expect(rows).toHaveLength(expected.rows);
    expect(Object.keys(rows[0]!)).toEqual(opened.schema.map((column) => column.name));
    expect(rows.flatMap((row) => Object.values(row)).filter((value) => value === null)).toHaveLength(expected.missing);
    const preparation = await TablePreparation.fit(rows, opened.schema);
    const targets = rows.map((row, at) => preparation.target(row, at));
    if (expected.classes) {
      const counts = preparation.classes.map((label, index) => [
        label,
        targets.filter((each) => each === index).length,
      ]);
      expect(Object.fromEntries(counts)).toEqual(expected.classes);
    }
    if (expected.mean !== undefined) {
      expect(targets.reduce((sum, value) => sum + value, 0) / targets.length).toBeCloseTo(expected.mean, 3);
    }
    for (const value of preparation.transform(rows.at(-1)!)) expect(Number.isFinite(value)).toBe(true);
  });

  it("opens the records that adult's authors set aside", async () => {
    const opened = await openDataset("adult", options);
    if (opened.kind !== "table" || opened.test === undefined) throw new Error("Expected a table with a test part.");
    const { rows, cleaning } = await cleanTable(opened.test, opened.cleaning);
    expect(rows).toHaveLength(16281);
    expect(rows.filter((row) => row.income === ">50K")).toHaveLength(3846);
    expect(cleaning.find(({ reason }) => reason === 'spelling in "income"')!.count).toBe(16281);
  });

  it("opens MNIST", async () => {
    const { train, test, classes } = await openMnist(options);
    expect([train.size, test.size, classes.length]).toEqual([60000, 10000, 10]);
    expect((await train.take(5).toArray()).map(({ label }) => label)).toEqual([5, 0, 4, 1, 9]);
    const [first] = await test.take(1).toArray();
    expect(first).toMatchObject({ label: 7, key: "mnist-test-0", image: { height: 28, width: 28, channels: 1 } });
    expect(first!.image.pixels.reduce((sum, value) => sum + value, 0)).toBe(18454);
  });

  it("says what opens by name", async () => {
    await expect(openDataset("fsdd", options)).rejects.toThrow("Use fetchDataset and a reader for its files.");
  });
});
