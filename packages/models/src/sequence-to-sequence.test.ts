import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Random } from "@nacre/random";
import { disposeModel, parameters, parseSafetensors, ready, tf, toFloat32 } from "@nacre/tensor";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectClose, fixtureFolder, Reference } from "./fixtures/reference.ts";
import {
  fromPretrained,
  inference,
  isSequenceToSequenceModel,
  type SequenceToSequenceModel,
  savePretrained,
  shiftRight,
  summarize,
  T5,
  T5Config,
  Transformer,
  TransformerConfig,
  t5Small,
  t5v11Small,
  transformerBase,
} from "./index.ts";

const cases = ["t5", "t5-v1.1", "marian"];

const load = async (name: string) => (await fromPretrained(fixtureFolder(name))) as SequenceToSequenceModel;

let scratch = "";
beforeAll(async () => void (scratch = await mkdtemp(join(tmpdir(), "nacre-sequences-"))));
afterAll(() => rm(scratch, { recursive: true, force: true }));

describe.each(["cpu", "wasm", "native"] as const)("on %s:", (backend) => {
  let works = false;
  beforeAll(async () => {
    works = await ready({ backend }).then(
      () => true,
      () => false,
    );
  });

  it.each(cases)("outputs and gradients of %s are transformers'", async (name) => {
    if (!works) return;
    const before = tf.memory().numTensors;
    const reference = new Reference(fixtureFolder(name));
    const model = await load(name);
    const [source, mask, target] = ["input_ids", "attention_mask", "decoder_input_ids"].map((input) =>
      reference.read("inputs", input),
    ) as tf.Tensor2D[];
    const forward = (context = inference) => {
      const memory = model.encode(source!, { ...context, mask });
      return { memory, logits: model.decode(target!, { ...context, memory, memoryMask: mask }) };
    };
    const outputs = tf.tidy(() => forward());
    await reference.checkOutputs(outputs);
    const { value, grads } = tf.variableGrads(() => reference.loss(forward()));
    await reference.checkGradients(model, grads, ["final_logits_bias"]);
    const again = tf.variableGrads(() => reference.loss(forward({ ...inference, checkpoint: true })));
    await reference.checkGradients(model, again.grads, ["final_logits_bias"]);
    tf.dispose(again as never);
    tf.dispose([outputs, value, grads, source!, mask!, target!]);
    disposeModel(model);
    expect(tf.memory().numTensors, "tensors left").toBe(before);
  });

  it.each([
    ["torch-post-norm", "after"],
    ["torch-pre-norm", "before"],
  ] as const)("outputs and gradients of %s are nn.Transformer's", async (name, normalize) => {
    if (!works) return;
    const sizes = { encoderLayers: 2, decoderLayers: 2, heads: 2, width: 8, hidden: 12, dropout: 0 };
    const model = new Transformer(transformerBase(5, { ...sizes, normalize }));
    const reference = new Reference(fixtureFolder(name));
    const { tensors } = parseSafetensors(readFileSync(join(fixtureFolder(name), "model.safetensors")));
    const variables = parameters(model);
    const places = torchPlaces([...tensors.keys()]);
    for (const [torch, { paths }] of places) {
      const tensor = tensors.get(torch)!;
      const parts = tf.split(tf.tensor(toFloat32(tensor), [...tensor.shape]), paths.length, 0);
      paths.forEach((path, index) => variables.get(path)!.assign(parts[index]!));
    }
    const read = (input: string) => reference.read("inputs", input);
    const mask = read("mask") as tf.Tensor2D;
    const forward = () => {
      const memory = model.encodeVectors(read("source") as tf.Tensor3D, { ...inference, mask });
      const context = { ...inference, memory, memoryMask: mask };
      return { output: model.decodeVectors(read("target") as tf.Tensor3D, context) };
    };
    await reference.checkOutputs(tf.tidy(forward));
    const { grads } = tf.variableGrads(() => reference.loss(forward()));
    for (const [torch, { paths }] of places) {
      const received = tf.concat(
        paths.map((path) => grads[variables.get(path)!.name]!),
        0,
      );
      await expectClose(received, reference.read("gradients", torch), `gradient of ${torch}`);
    }
    expect([...places.values()].flatMap(({ paths }) => paths).sort()).toEqual(
      [...variables.keys()].filter((path) => path !== "source.weight").sort(),
    );
    disposeModel(model);
  });

  it.each(cases)("%s decodes token by token what it decodes at once", async (name) => {
    if (!works) return;
    const model = await load(name);
    const before = tf.memory().numTensors;
    const source = tf.tensor2d(
      [
        [3, 4, 5, 6],
        [7, 8, 0, 0],
      ],
      [2, 4],
      "int32",
    );
    const mask = tf.tensor2d(
      [
        [1, 1, 1, 1],
        [1, 1, 0, 0],
      ],
      [2, 4],
      "int32",
    );
    const target = tf.tensor2d(
      [
        [0, 9, 10, 11, 12],
        [0, 5, 6, 7, 8],
      ],
      [2, 5],
      "int32",
    );
    const memory = model.encode(source, { ...inference, mask });
    const whole = model.decode(target, { ...inference, memory, memoryMask: mask });
    const cache = model.createCache();
    const steps = [1, 1, 2, 1].map((count, index, all) => {
      const start = all.slice(0, index).reduce((sum, size) => sum + size, 0);
      return tf.tidy(() => {
        const ids = tf.slice(target, [0, start], [2, count]);
        const logits = model.decode(ids, { ...inference, memory, memoryMask: mask, cache });
        return tf.sub(logits, tf.slice(whole, [0, start, 0], [2, count, -1]));
      });
    });
    for (const step of steps) await expectClose(step, tf.zerosLike(step), "difference");

    // Beams: the second sequence twice, then another token each; as in a batch of its own.
    cache.reorder([1, 1]);
    const rows = tf.tensor1d([1, 1], "int32");
    const next = tf.tensor2d([[13], [14]], [2, 1], "int32");
    const [moved, long] = tf.tidy(() => {
      const [m, k, t] = [memory, mask, target].map((tensor) => tf.gather(tensor, rows));
      const context = { ...inference, memory: m as tf.Tensor3D, memoryMask: k as tf.Tensor2D, lastOnly: true };
      const full = tf.concat([t as tf.Tensor2D, next], 1);
      return [model.decode(next, { ...context, cache }), model.decode(full, context)];
    });
    await expectClose(moved!, long!, "reordered");
    cache.dispose();
    tf.dispose([source, mask, target, memory, whole, steps, rows, next, moved!, long!]);
    disposeModel(model);
    expect(tf.memory().numTensors - before, "tensors left").toBeLessThanOrEqual(0);
  });
});

