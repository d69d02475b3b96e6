import { Tokenizer, trainTokenizer } from "@nacre/data";
import { beforeAll, describe, expect, it } from "vitest";
import { labelsOf, mostContext, type QuestionWindow, windowsOf } from "./windows.ts";

const passages = {
  en: "The quick brown fox, born in 1984, lives in Leeds with a lazy dog. It plays the double bass every night.",
  zh: "小明住在哈尔滨，出生于一九八四年。他会演奏二胡和钢琴，还养了一只小狗。",
  // Two characters outside of the basic plane before the answer: four UTF-16 units.
  rare: "𠮷野家在東京，😀 它的招牌菜是牛丼𩸽飯。",
};
const question = { en: "Where does the fox live?", zh: "小明住在哪里？", rare: "招牌菜是什么？" };

let tokenizer: Tokenizer;
beforeAll(async () => {
  const texts = [...Object.values(passages), ...Object.values(question)];
  tokenizer = await trainTokenizer(texts, { model: "wordpiece", vocabularySize: 160, minimumFrequency: 0 });
});
const cut = (name: keyof typeof passages, length: number, stride: number) =>
  windowsOf(question[name], passages[name], { tokenizer, length, stride, question: 64 });
const slices = (passage: string, { from, to, places }: QuestionWindow) =>
  passage.slice(places[2 * from], places[2 * to - 1]);

describe("windows", () => {
  it("hold question and passage with their types, and overlap", () => {
    const [whole] = cut("en", 200, 32);
    expect(cut("en", 200, 32)).toHaveLength(1);
    const [cls, sep] = [tokenizer.tokenToId("[CLS]"), tokenizer.tokenToId("[SEP]")];
    expect([whole!.ids[0], whole!.ids[whole!.from - 1], whole!.ids.at(-1)]).toEqual([cls, sep, sep]);
    expect([...new Set(whole!.types.slice(0, whole!.from))]).toEqual([0]);
    expect([...new Set(whole!.types.slice(whole!.from))]).toEqual([1]);
    expect(slices(passages.en, whole!)).toBe(passages.en);

    const windows = cut("en", whole!.from + 20, 7);
    expect(windows.length).toBeGreaterThan(3);
    const all = whole!.ids.slice(whole!.from, whole!.to);
    windows.forEach(({ ids, from, to, offset }, index) => {
      expect(offset).toBe(7 * index);
      expect(ids.length).toBeLessThanOrEqual(whole!.from + 20);
      expect([...ids.slice(from, to)]).toEqual([...all.slice(offset, offset + to - from)]);
    });
    expect(windows.at(-1)!.offset + windows.at(-1)!.to - windows.at(-1)!.from).toBe(all.length);
  });

  it.each([
    ["en", "Leeds"],
    ["en", "the double bass"],
    ["zh", "哈尔滨"],
    ["zh", "二胡和钢琴"],
    ["rare", "牛丼𩸽飯"],
    ["rare", "東京"],
    ["rare", "𠮷野家"],
  ] as const)("%s: marks the tokens of %s", (name, text) => {
    const start = passages[name].indexOf(text);
    const [window] = cut(name, 200, 32);
    const labels = labelsOf(window!, { start, end: start + text.length });
    expect(passages[name].slice(window!.places[2 * labels.start], window!.places[2 * labels.end + 1])).toBe(text);
  });

  it("point at the first token where they lack a part of the answer", () => {
    const start = passages.en.indexOf("the double bass");
    const place = { start, end: start + "the double bass".length };
    const windows = cut("en", cut("en", 200, 32)[0]!.from + 20, 7);
    const held = windows.map((window) => slices(passages.en, window).includes("the double bass"));
    expect(new Set(held)).toEqual(new Set([true, false]));
    windows.forEach((window, index) => {
      expect(labelsOf(window, place).start > 0).toBe(held[index]);
    });
  });

  it("cut long questions and refuse rows without room", () => {
    const [short] = windowsOf(question.en, passages.en, { tokenizer, length: 200, stride: 8, question: 2 });
    expect(short!.from).toBe(4); // [CLS], two tokens, [SEP]
    expect(() => cut("en", 16, 12)).toThrow("make rows longer or the stride shorter");
    const bare = Tokenizer.fromJson({ ...tokenizer.toJson(), post_processor: null });
    const options = { tokenizer: bare, length: 64, stride: 8, question: 64 };
    expect(() => windowsOf("who?", passages.en, options)).toThrow("special tokens around a text and its pair");
  });

  it("take each token where most stands around it", () => {
    // Twelve tokens in windows of 8 that begin at 0 and 4: tokens 4 to 7 are in both.
    const window = (offset: number) => ({ from: 3, to: 11, offset });
    const [first, second] = mostContext([window(0), window(4)]);
    expect([...first!]).toEqual([1, 1, 1, 1, 1, 1, 0, 0]);
    expect([...second!]).toEqual([0, 0, 1, 1, 1, 1, 1, 1]);
  });
});
