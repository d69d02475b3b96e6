import { Random } from "@nacre/random";
import { ready, tf } from "@nacre/tensor";
import { beforeAll, describe, expect, it } from "vitest";
import { type BagBundle, bagFamily, fitBag } from "./bag-family.ts";
import { fitTexts, type KnownTexts } from "./fitted.ts";
import { crossValidate, foldsOf } from "./folds.ts";
import { TextClassificationRecipe } from "./recipe.ts";
import { reviewClasses, reviews } from "./reviews.ts";
import { askedExamples, idBatch, textProbabilities } from "./text-family.ts";

beforeAll(async () => {
  await ready();
});

const texts = reviews({ count: 300, seed: 1 });
const recipe = TextClassificationRecipe.parse({
  name: "folds",
  title: { en: "", zh: "" },
  task: "text-classification",
  data: { source: { from: "generator", generator: "reviews" } },
  model: { family: "bag", buckets: 512, features: 8, weighting: "tf-idf" },
  train: { epochs: 4, batch: 16, optimizer: { name: "adam", learningRate: 0.03 } },
});
const { model } = recipe;
if (model.family !== "bag") throw new Error("Expected a bag.");
const familyOf = async ({ train }: KnownTexts) => {
  const bundle: BagBundle = { task: "text-classification", model, classes: [...reviewClasses], example: "" };
  return bagFamily(bundle, await fitBag(bundle, train));
};

describe("foldsOf", () => {
  it("tests every text once, on what was trained without it or its like", async () => {
    const folds = await foldsOf([...texts, { text: texts[0]!.text.toUpperCase(), label: 1 }], {
      folds: 5,
      validation: 0.1,
    });
    expect(folds).toHaveLength(5);
    expect(folds.reduce((sum, { test }) => sum + test.length, 0)).toBe(301);
    for (const { train, validation, test } of folds) {
      expect(train.length + validation.length + test.length).toBe(301);
      expect(test.length).toBeGreaterThan(30);
      const known = new Set([...train, ...validation].map(({ text }) => text.toLowerCase()));
      expect(test.filter(({ text }) => known.has(text.toLowerCase()))).toEqual([]);
    }
    expect(await foldsOf(texts, { folds: 5, validation: 0.1 })).toEqual(
      await foldsOf(texts, { folds: 5, validation: 0.1 }),
    );
  });

  it("says that there are too few texts", async () => {
    await expect(foldsOf(texts.slice(0, 3), { folds: 10, validation: 0.1 })).rejects.toThrow("fewer folds");
  });
});

describe("crossValidate", () => {
  it("trains anew for each fold, frees its models, and can be stopped", async () => {
    const folds = await foldsOf(texts, { folds: 3, validation: 0.1 });
    const seen: KnownTexts[] = [];
    const fit = async (known: KnownTexts) => {
      seen.push(known);
      return fitTexts(recipe, (await familyOf(known)) as never, { ...known, classes: 2 });
    };
    const told: number[] = [];
    const monitor = { name: "accuracy", mode: "max" } as const;
    const { numTensors } = tf.memory();
    const rows = await crossValidate({ recipe, monitor, folds, fit }, { progress: (done) => void told.push(done) });
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(seen.map(({ train }) => train)).toEqual(folds.map(({ train }) => train));
    const labels = folds.flatMap(({ test }) => test.map(({ label }) => label));
    const hits = rows.filter((row, index) => Number(row[1]! > row[0]!) === labels[index]).length;
    expect(hits / texts.length).toBeGreaterThan(0.8);
    expect(told.at(-1)).toBe(3);
    const stopped = crossValidate(
      { recipe, monitor, folds, fit },
      { signal: AbortSignal.abort(new Error("stop")), progress() {} },
    );
    await expect(stopped).rejects.toThrow("stop");
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});

describe("textProbabilities", () => {
  it("are the same whatever shares a batch, in order", async () => {
    const family = await familyOf({ train: texts, validation: [] });
    const { model } = family.build(new Random(1));
    const examples = askedExamples(family as never, texts.slice(0, 20));
    const together = await textProbabilities(family, model, examples);
    const alone = await textProbabilities(family, model, examples, { batch: 1 });
    together.forEach((row, index) => row.forEach((value, each) => expect(value).toBeCloseTo(alone[index]![each]!, 6)));
    expect(idBatch(examples, family).time % 8).toBe(0);
  });
});
