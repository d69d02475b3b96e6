import { fitLinearSvm, linearScores, type SparseMatrix } from "@nacre/evaluate/baselines";
import { Random } from "@nacre/random";
import { disposeModel, ready, tf } from "@nacre/tensor";
import { beforeAll, describe, expect, it } from "vitest";
import { Bag, BagConfig } from "./bag.ts";
import { type BagBundle, bagFamily, fitBag } from "./bag-family.ts";
import { marginVotes } from "./margin-votes.ts";
import { inverseDocumentFrequency } from "./ngram-votes.ts";

beforeAll(async () => {
  await ready({ backend: "cpu" });
});

const config = (changes: object = {}) =>
  BagConfig.parse({ family: "bag", buckets: 256, features: 5, characters: [2, 4], length: 200, ...changes });
const texts = ["the soup was good", "the room was not good at all", "今天天气很好"];

describe("inverseDocumentFrequency", () => {
  it("is that of scikit-learn with smoothing, by bucket", () => {
    const idf = inverseDocumentFrequency([Int32Array.of(1, 2, 2), Int32Array.of(2)], 4);
    expect([...idf]).toEqual(
      [1.5, 1 + Math.log(1.5), 1, 1 + Math.log(3)].map((value, index) => (index === 0 ? idf[0] : Math.fround(value))),
    );
    expect(idf[0]).toBeCloseTo(1 + Math.log(3), 5);
  });
});

describe("Bag", () => {
  it("weighs n-grams to a mean, or by rarity to the length 1, and does not see padding", () => {
    const ids = tf.tensor2d([[3, 4, 0, 0]], [1, 4], "int32");
    const mean = new Bag(config(), { classes: 2 }, new Random(1));
    expect([...mean.weights(ids).dataSync()]).toEqual([0.5, 0.5, 0, 0]);
    const idf = new Float32Array(256).fill(1);
    idf[3] = 3;
    const rare = new Bag(config({ weighting: "tf-idf" }), { classes: 2, idf }, new Random(1));
    const weights = rare.weights(ids).dataSync();
    expect(weights[0]).toBeCloseTo(3 / Math.sqrt(10), 5);
    expect(weights[1]).toBeCloseTo(1 / Math.sqrt(10), 5);
    const longer = tf.tensor2d([[3, 4, 0, 0, 0, 0]], [1, 6], "int32");
    const [short, long] = [ids, longer].map((each) => rare.forward(each, { training: false }).dataSync());
    expect([...long!]).toEqual([...short!]);
    disposeModel(mean);
    disposeModel(rare);
  });
});

