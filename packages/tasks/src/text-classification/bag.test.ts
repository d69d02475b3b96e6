import { describe, expect, it } from "vitest";
import { writeBuckets } from "./bag.ts";

const bucketsOf = (text: string, ngrams: number, length = 16) => {
  const into = new Float32Array(length);
  writeBuckets(text, into, { ngrams, buckets: 1 << 16 });
  return [...into].filter((bucket) => bucket > 0);
};

describe("buckets of n-grams", () => {
  it("come shortest first, whatever the case and width, and stop at the length", () => {
    const single = bucketsOf("good food here", 1);
    expect(single).toHaveLength(3);
    expect(bucketsOf("Ｇood FOOD here", 2).slice(0, 3)).toEqual(single);
    expect(bucketsOf("good food here", 2)).toHaveLength(5);
    expect(bucketsOf("good food here", 2, 4)).toHaveLength(4);
    expect(bucketsOf("not good", 2)).not.toEqual(bucketsOf("good not", 2));
  });

  it("take Chinese by characters", () => {
    expect(bucketsOf("今天good", 1)).toEqual([...bucketsOf("今", 1), ...bucketsOf("天", 1), ...bucketsOf("good", 1)]);
    expect(bucketsOf(" ", 2)).toEqual([]);
  });
});