describe("sequence to sequence", () => {
  beforeAll(async () => void (await ready({ backend: "cpu" })));

  it.each(cases)("writes %s as it was read", async (name) => {
    const model = await load(name);
    const folder = join(scratch, name);
    await savePretrained(model, folder);
    const again = await fromPretrained(folder);
    expect((again as T5 | Transformer).config).toEqual((model as T5 | Transformer).config);
    for (const [path, variable] of parameters(again)) {
      expect(await variable.data(), path).toEqual(await parameters(model).get(path)!.data());
    }
    disposeModel(model);
    disposeModel(again);
  });

  it("keeps what Marian cannot be, under a type that Python does not open", async () => {
    const settings = { normalize: "before", positions: "interleaved", tiedOutput: false, targetVocabulary: 7 } as const;
    const config = transformerBase(11, { ...settings, ...tiny, encoderLayers: 1, decoderLayers: 2 });
    const model = new Transformer(config, new Random(1));
    const folder = join(scratch, "own");
    await savePretrained(model, folder);
    expect(JSON.parse(readFileSync(join(folder, "config.json"), "utf8"))).toMatchObject({
      model_type: "nacre_transformer",
    });
    const again = (await fromPretrained(folder)) as Transformer;
    expect(again.config).toMatchObject({ ...settings, outputBias: false });
    const ids = tf.tensor2d([[1, 2, 3]], [1, 3], "int32");
    const logits = again.forward(ids, { ...inference, target: ids });
    expect(logits.shape).toEqual([1, 3, 7]);
    await expectClose(logits, model.forward(ids, { ...inference, target: ids }), "logits");
  });

  it("is told from other models", async () => {
    const model = await load("t5");
    expect(isSequenceToSequenceModel(model)).toBe(true);
    expect(isSequenceToSequenceModel({ forward() {} })).toBe(false);
    disposeModel(model);
  });

  it("counts the parameters of the published sizes", () => {
    const count = (model: object) => [...parameters(model).values()].reduce((sum, { size }) => sum + size, 0);
    for (const [config, expected] of [
      [t5Small(), 60_506_624],
      [t5v11Small(), 76_961_152],
    ] as const) {
      const model = new T5(config);
      expect(count(model)).toBe(expected);
      disposeModel(model);
    }
    const model = new Transformer(transformerBase(37_000));
    expect(count(model)).toBe(63_082_496);
    disposeModel(model);
  });

  it("is summarised with a target", () => {
    const model = new Transformer(transformerBase(11, { ...tiny, encoderLayers: 1, decoderLayers: 1 }), new Random(1));
    const run = (input: tf.Tensor2D) => model.forward(input, { ...inference, target: input });
    const rows = summarize(model, [4], { dtype: "int32", run });
    const total = [...parameters(model).values()].reduce((sum, { size }) => sum + size, 0);
    expect(rows.reduce((sum, { parameters: count }) => sum + count, 0)).toBe(total);
    expect(rows.find(({ name }) => name === "decoder.0.crossAttention.key")!.outputShape).toEqual([null, 4, 8]);
    disposeModel(model);
  });

  it("draws weights with which the first loss is that of chance", async () => {
    const random = new Random(3);
    const models = [
      new Transformer(TransformerConfig.parse({ family: "transformer", vocabulary: 50, ...tiny }), random.fork("a")),
      new T5(
        T5Config.parse({ family: "t5", vocabulary: 50, ...tiny, headSize: 4, encoderLayers: 1, decoderLayers: 1 }),
        random,
      ),
    ];
    const ids = tf.tensor2d(
      Int32Array.from({ length: 40 }, (_, i) => (i * 7) % 50),
      [4, 10],
      "int32",
    );
    for (const model of models) {
      const logits = model.forward(ids, { ...inference, target: ids });
      const labels = tf.oneHot(tf.reshape(ids, [40]) as tf.Tensor1D, 50);
      const [loss] = await tf.losses.softmaxCrossEntropy(labels, tf.reshape(logits, [40, 50])).data();
      expect(loss, model.constructor.name).toBeLessThan(2 * Math.log(50));
    }
  });

  it("drops in training, from the random stream alone", async () => {
    const model = new Transformer(transformerBase(11, { ...tiny, encoderLayers: 1, decoderLayers: 1 }), new Random(1));
    const ids = tf.tensor2d([[1, 2, 3]], [1, 3], "int32");
    const run = (seed: number) => model.forward(ids, { training: true, random: new Random(seed), target: ids }).array();
    expect(await run(1)).toEqual(await run(1));
    expect(await run(1)).not.toEqual(await run(2));
    disposeModel(model);
  });

  it("shifts targets right behind the start", () => {
    expect(shiftRight(Int32Array.of(5, 6, 1, 7, 1, 0), 3, 9)).toEqual(Int32Array.of(9, 5, 6, 9, 7, 1));
    expect(() => shiftRight(Int32Array.of(1, 2, 3), 2, 0)).toThrow("rows of 2 ids");
  });
});

