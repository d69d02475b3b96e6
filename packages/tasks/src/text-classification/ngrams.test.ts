import { describe, expect, it } from "vitest";
import { bucketsOf, NgramConfig, placedNgrams } from "./ngrams.ts";

const buckets = 1 << 16;
const wordBuckets = (text: string, ngrams: number, length = 16) => [
  ...bucketsOf(text, NgramConfig.parse({ ngrams, length, buckets })),
];

describe("buckets of n-grams", () => {
  it("come shortest first, whatever the case and width, and stop at the length", () => {
    const single = wordBuckets("good food here", 1);
    expect(single).toHaveLength(3);
    expect(wordBuckets("Ｇood FOOD here", 2).slice(0, 3)).toEqual(single);
    expect(wordBuckets("good food here", 2)).toHaveLength(5);
    expect(wordBuckets("good food here", 2, 4)).toHaveLength(4);
    expect(wordBuckets("not good", 2)).not.toEqual(wordBuckets("good not", 2));
  });

  it("take Chinese by characters", () => {
    const [today, sky, good] = ["今", "天", "good"].map((text) => wordBuckets(text, 1));
    expect(wordBuckets("今天good", 1)).toEqual([...today!, ...sky!, ...good!]);
    expect(wordBuckets(" ", 2)).toEqual([]);
  });

  it("count the dictionary's words of several Chinese characters once more", () => {
    const config = NgramConfig.parse({ ngrams: 1, dictionary: true, length: 100, buckets });
    const plain = wordBuckets("科学发展 good food", 1);
    const found = bucketsOf("科学发展 good food", config);
    expect([...found.subarray(0, plain.length)]).toEqual(plain);
    // 科学, 发展
    expect(found).toHaveLength(plain.length + 2);
    expect(bucketsOf("发展", config)[2]).toBe(found[found.length - 1]);
    const { shares, buckets: placed } = placedNgrams("科学发展 good food", config);
    expect(placed).toEqual(found);
    expect([...shares[shares.length - 1]!]).toEqual([
      [2, 0.5],
      [3, 0.5],
    ]);
  });

  it("count characters across words, white space as one space, and never white space alone", () => {
    const config = NgramConfig.parse({ ngrams: 1, characters: [1, 2], length: 100, buckets });
    // Two words; a, b, c; "ab", "b ", " c".
    expect(bucketsOf("ab \n c", config)).toHaveLength(2 + 3 + 3);
    expect(bucketsOf("ab \n c", config)).toEqual(bucketsOf("AB c", config));
    expect(bucketsOf("a", config)[0]).not.toBe(bucketsOf("a", config)[1]);
  });
});

describe("places of n-grams", () => {
  const config = NgramConfig.parse({ ngrams: 2, characters: [2, 3], length: 200, buckets });

  it("are those of the text as given, and the buckets the same", () => {
    const text = "Ｇut, zu  „ﬁnden“: 今天很好 e\u0301té";
    const { buckets: found, units, shares } = placedNgrams(text, config);
    expect(found).toEqual(bucketsOf(text, config));
    expect(units.map(([start, end]) => text.slice(start, end))).toEqual([
      "Ｇut",
      ",",
      "zu",
      "„",
      "ﬁnden",
      "“",
      ":",
      "今",
      "天",
      "很",
      "好",
      "e\u0301té",
    ]);
    for (const own of shares) expect([...own.values()].reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
  });

  it("give the pieces of a word to that word, and those across words to both", () => {
    const { units, shares } = placedNgrams(
      "ab cd",
      NgramConfig.parse({ ngrams: 1, characters: [3, 3], length: 9, buckets }),
    );
    expect(units).toEqual([
      [0, 2],
      [3, 5],
    ]);
    // "ab", "cd", "ab ", "b c", " cd"
    expect(shares.map((own) => [...own])).toEqual([
      [[0, 1]],
      [[1, 1]],
      [[0, 1]],
      [
        [0, 0.5],
        [1, 0.5],
      ],
      [[1, 1]],
    ]);
  });
});
