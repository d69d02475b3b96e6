import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SequenceClassifier } from "@nacre/models";
import { Random } from "@nacre/random";
import { disposeModel, encodeSafetensors, parseSafetensors, ready, tf } from "@nacre/tensor";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadFamily, openFamily } from "./families.ts";
import { textPredictor } from "./predictor.ts";
import { TextClassificationRecipe } from "./recipe.ts";
import { reviewClasses, reviews } from "./reviews.ts";
import { askedExamples, idBatch, textProbabilities } from "./text-family.ts";

let folder: string;
beforeAll(async () => {
  await ready();
  folder = await mkdtemp(join(tmpdir(), "nacre-encoder-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const recipe = TextClassificationRecipe.parse({
  name: "encoder",
  title: { en: "", zh: "" },
  task: "text-classification",
  data: { source: { from: "generator", generator: "reviews" } },
  model: { family: "bert", vocabulary: 200, length: 13, layers: 2, heads: 2, width: 32 },
  train: { epochs: 1 },
});
const train = [...reviews({ count: 200, seed: 1 }), { text: "今天天气很好", label: 1 }];
const familyOf = async (of = recipe) =>
  (await openFamily(of, reviewClasses, { folder, progress() {} }))({ train, validation: [] });
const { model: encoder } = recipe;
const voting = TextClassificationRecipe.parse({
  ...recipe,
  model: {
    ...encoder,
    votes: { buckets: 512, weighting: "tf-idf", margins: { spread: 2 }, naiveBayes: { spread: 1 } },
  },
});

/** A bundle's parts, from the folder that a family saved. */
async function partsIn(place: string, preprocessor: object) {
  const json = async (name: string) => JSON.parse(await readFile(join(place, name), "utf8"));
  return {
    manifest: { task: "text-classification", name: "encoder" },
    config: await json("config.json"),
    preprocessor: JSON.parse(JSON.stringify(preprocessor)),
    tokenizer: await json("tokenizer.json"),
    weights: await readFile(join(place, "model.safetensors")),
  };
}

describe("an encoder of texts", () => {
  it("does not see padding, and writes a folder that gives the same", async () => {
    const family = await familyOf();
    const { model, architecture } = family.build(new Random(1));
    expect(architecture.parameters).toBeGreaterThan(20_000);
    const texts = ["the soup was good", "the room was not at all as friendly as we had hoped it would be by far"];
    const examples = askedExamples(
      family,
      texts.map((text) => ({ text, label: 0 })),
    );
    expect(examples[1]!.ids).toHaveLength(13);
    const alone = await textProbabilities(family, model, examples, { batch: 1 });
    const together = await textProbabilities(family, model, examples);
    together.forEach((row, index) => row.forEach((value, each) => expect(value).toBeCloseTo(alone[index]![each]!, 5)));
    await family.save!(model, folder);
    const predictor = textPredictor(await loadFamily(await partsIn(folder, family.preprocessor)));
    const inputs = texts.map((text) => predictor.inputSchema.parse({ text }));
    const predictions = await predictor.predict(inputs);
    predictions.forEach(({ probabilities }, index) => {
      expect(probabilities.positive).toBeCloseTo(alone[index]![1]!, 5);
    });
    predictor.dispose();
    disposeModel(model);
  });

  it("has votes of n-grams beside it when it predicts, in its folder, too", async () => {
    const random = () => new Random(3);
    const [plain, family] = await Promise.all([familyOf(), familyOf(voting)]);
    const [{ model: alone }, { model }] = [plain.build(random()), family.build(random())];
    const texts = ["the soup was awful", "the room was friendly and the soup very good", "今天天气很好"];
    const labelled = texts.map((text) => ({ text, label: 0 }));
    const without = await textProbabilities(plain, alone, askedExamples(plain, labelled));
    const together = await textProbabilities(family, model, askedExamples(family, labelled));
    texts.forEach((text, index) => {
      const [first, second] = family.offset!(text);
      const odds = (row: Float32Array) => Math.log(row[1]! / row[0]!);
      expect(odds(together[index]!)).toBeCloseTo(odds(without[index]!) + second! - first!, 4);
    });
    // Drawn weights know nothing, the votes know the texts that they come from.
    const seen = await textProbabilities(family, model, askedExamples(family, train));
    const right = seen.filter((row, index) => (row[1]! > row[0]! ? 1 : 0) === train[index]!.label);
    expect(right.length).toBeGreaterThan(0.9 * train.length);
    const text = "the soup was not very delicious, and the room was far too cold for anybody";
    const [own, both] = [await plain.attribute(alone, text, 1), await family.attribute(model, text, 1)];
    const sum = (parts: readonly { value: number }[]) => parts.reduce((total, { value }) => total + value, 0);
    const start = family.offset!("")[1]!; // what every text begins with
    expect(sum(both) - sum(own)).toBeCloseTo(family.offset!(text)[1]! - start, 4);
    // The encoder reads 13 tokens, the n-grams all words.
    expect(both.map((part) => part.text).join(" ")).toContain("cold for anybody");
    expect(own.map((part) => part.text)).not.toContain("anybody");

    const written = join(folder, "votes");
    await family.save!(model, written);
    const parts = await partsIn(written, family.preprocessor);
    const predictor = textPredictor(await loadFamily(parts));
    const predictions = await predictor.predict(texts.map((each) => predictor.inputSchema.parse({ text: each })));
    predictions.forEach(({ probabilities }, index) => {
      expect(probabilities.positive).toBeCloseTo(together[index]![1]!, 5);
    });
    predictor.dispose();
    const [tensors, { votes: _none, ...preprocessor }] = [parseSafetensors(parts.weights).tensors, parts.preprocessor];
    await expect(loadFamily({ ...parts, preprocessor })).rejects.toThrow(
      "Expected `votes` in preprocessor_config.json",
    );
    const changed = (change: (name: string, shape: readonly number[]) => readonly number[] | undefined) =>
      encodeSafetensors(
        [...tensors].flatMap(([name, tensor]) => {
          const shape = change(name, tensor.shape);
          const bytes = 4 * (shape ?? []).reduce((product, size) => product * size, 1);
          return shape === undefined ? [] : [{ ...tensor, name, shape, data: tensor.data.subarray(0, bytes) }];
        }),
        { extra_tensors: [...tensors.keys()].filter((name) => name.startsWith("ngram_votes")).join("\n") },
      );
    const short = changed((name, shape) => (name === "ngram_votes.table" ? [4, 2] : shape));
    await expect(loadFamily({ ...parts, weights: short })).rejects.toThrow(
      'Expected a tensor "ngram_votes.table" of [512,2] among the bundle\'s weights. Received one of [4,2]',
    );
    const bare = changed((name, shape) => (name.startsWith("ngram_votes") ? undefined : shape));
    await expect(loadFamily({ ...parts, weights: bare })).rejects.toThrow("Received none");
    disposeModel((await loadFamily({ ...parts, preprocessor, weights: bare })).model);

    // The folder is one to go on from, its votes are left behind.
    const further = TextClassificationRecipe.parse({ ...recipe, model: { family: "pretrained", folder: written } });
    expect((await familyOf(further)).offset).toBeUndefined();
    disposeModel(alone);
    disposeModel(model);
  });

  it("refuses votes of nothing", () => {
    const model = { ...encoder, votes: { buckets: 512 } };
    expect(() => TextClassificationRecipe.parse({ ...recipe, model })).toThrow("expected naiveBayes or margins");
  });

  it("explains a class by words whose values add up to the difference that the text makes", async () => {
    const family = await familyOf();
    const { model } = family.build(new Random(2));
    // Larger weights than those drawn make a function that bends.
    const table = (model as SequenceClassifier).encoder.tokens.weight;
    tf.tidy(() => table.assign(tf.mul(table, 10)));
    const centred = (ids: Int32Array) => {
      const { ids: padded, time } = idBatch([{ ids, label: 0 }], family);
      const [own] = tf.tidy(() =>
        family.logits(model, tf.tensor2d(padded, [1, time], "int32"), { training: false }).arraySync(),
      );
      return own!.map((value) => value - own!.reduce((sum, each) => sum + each, 0) / own!.length);
    };
    const { numTensors } = tf.memory();
    for (const text of ["the soup was not very delicious, I think", "今天 天气"]) {
      const parts = await family.attribute(model, text, 1);
      expect(parts.map(({ start, end }) => text.slice(start, end))).toEqual(parts.map((part) => part.text));
      expect(parts.some((part) => part.text === "delicious") || text.includes("今")).toBe(true);
      const sum = parts.reduce((total, { value }) => total + value, 0);
      const empty = baselineLogits(family.idsOf(text));
      expect(sum).toBeCloseTo(centred(family.idsOf(text))[1]! - empty, 3);
    }
    expect(tf.memory().numTensors).toBe(numTensors);
    disposeModel(model);

    /** With the vectors of padding in place of the words', which are still seen. */
    function baselineLogits(ids: Int32Array): number {
      const classifier = model as SequenceClassifier;
      const kept = Int32Array.from(ids, (id, place) => (place === 0 || place === ids.length - 1 ? id : family.padding));
      return tf.tidy(() => {
        const shape: [number, number] = [1, ids.length];
        const embedded = classifier.encoder.tokens.forward(tf.tensor2d(kept, shape, "int32")) as tf.Tensor3D;
        const rows = tf.tensor2d(ids, shape, "int32");
        const own = classifier.forward(rows, { training: false, embedded }).arraySync()[0]!;
        return own[1]! - (own[0]! + own[1]!) / 2;
      });
    }
  });
});
