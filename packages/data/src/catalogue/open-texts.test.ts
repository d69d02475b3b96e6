import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { Dataset } from "../dataset.ts";
import { readTar } from "../readers/tar.ts";
import { openDataset } from "./open-dataset.ts";
import { openLabelledTexts } from "./open-labelled-texts.ts";
import { openQuestions } from "./open-questions.ts";
import { openTexts } from "./open-texts.ts";
import { openTranslationPairs } from "./open-translations.ts";

const mirror = fileURLToPath(new URL("../../../../../shared/data", import.meta.url));
const here = existsSync(mirror);
if (!here) console.log(`Skipped: no data sets at ${mirror}`);
const options = { mirror, cache: "/nonexistent" };
const counts = (parts: readonly (Dataset<unknown> | undefined)[]) =>
  Promise.all(parts.map(async (part) => (await part?.toArray())?.length));
const keysOf = async <T>(part: Dataset<T>, key: (record: T) => string) =>
  new Set((await part.toArray()).map((record) => key(record)));

describe.skipIf(!here)("openTexts (needs ../shared/data)", () => {
  it("opens Tiny Shakespeare, cut by position", async () => {
    const { train, validation, test } = await openTexts("tinyshakespeare", options);
    const [before] = await train.toArray();
    const [after] = await validation.toArray();
    expect([before!.text.length, after!.text.length]).toEqual([1003854, 111540]);
    expect(before!.text.startsWith("First Citizen:\nBefore we proceed any further")).toBe(true);
    expect(test).toBeUndefined();
  });

  it("opens names, none of them in two parts", async () => {
    const { train, validation, test } = await openTexts("names", options);
    const sizes = await counts([train, validation, test]);
    expect(sizes.reduce((sum, size) => sum! + size!, 0)).toBe(32033);
    const [seen, other, last] = await Promise.all(
      [train, validation, test!].map((part) => keysOf(part, (r) => r.text)),
    );
    expect(seen!.size + other!.size + last!.size).toBe(29494);
  });

  it("opens Chinese poetry", async () => {
    const { train, validation, test } = await openTexts("chinese-poetry", options);
    const records = (await Promise.all([train, validation, test!].map((part) => part.toArray()))).flat();
    expect(records).toHaveLength(15344);
    expect(records.every(({ text }) => text !== "")).toBe(true);
    expect(new Set(records.map(({ key }) => key)).size).toBe(15344);
    expect(records.find(({ key }) => key === "全唐诗/poet.tang.0-0")).toEqual({
      text: "秦川雄帝宅，函谷壯皇居。\n綺殿千尋起，離宮百雉餘。\n連甍遙接漢，飛觀迥凌虛。\n雲日隱層闕，風煙出綺疎。",
      key: "全唐诗/poet.tang.0-0",
      collection: "全唐诗",
      title: "帝京篇十首 一",
      author: "太宗皇帝",
    });
    expect(new Set(records.map(({ collection }) => collection)).size).toBe(8);
  });
});

describe.skipIf(!here)("openTranslationPairs (needs ../shared/data)", () => {
  it("opens multi30k with its authors' parts, in any direction", async () => {
    const { train, validation, tests } = await openTranslationPairs("multi30k", options);
    expect([train.size, validation.size, ...Object.values(tests).map(({ size }) => size)]).toEqual([
      29000, 1014, 1000, 1000, 461,
    ]);
    const [first] = await train.take(1).toArray();
    expect(first).toEqual({
      source: "Zwei junge weiße Männer sind im Freien in der Nähe vieler Büsche.",
      target: "Two young, White males are outside near many bushes.",
      key: "multi30k-train-0",
    });
    const french = await openTranslationPairs("multi30k", { ...options, source: "en", target: "fr" });
    expect((await french.train.take(1).toArray())[0]!.target).toBe(
      "Deux jeunes hommes blancs sont dehors près de buissons.",
    );
    await expect(openTranslationPairs("multi30k", { ...options, source: "zh" })).rejects.toThrow(
      'Expected a language of de, en, fr. Received "zh".',
    );
  });

  it("opens cmn-eng, no English sentence in two parts", async () => {
    const opened = await openTranslationPairs("cmn-eng", options);
    const sizes = await counts([opened.train, opened.validation, opened.test]);
    expect(sizes.reduce((sum, size) => sum! + size!, 0)).toBe(29155);
    expect(sizes[1]).toBeGreaterThan(1300);
    const [seen, held] = await Promise.all([opened.train, opened.test].map((part) => keysOf(part, (r) => r.target)));
    expect([...held!].filter((sentence) => seen!.has(sentence))).toEqual([]);
    const [first] = await opened.train.filter(({ key }) => key === "cmn-eng-2").toArray();
    expect(first).toMatchObject({ source: "你用跑的。", target: "Run." });
    expect(first!.attribution).toContain("tatoeba.org #4008918");
  });
});

