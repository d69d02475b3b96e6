import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Random } from "@nacre/random";
import { disposeModel, parameters, ready, tf } from "@nacre/tensor";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectClose, fixtureFolder, Reference } from "./fixtures/reference.ts";
import {
  Bert,
  BertConfig,
  bertBase,
  type EncoderContext,
  fromPretrained,
  inference,
  type MaskedLanguageModel,
  Roberta,
  robertaBase,
  type SequenceClassifier,
  SpanClassifier,
  savePretrained,
  TokenClassifier,
} from "./index.ts";

interface EncoderModel {
  forward(ids: tf.Tensor2D, context: EncoderContext): tf.Tensor;
}

/** What the folders call outputs, of ours. */
function named(model: EncoderModel, output: tf.Tensor): Record<string, tf.Tensor> {
  if (model instanceof Bert) return { hidden: output, pooled: model.pool(output as tf.Tensor3D) };
  if (!(model instanceof SpanClassifier)) return { logits: output };
  const [start, end] = tf.unstack(output, 2);
  return { start: start!, end: end! };
}

const heads = ["masked-lm", "sequence-classification", "token-classification", "question-answering"];
const cases = ["bert", ...["bert", "roberta"].flatMap((name) => heads.map((head) => `${name}-${head}`))];

let scratch = "";
beforeAll(async () => void (scratch = await mkdtemp(join(tmpdir(), "nacre-encoders-"))));
afterAll(() => rm(scratch, { recursive: true, force: true }));

describe.each(["cpu", "wasm", "native"] as const)("on %s, as in transformers:", (backend) => {
  let works = false;
  beforeAll(async () => {
    works = await ready({ backend }).then(
      () => true,
      () => false,
    );
  });

  it.each(cases)("outputs and gradients of %s", async (name) => {
    if (!works) return;
    const before = tf.memory().numTensors;
    const reference = new Reference(fixtureFolder(name));
    const model = (await fromPretrained(fixtureFolder(name))) as EncoderModel;
    const ids = reference.read("inputs", "input_ids") as tf.Tensor2D;
    const mask = reference.read("inputs", "attention_mask") as tf.Tensor2D;
    const types = reference.names("inputs").includes("token_type_ids");
    const tokenTypes = types ? (reference.read("inputs", "token_type_ids") as tf.Tensor2D) : undefined;
    const forward = (context = inference) => named(model, model.forward(ids, { ...context, mask, tokenTypes }));

    const outputs = tf.tidy(() => forward());
    await reference.checkOutputs(outputs);
    const { value, grads } = tf.variableGrads(() => reference.loss(forward()));
    await reference.checkGradients(model, grads);
    const again = tf.variableGrads(() => reference.loss(forward({ ...inference, checkpoint: true })));
    await reference.checkGradients(model, again.grads);
    tf.dispose(again as never);
    tf.dispose([outputs, value, grads, ids, mask]);
    tokenTypes?.dispose();
    disposeModel(model);
    expect(tf.memory().numTensors, "tensors left").toBe(before);
  });
});