describe("votes that are not trained", () => {
  it("are added when the model predicts, and not when it learns", () => {
    const table = new Float32Array(256 * 2);
    table.set([1, -1], 3 * 2);
    table.set([-0.5, 0.5], 4 * 2);
    const fixed = { table, bias: Float32Array.of(0.25, -0.25) };
    const model = new Bag(config({ naiveBayes: { spread: 1 } }), { classes: 2, fixed }, new Random(1));
    const ids = tf.tensor2d([[3, 3, 4, 0]], [1, 4], "int32");
    const [learning, predicting] = [true, false].map((training) => model.forward(ids, { training }).dataSync());
    expect(predicting![0]! - learning![0]!).toBeCloseTo((1 + 1 - 0.5) / 3 + 0.25, 5);
    expect(predicting![1]! - learning![1]!).toBeCloseTo((-1 - 1 + 0.5) / 3 - 0.25, 5);
    expect([model.fixedVotes!.trainable, model.fixedBias!.trainable]).toEqual([false, false]);
    disposeModel(model);
  });

  it.each([2, 3])(
    "are those of naive Bayes and of a support vector machine, each with its spread: %i classes",
    async (count) => {
      const known = Array.from({ length: 30 }, (_, index) => ({
        text: `${["good soup", "bad room", "cold tea"][index % count]} ${index % 7}`,
        label: index % 11 === 0 ? 0 : index % count,
      }));
      const logitsOf = async (changes: object) => {
        const classes = ["a", "b", "c"].slice(0, count);
        const bundle: BagBundle = { task: "text-classification", model: config(changes), classes, example: "" };
        const family = bagFamily(bundle, await fitBag(bundle, known));
        const { model } = family.build(new Random(2));
        const logits = known.map(({ text }) => {
          const ids = family.idsOf(text);
          const [learning, predicting] = [true, false].map((training) =>
            family.logits(model, tf.tensor2d(ids, [1, ids.length], "int32"), { training }).dataSync(),
          );
          return Array.from(predicting!, (logit, each) => logit - learning![each]!);
        });
        disposeModel(model);
        return logits;
      };
      const naiveBayes = await logitsOf({ naiveBayes: { spread: 1.5 } });
      const margins = await logitsOf({ margins: { spread: 2, penalty: 10 } });
      const both = await logitsOf({ naiveBayes: { spread: 1.5 }, margins: { spread: 2, penalty: 10 } });
      const spread = (rows: number[][]) =>
        Math.sqrt(rows.flat().reduce((sum, x) => sum + x * x, 0) / rows.flat().length);
      expect(spread(naiveBayes)).toBeCloseTo(1.5, 3);
      expect(spread(margins)).toBeCloseTo(2, 3);
      both.flat().forEach((logit, at) => expect(logit).toBeCloseTo(naiveBayes.flat()[at]! + margins.flat()[at]!, 4));
      const right = margins.filter((row, index) => row.indexOf(Math.max(...row)) === known[index]!.label);
      expect(right.length).toBeGreaterThan(24);
    },
  );

  it("are where a support vector machine puts its borders", async () => {
    const options = { buckets: 5, classes: 3, penalty: 1, spread: 1 };
    const weighted = [
      { buckets: Int32Array.of(1, 2, 1), weights: Float32Array.of(0.5, 0.5, 0.5), label: 0 },
      { buckets: Int32Array.of(2, 3), weights: Float32Array.of(0.5, 0.8), label: 1 },
      { buckets: Int32Array.of(4), weights: Float32Array.of(1), label: 2 },
      { buckets: Int32Array.of(4, 1), weights: Float32Array.of(0.7, 0.7), label: 2 },
    ];
    const { table, bias } = await marginVotes(weighted, options);
    const features: SparseMatrix = {
      rows: 4,
      width: 5,
      starts: Uint32Array.of(0, 2, 4, 5, 7),
      columns: Uint32Array.of(1, 2, 2, 3, 4, 1, 4),
      values: Float64Array.from([1, 0.5, 0.5, 0.8, 1, 0.7, 0.7].map(Math.fround)),
    };
    const svm = await fitLinearSvm(features, [0, 1, 2, 2], { classes: 3, penalty: 1, seed: 0 });
    const expected = linearScores(svm, features).map((row) => {
      const mean = row.reduce((sum, score) => sum + score, 0) / 3;
      return Array.from(row, (score) => score - mean);
    });
    const found = weighted.map(({ buckets, weights }) =>
      Array.from(bias, (start, each) =>
        buckets.reduce((sum, bucket, at) => sum + weights[at]! * table[bucket * 3 + each]!, start),
      ),
    );
    const factor = found[0]![0]! / expected[0]![0]!;
    expected.flat().forEach((score, at) => expect(found.flat()[at]).toBeCloseTo(score * factor, 5));
  });
});

describe("attributions of a bag", () => {
  it.each([
    { weighting: "mean" },
    { weighting: "tf-idf", direct: true },
    { weighting: "tf-idf", naiveBayes: { spread: 2 } },
    { weighting: "mean", naiveBayes: { spread: 2 } },
    { weighting: "tf-idf", naiveBayes: { spread: 2 }, margins: { spread: 1 } },
  ])("add up to the class's logit above the mean of all: %j", async (changes) => {
    const bundle: BagBundle = {
      task: "text-classification",
      model: config(changes),
      classes: ["a", "b", "c"],
      example: texts[0]!,
    };
    const family = bagFamily(
      bundle,
      await fitBag(
        bundle,
        texts.map((text, label) => ({ text, label })),
      ),
    );
    const { model } = family.build(new Random(2));
    for (const text of texts) {
      const ids = family.idsOf(text);
      const logits = family.logits(model, tf.tensor2d(ids, [1, ids.length], "int32"), { training: false }).dataSync();
      const fixed = model.fixedBias?.dataSync();
      const biases = model.output.bias!.dataSync().map((bias, at) => bias + (fixed?.[at] ?? 0));
      const mean = (values: ArrayLike<number>) => Array.from(values).reduce((sum, value) => sum + value, 0) / 3;
      for (const index of [0, 1, 2]) {
        const parts = await family.attribute(model, text, index);
        expect(parts.map((part) => text.slice(part.start, part.end))).toEqual(parts.map((part) => part.text));
        const sum = parts.reduce((total, { value }) => total + value, 0);
        expect(sum).toBeCloseTo(logits[index]! - mean(logits) - (biases[index]! - mean(biases)), 5);
      }
    }
    expect(await family.attribute(model, " ", 0)).toEqual([]);
    disposeModel(model);
  });
});
