import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TextClassificationRecipe } from "./recipe.ts";
import { innerParts, openTexts } from "./source.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nacre-labelled-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const open = (source: object) => {
  const recipe = TextClassificationRecipe.parse({
    name: "texts",
    title: { en: "", zh: "" },
    task: "text-classification",
    data: { source },
    model: { family: "bag" },
    train: { epochs: 1 },
  });
  return openTexts(recipe, { folder, progress() {} });
};

describe("openTexts", () => {
  it("reads labelled files, and keeps texts that differ in case only on one side", async () => {
    const rows = Array.from({ length: 200 }, (_, index) => ({
      text: `text ${index >> 1}`,
      kind: index & 2 ? "b" : "a",
    }));
    const cased = rows.map(({ text, kind }, index) => ({ text: index & 1 ? text.toUpperCase() : text, kind }));
    await writeFile(join(folder, "texts.jsonl"), cased.map((row) => JSON.stringify(row)).join("\n"));
    await writeFile(
      join(folder, "texts.csv"),
      ["text,kind", ...cased.map(({ text, kind }) => `${text},${kind}`)].join("\n"),
    );
    const parts = await open({ from: "file", path: "texts.jsonl", label: "kind" });
    expect(parts.classes).toEqual(["a", "b"]);
    expect(parts.train.length + parts.validation.length + parts.test.length).toBe(200);
    const sides = [parts.train, parts.validation, parts.test].map(
      (part) => new Set(part.map(({ text }) => text.toLowerCase())),
    );
    expect(sides.reduce((sum, { size }) => sum + size, 0)).toBe(100);
    expect({ ...(await open({ from: "file", path: "texts.csv", label: "kind" })), name: "" }).toEqual({
      ...parts,
      name: "",
    });
  });

  it("says which record lacks a value, and which files it reads", async () => {
    await writeFile(join(folder, "gap.jsonl"), '{"text":"one","label":"a"}\n{"text":"two"}\n');
    await expect(open({ from: "file", path: "gap.jsonl" })).rejects.toThrow(
      'gap.jsonl, record 2: expected a value in "label"',
    );
    await expect(open({ from: "file", path: "texts.docx" })).rejects.toThrow("ends in .csv, .tsv or .jsonl");
  });
});

describe("innerParts", () => {
  const texts = (count: number, from = 0) =>
    Array.from({ length: count }, (_, index) => ({ text: `text ${from + index}`, label: 0 }));

  it("keeps the data set's own validation part, and shares all out where another share is asked for", async () => {
    const [train, own] = [texts(900), texts(100, 900)];
    expect(await innerParts(train, own, undefined)).toEqual({ train, validation: own });
    for (const [validation, share] of [
      [own, 0.02],
      [[], undefined],
    ] as const) {
      const all = [...train, ...validation];
      const parts = await innerParts(train, validation, share);
      expect([...parts.train, ...parts.validation].map(({ text }) => text).sort()).toEqual(
        all.map(({ text }) => text).sort(),
      );
      expect(Math.abs(parts.validation.length / all.length - (share ?? 0.1))).toBeLessThan(0.03);
    }
  });
});
