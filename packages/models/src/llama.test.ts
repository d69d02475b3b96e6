import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Random } from "@nacre/random";
import { disposeModel, type Model, parameters, ready, tf } from "@nacre/tensor";
import { beforeAll, describe, expect, it } from "vitest";
import {
  fromPretrained,
  inference,
  Llama,
  type LlamaConfig,
  llama2Of7B,
  llama3Of1B,
  llama3Of8B,
  llamaParameters,
  MixtureOfExperts,
  mistral7B,
  mixtral8x7B,
  mixtureParameters,
  qwen2MixtureOf14B,
  qwen2Of500M,
  qwen2Of1500M,
  qwen3MixtureOf30B,
  qwen3Of600M,
  savePretrained,
  smolLm135M,
  summarize,
  tinyLlama,
} from "./index.ts";

beforeAll(async () => void (await ready({ backend: "cpu" })));

const count = (model: Model) => [...parameters(model).values()].reduce((sum, { size }) => sum + size, 0);
const tiny = { vocabulary: 13, context: 16, layers: 2, heads: 4, keyValueHeads: 2, headSize: 6, width: 12, hidden: 10 };

describe("sizes", () => {
  /** Counted by transformers: tools/golden/models_decoders.py --count. */
  it.each<[string, LlamaConfig, number]>([
    ["SmolLM2-135M", smolLm135M(), 134_515_008],
    ["TinyLlama-1.1B", tinyLlama(), 1_100_048_384],
    ["Llama-2-7b", llama2Of7B(), 6_738_415_616],
    ["Llama-3.2-1B", llama3Of1B(), 1_235_814_400],
    ["Llama-3.1-8B", llama3Of8B(), 8_030_261_248],
    ["Mistral-7B", mistral7B(), 7_241_732_096],
    ["Qwen2.5-0.5B", qwen2Of500M(), 494_032_768],
    ["Qwen2.5-1.5B", qwen2Of1500M(), 1_543_714_304],
    ["Qwen3-0.6B", qwen3Of600M(), 596_049_920],
  ])("%s", (_, config, expected) => expect(llamaParameters(config)).toBe(expected));

  it.each([
    ["Mixtral-8x7B", mixtral8x7B(), { total: 46_702_792_704, active: 12_879_925_248 }],
    ["Qwen1.5-MoE-A2.7B", qwen2MixtureOf14B(), { total: 14_315_784_192 }],
    ["Qwen3-30B-A3B", qwen3MixtureOf30B(), { total: 30_532_122_624 }],
  ])("%s", (_, config, expected) => expect(mixtureParameters(config)).toMatchObject(expected));

  it.each([
    tinyLlama(tiny),
    llama3Of1B(tiny),
    qwen2Of500M(tiny),
    qwen3Of600M({ ...tiny, bias: "all", feedForwardBias: true }),
  ])("are those of what is built: %#", (config) => {
    const model = new Llama(config, new Random(1));
    expect(llamaParameters(config)).toBe(count(model));
    const rows = summarize(model, [5], { dtype: "int32" });
    expect(rows.reduce((sum, { parameters: each }) => sum + each, 0)).toBe(count(model));
    disposeModel(model);
  });

  it.each([
    mixtral8x7B({ ...tiny, expertHidden: 7, experts: 3 }),
    qwen2MixtureOf14B({ ...tiny, expertHidden: 7, experts: 5, sharedHidden: 3, denseLayers: [0] }),
  ])("are those of the mixture that is built: %#", (config) => {
    const model = new MixtureOfExperts(config, new Random(1));
    expect(mixtureParameters(config).total).toBe(count(model));
    disposeModel(model);
  });
});

it("draws the same weights from the same seed, and none without one", () => {
  const models = [1, 1, 2].map((seed) => new Llama(tinyLlama(tiny), new Random(seed)));
  const [first, same, other] = models.map((model) =>
    parameters(model).get("blocks.1.feedForward.up.weight")!.dataSync(),
  );
  expect(first).toEqual(same);
  expect(first).not.toEqual(other);
  const empty = new Llama(tinyLlama(tiny));
  expect(
    parameters(empty)
      .get("tokens.weight")!
      .dataSync()
      .every((value) => value === 0),
  ).toBe(true);
  for (const model of [...models, empty]) disposeModel(model);
});

it("shows attention weights that add up to 1", () => {
  const model = new Llama(tinyLlama(tiny), new Random(1));
  const sums: number[] = [];
  const layers: number[] = [];
  tf.tidy(() => {
    const observeAttention = (weights: tf.Tensor4D, { layer }: { layer: number }) => {
      layers.push(layer);
      expect(weights.shape).toEqual([1, 4, 3, 3]);
      sums.push(...tf.sum(weights, 3).dataSync());
    };
    const ids = tf.tensor2d([[1, 2, 3]], [1, 3], "int32");
    const watched = model.forward(ids, { ...inference, observeAttention });
    const difference = tf.max(tf.abs(tf.sub(watched, model.forward(ids, inference))));
    expect(difference.dataSync()[0]).toBeLessThan(1e-6);
  });
  expect(layers).toEqual([0, 1]);
  for (const sum of sums) expect(sum).toBeCloseTo(1, 5);
  disposeModel(model);
});

it.each([{ attentionDropout: 0.5 }, { dropout: 0.5 }])(
  "drops in training only, the same for the same stream: %o",
  (share) => {
    const model = new Llama(tinyLlama({ ...tiny, ...share }), new Random(1));
    const run = (training: boolean, seed: number): Float32Array =>
      tf.tidy(() => {
        const ids = tf.tensor2d([[1, 2, 3, 4]], [1, 4], "int32");
        return model.forward(ids, { training, random: new Random(seed) }).dataSync() as Float32Array;
      });
    expect(run(true, 1)).toEqual(run(true, 1));
    expect(run(true, 1)).not.toEqual(run(true, 2));
    expect(run(false, 1)).toEqual(run(false, 2));
    disposeModel(model);
  },
);

it("keeps its dropout in its folder", async () => {
  const folder = await mkdtemp(join(tmpdir(), "nacre-llama-"));
  const model = new Llama(tinyLlama({ ...tiny, dropout: 0.2 }), new Random(1));
  try {
    await savePretrained(model, folder);
    const read = (await fromPretrained(folder)) as Llama;
    expect(read.config.dropout).toBe(0.2);
    disposeModel(read);
  } finally {
    disposeModel(model);
    await rm(folder, { recursive: true });
  }
});

it("drops the same attention weights whether they are watched or not", () => {
  const model = new Llama(tinyLlama({ ...tiny, attentionDropout: 0.3 }), new Random(1));
  const run = (observeAttention?: () => void): tf.Tensor => {
    const ids = tf.tensor2d([[1, 2, 3, 4, 5]], [1, 5], "int32");
    return model.forward(ids, { training: true, random: new Random(4), observeAttention });
  };
  const difference = tf.tidy(() => {
    const [alone, watched] = [run(), run(() => {})];
    return tf.max(tf.abs(tf.sub(alone, watched))).dataSync()[0];
  });
  expect(difference).toBeLessThan(1e-5);
  disposeModel(model);
});