describe.skipIf(!here)("openQuestions (needs ../shared/data)", () => {
  it.each(["en", "zh", "de"])("opens XQuAD in %s, answers where they say", async (language) => {
    const { official, train, validation, test } = await openQuestions("xquad", { ...options, language });
    const all = await official.test!.toArray();
    expect(all).toHaveLength(1190);
    for (const { answers, context } of all)
      for (const { text, start } of answers) expect(context.startsWith(text, start!)).toBe(true);
    const sizes = await counts([train, validation, test]);
    expect(sizes.reduce((sum, size) => sum! + size!, 0)).toBe(1190);
    for (const size of sizes) expect(size).toBeGreaterThan(50);
  });

  it("opens CMRC 2018", async () => {
    const { official, train, validation, test } = await openQuestions("cmrc2018", options);
    const dev = await official.dev!.toArray();
    expect([dev.length, (await test.toArray()).length]).toEqual([3219, 1002]);
    expect(dev[0]).toMatchObject({
      key: "DEV_0_QUERY_0",
      question: "《战国无双3》是由哪两个公司合作开发的？",
      answers: [{ text: "光荣和ω-force", start: 11 }],
    });
    const answers = dev.flatMap(({ context, answers: given }) => given.map((answer) => ({ context, ...answer })));
    for (const { context, text, start } of answers) {
      if (start === undefined) expect(context.includes(text)).toBe(false);
      else expect(context.startsWith(text, start)).toBe(true);
    }
    const [seen, held] = await Promise.all([train, validation].map((part) => keysOf(part, (r) => r.context)));
    expect([...held!].filter((context) => seen!.has(context))).toEqual([]);
    expect(held!.size + seen!.size).toBe(848);
  });
});

describe.skipIf(!here)("openLabelledTexts (needs ../shared/data)", () => {
  it("opens Banking77", async () => {
    const { train, test, classes } = await openLabelledTexts("banking77", options);
    expect([train.size, test.size, classes.length]).toEqual([10003, 3080, 77]);
    expect((await train.take(1).toArray())[0]).toEqual({
      text: "I am still waiting on my card?",
      label: classes.indexOf("card_arrival"),
      key: "banking77-train-0",
    });
  });

  it("opens CSL", async () => {
    const { train, validation, test, classes } = await openLabelledTexts("csl-category-zh", options);
    expect([train.size, validation!.size, test.size, classes.length]).toEqual([8000, 1000, 1000, 13]);
    const [first] = await train.take(1).toArray();
    expect([first!.text, classes[first!.label]]).toEqual(["太平天国私人便章“朝勋詹记”考", "历史学"]);
  });

  it("opens sentiment sentences in ten folds that share no text", async () => {
    const seen = new Map<string, number>();
    for (let fold = 0; fold < 10; fold++) {
      const { train, test } = await openLabelledTexts("sentiment-sentences", { ...options, fold });
      expect(train.size! + test.size!).toBe(1000);
      for (const { key } of await test.toArray()) seen.set(key, (seen.get(key) ?? 0) + 1);
    }
    expect([seen.size, new Set(seen.values())]).toEqual([1000, new Set([1])]);
    const { train, test } = await openLabelledTexts("sentiment-sentences", options);
    const labels = [...(await train.toArray()), ...(await test.toArray())].map(({ label }) => label);
    expect(labels.filter((label) => label === 1)).toHaveLength(500);
    await expect(openLabelledTexts("sentiment-sentences", { fold: 10 })).rejects.toThrow(
      "Expected a fold from 0 to 9. Received 10.",
    );
  });
});

describe.skipIf(!here)("openDataset (needs ../shared/data)", () => {
  it.each([
    ["names", "texts"],
    ["multi30k", "translations"],
    ["xquad", "questions"],
    ["banking77", "labelled-texts"],
  ])("opens %s by name", async (name, kind) => {
    expect((await openDataset(name, options)).kind).toBe(kind);
  });
});

describe("readTar", () => {
  const entry = (name: string, content: string, kind = "0") => {
    const header = new Uint8Array(512);
    const write = (at: number, text: string) => header.set(new TextEncoder().encode(text), at);
    const bytes = new TextEncoder().encode(content);
    write(0, name);
    write(124, `${bytes.length.toString(8).padStart(11, "0")} `);
    write(148, "        ");
    write(156, kind);
    write(257, "ustar\x0000");
    const sum = header.reduce((total, byte) => total + byte, 0);
    write(148, `${sum.toString(8).padStart(6, "0")}\0 `);
    const padded = new Uint8Array(Math.ceil(bytes.length / 512) * 512);
    padded.set(bytes);
    return [...header, ...padded];
  };
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

  it("gives files, not folders, with short and long names", async () => {
    const long = `${"深".repeat(60)}/诗.json`;
    const archive = Uint8Array.from([
      ...entry("folder/", "", "5"),
      ...entry("folder/one.txt", "one"),
      ...entry("././@LongLink", `${long}\0`, "L"),
      ...entry(long.slice(0, 30), "two"),
      ...entry("pax", `16 path=pax.txt\n`, "x"),
      ...entry("cut", "three"),
      ...new Uint8Array(1024),
    ]);
    const files = await readTar(new Uint8Array(gzipSync(archive)));
    expect(files.map(({ name, bytes }) => [name, decode(bytes)])).toEqual([
      ["folder/one.txt", "one"],
      [long, "two"],
      ["pax.txt", "three"],
    ]);
  });

  it("refuses what is no archive, or only half of one", async () => {
    await expect(readTar(new Uint8Array(1024).fill(7))).rejects.toThrow("expected the header of a tar archive");
    const archive = Uint8Array.from(entry("one.txt", "x".repeat(600)));
    await expect(readTar(archive.subarray(0, 700))).rejects.toThrow(
      "expected 600 bytes for one.txt. The archive is cut off.",
    );
  });
});
