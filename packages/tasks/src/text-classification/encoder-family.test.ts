import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SequenceClassifier } from "@nacre/models";
import { Random } from "@nacre/random";
import { disposeModel, ready, tf } from "@nacre/tensor";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadFamily, openFamily } from "./families.ts";
import { textPredictor } from "./predictor.ts";
import { TextClassificationRecipe } from "./recipe.ts";
import { reviewClasses, reviews } from "./reviews.ts";
import { idBatch, textProbabilities } from "./text-family.ts";

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
const familyOf = async () =>
  (await openFamily(recipe, reviewClasses, { folder, progress() {} }))({ train, validation: [] });

describe("an encoder of texts", () => {
  it("does not see padding, and writes a folder that gives the same", async () => {
    const family = await familyOf();
    const { model, architecture } = family.build(new Random(1));
    expect(architecture.parameters).toBeGreaterThan(20_000);
    const texts = ["the soup was good", "the room was not at all as friendly as we had hoped it would be by far"];
    const examples = texts.map((text) => ({ ids: family.idsOf(text), label: 0 }));
    expect(examples[1]!.ids).toHaveLength(13);
    const alone = await textProbabilities(family, model, examples, { batch: 1 });
    const together = await textProbabilities(family, model, examples);
    together.forEach((row, index) => row.forEach((value, each) => expect(value).toBeCloseTo(alone[index]![each]!, 5)));
    await family.save!(model, folder);
    const json = async (name: string) => JSON.parse(await readFile(join(folder, name), "utf8"));
    const predictor = textPredictor(
      await loadFamily({
        manifest: { task: "text-classification", name: "encoder" },
        config: await json("config.json"),
        preprocessor: JSON.parse(JSON.stringify(family.preprocessor)),
        tokenizer: await json("tokenizer.json"),
        weights: await readFile(join(folder, "model.safetensors")),
      }),
    );
    const inputs = texts.map((text) => predictor.inputSchema.parse({ text }));
    const predictions = await predictor.predict(inputs);
    predictions.forEach(({ probabilities }, index) => {
      expect(probabilities.positive).toBeCloseTo(alone[index]![1]!, 5);
    });
    predictor.dispose();
    disposeModel(model);
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