const tiny = { heads: 2, width: 8, hidden: 12 };

/** Our paths of nn.Transformer's names; queries, keys and values lie one after the other. */
function torchPlaces(names: readonly string[]): Map<string, { paths: string[] }> {
  const parts: [string, string][] = [
    ["self_attn.out_proj", "attention.output"],
    ["multihead_attn.out_proj", "crossAttention.output"],
    ["linear1", "feedForward.up"],
    ["linear2", "feedForward.down"],
  ];
  const norms = {
    encoder: ["attentionNorm", "feedForwardNorm"],
    decoder: ["attentionNorm", "crossAttentionNorm", "feedForwardNorm"],
  };
  const place = (name: string): string[] => {
    const final = /^(encoder|decoder)\.norm\.(weight|bias)$/.exec(name);
    if (final) return [`${final[1]}Norm.${final[2]}`];
    const [, side, layer, rest] = /^(encoder|decoder)\.layers\.(\d+)\.(.+)$/.exec(name)!;
    const packed = /^(self_attn|multihead_attn)\.in_proj_(weight|bias)$/.exec(rest!);
    if (packed) {
      const attention = packed[1] === "self_attn" ? "attention" : "crossAttention";
      return ["query", "key", "value"].map((part) => `${side}.${layer}.${attention}.${part}.${packed[2]}`);
    }
    const norm = /^norm(\d)\.(weight|bias)$/.exec(rest!);
    if (norm) return [`${side}.${layer}.${norms[side as "encoder"][Number(norm[1]) - 1]}.${norm[2]}`];
    const [torch, path] = parts.find(([part]) => rest!.startsWith(part))!;
    return [`${side}.${layer}.${path}${rest!.slice(torch.length)}`];
  };
  return new Map(names.map((name) => [name, { paths: place(name) }]));
}
