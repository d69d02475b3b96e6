import { describe, expect, it } from "vitest";
import { from } from "../dataset.ts";
import { findContamination } from "./contamination.ts";
import { nearDuplicateTexts } from "./fixtures/near-duplicate-texts.ts";

const texts = (...all: string[]) => all.map((text) => ({ text }));
const words = (start: number, count: number) =>
  Array.from({ length: count }, (_, index) => `w${start + index}`).join(" ");

describe("findContamination", () => {
  it("finds shared runs of 13 words, their share and where they come from", async () => {
    const test = texts(words(0, 26), words(100, 30), words(200, 12), "short one");
    const train = texts(
      words(500, 40),
      `x ${words(0, 15).toUpperCase().replaceAll(" ", ", ")} y`,
      words(100, 12),
      words(199, 20),
    );
    expect(await findContamination({ train, test })).toEqual({
      size: 13,
      items: 4,
      tooShort: 1,
      documents: 4,
      contaminated: [
        { index: 2, share: 1, document: 3, example: words(200, 12) },
        { index: 0, share: 3 / 14, document: 1, example: words(0, 13) },
      ],
      share: 0.5,
      common: 0,
    });
    expect((await findContamination({ train, test }, { share: 0.5 })).contaminated.map(({ index }) => index)).toEqual([
      2,
    ]);
    const byEight = await findContamination({ train, test }, { size: 8 });
    expect(byEight.contaminated.map(({ index }) => index)).toEqual([2, 0, 1]);
  });

  it("takes Chinese by the character", async () => {
    const test = texts("北冥有鱼，其名为鲲。鲲之大，不知其几千里也。");
    const { contaminated } = await findContamination({ train: texts("他写道：北冥有鱼其名为鲲鲲之大不知！"), test });
    expect(contaminated[0]!.example).toBe("北 冥 有 鱼 其 名 为 鲲 鲲 之 大 不 知");
  });

  it("leaves out what half the training part says", async () => {
    const phrase = words(0, 14);
    const train = Array.from({ length: 11 }, (_, index) => ({ text: `${phrase} and ${index}` }));
    const { contaminated, common } = await findContamination({ train, test: texts(`${phrase} well then`) });
    expect([contaminated, common]).toEqual([[], 2]);
    const all = await findContamination({ train, test: texts(`${phrase} well then`) }, { common: 11 });
    expect(all.contaminated[0]!.share).toBe(2 / 4);
  });

  it("equals a search by strings, on ids of a tokenizer too", async () => {
    const train = nearDuplicateTexts(200, { seed: 21, words: 60 });
    const test = nearDuplicateTexts(200, { seed: 21, words: 60 })
      .slice(100, 130)
      .concat(nearDuplicateTexts(50, { seed: 22, words: 60 }).map((each) => each));
    const plain = (text: string) => text.replaceAll(".", "").split(" ");
    const joined = train.slice(0, 100).map(({ text }) => ` ${plain(text).join(" ")} `);
    const expected = test.flatMap(({ text }, index) => {
      const own = plain(text);
      const grams = own.slice(7).map((_, at) => ` ${own.slice(at, at + 8).join(" ")} `);
      return grams.some((gram) => joined.some((each) => each.includes(gram))) ? [index] : [];
    });
    const ids = new Map<string, number>();
    const tokenize = (text: string) =>
      Int32Array.from(plain(text), (word) => {
        if (!ids.has(word)) ids.set(word, ids.size);
        return ids.get(word)!;
      });
    for (const options of [{}, { tokenize }]) {
      const { contaminated } = await findContamination(
        { train: from(train).take(100), test: from(test) },
        { size: 8, common: 1e9, ...options },
      );
      expect(contaminated.map(({ index }) => index).sort((left, right) => left - right)).toEqual(expected);
    }
    expect(expected.length).toBeGreaterThan(5);
    expect(expected.length).toBeLessThan(50);
  });

  it("refuses a size below one", async () => {
    await expect(findContamination({ train: [], test: [] }, { size: 0 })).rejects.toThrow("Received 0.");
  });
});
