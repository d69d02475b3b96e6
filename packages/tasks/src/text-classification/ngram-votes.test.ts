import { describe, expect, it } from "vitest";
import { fitNgrams, joinAttributions, NgramVotes, NgramVotesConfig } from "./ngram-votes.ts";

const texts = Array.from({ length: 30 }, (_, index) => ({
  text: `${["good soup", "bad room", "cold tea"][index % 3]} ${index % 7}`,
  label: index % 3,
}));
const fit = async (changes: object) => {
  const config = NgramVotesConfig.parse({ buckets: 64, ...changes });
  return new NgramVotes(config, await fitNgrams(config, { texts, classes: 3 }));
};

describe("votes of n-grams", () => {
  it.each([
    { margins: { spread: 2 } },
    { naiveBayes: { spread: 1 } },
    { weighting: "tf-idf", margins: { spread: 2 }, naiveBayes: { spread: 1 } },
  ])("know three classes, and what each word did: %j", async (changes) => {
    const votes = await fit(changes);
    const right = texts.filter(({ text, label }) => {
      const logits = votes.logits(text);
      return logits.indexOf(Math.max(...logits)) === label;
    });
    expect(right.length).toBeGreaterThan(27);
    const start = votes.logits("");
    expect([...votes.logits(" ")]).toEqual([...start]);
    for (const text of ["cold room, good soup", "冷茶 tea's", " "]) {
      const logits = votes.logits(text);
      logits.forEach((logit, index) => {
        const sum = votes.attribute(text, index).reduce((total, { value }) => total + value, 0);
        expect(sum).toBeCloseTo(logit - start[index]!, 5);
      });
    }
    const read = NgramVotes.read(votes.config, new Map(votes.tensors().map((tensor) => [tensor.name, tensor])), 3);
    expect([...read.logits("cold room")]).toEqual([...votes.logits("cold room")]);
  });
});

describe("joinAttributions", () => {
  const part = (text: string, start: number, value: number) => ({ text, start, end: start + text.length, value });

  it("shares values by what places have in common, and keeps places of its own", () => {
    const pieces = [part("I", 0, 1), part("don", 2, 2), part("'", 5, 0), part("t", 6, 1)];
    const words = [part("I", 0, 0.5), part("don't", 2, 5), part("know", 8, 3)];
    expect(joinAttributions(pieces, words)).toEqual([
      part("I", 0, 1.5),
      part("don", 2, 5),
      part("'", 5, 1),
      part("t", 6, 2),
      part("know", 8, 3),
    ]);
    expect(joinAttributions(words, pieces)).toEqual([part("I", 0, 1.5), part("don't", 2, 8), part("know", 8, 3)]);
    expect(joinAttributions([], words)).toEqual(words);
    expect(joinAttributions(words, [])).toEqual(words);
    // A place that begins before the word that it belongs to.
    expect(joinAttributions([part("a", 1, 1)], [part("xa", 0, 1)])).toEqual([part("a", 1, 2)]);
  });

  it("takes a long text in a moment", () => {
    const parts = Array.from({ length: 200_000 }, (_, at) => part("字", at, 1));
    expect(joinAttributions(parts.slice(0, 64), parts)).toHaveLength(200_000);
  });
});
