import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { complementNaiveBayes, type WeightedText } from "./naive-bayes.ts";

/** Made by tools/golden/tasks_naive_bayes.py. */
const cases: {
  features: number;
  classes: number;
  smoothing: number;
  texts: [feature: number, weight: number][][];
  labels: number[];
  votes: number[][];
  predictions: number[];
}[] = JSON.parse(readFileSync(new URL("./fixtures/naive-bayes.json", import.meta.url), "utf8"));

/** Bucket 0 stands for none, so features begin at 1. */
const weighted = ({ texts, labels }: (typeof cases)[number]): WeightedText[] =>
  texts.map((text, index) => ({
    buckets: Int32Array.from(text, ([feature]) => feature + 1),
    weights: Float32Array.from(text, ([, weight]) => weight),
    label: labels[index]!,
  }));

const logitsOf = ({ buckets, weights }: WeightedText, votes: Float32Array, classes: number) =>
  Array.from({ length: classes }, (_, each) =>
    buckets.reduce((sum, bucket, at) => sum + weights[at]! * votes[bucket * classes + each]!, 0),
  );

describe("complementNaiveBayes", () => {
  it.each(cases.map((each) => [each.classes, each] as const))(
    "has scikit-learn's weights: %i classes",
    (classes, each) => {
      // Buckets that no text has are as if they were not there.
      const options = { buckets: each.features + 9, classes, smoothing: each.smoothing };
      const texts = weighted(each);
      const votes = complementNaiveBayes(texts, { ...options, spread: 0 });
      each.votes.forEach((row, feature) => {
        row.forEach((vote, index) => expect(votes[(feature + 1) * classes + index]).toBeCloseTo(vote, 5));
      });
      expect(
        [...votes.subarray(0, classes), ...votes.subarray((each.features + 1) * classes)].every((vote) => vote === 0),
      ).toBe(true);
      const predicted = texts.map((text) => {
        const logits = logitsOf(text, votes, classes);
        return logits.indexOf(Math.max(...logits));
      });
      expect(predicted).toEqual(each.predictions);
    },
  );

  it("spreads the logits as asked, and leaves what no text tells apart at 0", () => {
    const [each] = cases;
    const { features, classes, smoothing } = each!;
    const options = { buckets: features + 1, classes, smoothing, spread: 2.5 };
    const texts = weighted(each!);
    const votes = complementNaiveBayes(texts, options);
    const logits = texts.flatMap((text) => logitsOf(text, votes, classes));
    expect(Math.sqrt(logits.reduce((sum, logit) => sum + logit * logit, 0) / logits.length)).toBeCloseTo(2.5, 4);
    expect([...complementNaiveBayes([], options)]).toEqual(new Array((features + 1) * classes).fill(0));
  });
});
