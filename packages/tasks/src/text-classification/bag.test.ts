import { Random } from "@nacre/random";
import { disposeModel, ready, tf } from "@nacre/tensor";
import { beforeAll, describe, expect, it } from "vitest";
import { Bag, BagConfig, inverseDocumentFrequency } from "./bag.ts";
import { type BagBundle, bagFamily } from "./bag-family.ts";

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

describe("votes of naive Bayes", () => {
  it("are added when the model predicts, and not when it learns", () => {
    const naiveBayes = new Float32Array(256 * 2);
    naiveBayes.set([1, -1], 3 * 2);
    naiveBayes.set([-0.5, 0.5], 4 * 2);
    const model = new Bag(config({ naiveBayes: { spread: 1 } }), { classes: 2, naiveBayes }, new Random(1));
    const ids = tf.tensor2d([[3, 3, 4, 0]], [1, 4], "int32");
    const [learning, predicting] = [true, false].map((training) => model.forward(ids, { training }).dataSync());
    expect(predicting![0]! - learning![0]!).toBeCloseTo((1 + 1 - 0.5) / 3, 5);
    expect(predicting![1]! - learning![1]!).toBeCloseTo((-1 - 1 + 0.5) / 3, 5);
    expect(model.naiveBayes!.trainable).toBe(false);
    disposeModel(model);
  });
});

describe("attributions of a bag", () => {
  it.each([
    { weighting: "mean" },
    { weighting: "tf-idf", direct: true },
    { weighting: "tf-idf", naiveBayes: { spread: 2 } },
    { weighting: "mean", naiveBayes: { spread: 2 } },
  ])("add up to the class's logit above the mean of all: %j", async (changes) => {
    const bundle: BagBundle = {
      task: "text-classification",
      model: config(changes),
      classes: ["a", "b", "c"],
      example: texts[0]!,
    };
    const family = bagFamily(
      bundle,
      texts.map((text, label) => ({ text, label })),
    );
    const { model } = family.build(new Random(2));
    for (const text of texts) {
      const ids = family.idsOf(text);
      const logits = family.logits(model, tf.tensor2d(ids, [1, ids.length], "int32"), { training: false }).dataSync();
      const biases = model.output.bias!.dataSync();
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