describe("encoders", () => {
  beforeAll(async () => void (await ready({ backend: "cpu" })));

  it.each(cases)("writes %s as it was read", async (name) => {
    const model = await fromPretrained(fixtureFolder(name));
    const folder = join(scratch, name);
    await savePretrained(model, folder);
    const again = await fromPretrained(folder);
    expect(again.constructor).toBe(model.constructor);
    for (const [path, variable] of parameters(again)) {
      expect(await variable.data(), path).toEqual(await parameters(model).get(path)!.data());
    }
    disposeModel(model);
    disposeModel(again);
  });

  it("counts the parameters of the published sizes", () => {
    const count = (model: object) => [...parameters(model).values()].reduce((sum, { size }) => sum + size, 0);
    // Of 2 and of 12 layers, without building these: a layer of the base sizes has 7,087,872 parameters.
    const bert = new Bert(bertBase({ layers: 1 }));
    const roberta = new Roberta(robertaBase({ layers: 1 }));
    expect(count(bert) + 11 * 7_087_872).toBe(108_891_648);
    expect(count(roberta) + 11 * 7_087_872).toBe(124_055_040);
    disposeModel(bert);
    disposeModel(roberta);
  });

  it("puts a new head on a folder that has another", async () => {
    const random = new Random(4);
    const architecture = "BertForQuestionAnswering";
    const folder = fixtureFolder("bert-masked-lm");
    await expect(fromPretrained(folder, { architecture })).rejects.toThrow('missing "qa_outputs.weight" [2,12]');
    const model = (await fromPretrained(folder, { architecture, random })) as SpanClassifier;
    const masked = (await fromPretrained(folder)) as MaskedLanguageModel;
    expect(model).toBeInstanceOf(SpanClassifier);
    expect(await model.encoder.tokens.weight.data()).toEqual(await masked.encoder.tokens.weight.data());
    expect((await model.output.weight.data()).every((value) => value !== 0)).toBe(true);
    disposeModel(model);
    disposeModel(masked);
  });

  it("keeps the names of classes, and takes another number of them", async () => {
    const folder = join(scratch, "labels");
    const config = BertConfig.parse({ ...tiny, family: "bert" });
    const random = new Random(1);
    const tagger = new TokenClassifier(new Bert(config, random), { classes: ["O", "B-PER", "I-PER"] }, random);
    await savePretrained(tagger, folder);
    const again = (await fromPretrained(folder)) as TokenClassifier;
    expect(again.labels).toEqual(["O", "B-PER", "I-PER"]);
    const architecture = "BertForSequenceClassification";
    const five = await fromPretrained(folder, { architecture, random, config: { num_labels: 5 } });
    expect((five as SequenceClassifier).labels).toEqual(["LABEL_0", "LABEL_1", "LABEL_2", "LABEL_3", "LABEL_4"]);
    for (const model of [tagger, again, five]) disposeModel(model);
  });

  it("computes the masked places alone", async () => {
    const model = (await fromPretrained(fixtureFolder("roberta-masked-lm"))) as MaskedLanguageModel;
    const ids = tf.tensor2d(
      [
        [5, 6, 7, 8],
        [9, 10, 1, 1],
      ],
      [2, 4],
      "int32",
    );
    const places = tf.tensor1d([1, 5], "int32");
    const all = tf.tidy(() => tf.gather(tf.reshape(model.forward(ids, inference), [8, -1]), places));
    await expectClose(model.forward(ids, { ...inference, places }), all, "logits");
    disposeModel(model);
  });

  it("gives a RoBERTa text the same vectors wherever its padding is", async () => {
    const model = (await fromPretrained(fixtureFolder("roberta-token-classification"))) as TokenClassifier;
    const vectors = (row: number[], start: number) =>
      tf.tidy(() => {
        const ids = tf.tensor2d([row], undefined, "int32");
        const mask = tf.tensor2d([row.map((id) => (id === 1 ? 0 : 1))], undefined, "int32");
        return tf.slice(model.forward(ids, { ...inference, mask }), [0, start, 0], [1, 3, -1]);
      });
    await expectClose(vectors([1, 1, 5, 6, 7], 2), vectors([5, 6, 7, 1, 1], 0), "vectors");
    disposeModel(model);
  });

  it("refuses long texts, odd widths and a pooler that is not there", () => {
    const config = BertConfig.parse({ ...tiny, family: "bert" });
    const model = new Bert(config, new Random(1));
    expect(() => tf.tidy(() => model.forward(tf.zeros([1, 7], "int32"), inference))).toThrow("at most 6 tokens");
    expect(() => tf.tidy(() => model.pool(tf.zeros([1, 2, 8])))).toThrow("`pooler: true`");
    expect(() => new Bert({ ...config, width: 9 })).toThrow("a multiple of 2 heads");
    disposeModel(model);
  });
});

const tiny = { vocabulary: 11, context: 6, layers: 1, heads: 2, width: 8, hidden: 12 };
