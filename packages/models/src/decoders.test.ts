import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { disposeModel, parameters, parseSafetensors, ready, tf, toFloat32 } from "@nacre/tensor";
import { beforeAll, describe, expect, it } from "vitest";
import { type CausalLanguageModel, inference, languageModelFromPretrained, MixtureOfExperts } from "./index.ts";
import { families } from "./pretrained/families.ts";

/** Made by tools/golden/models_decoders.py from transformers: config.json, model.safetensors, expected.safetensors. */
const fixtures = fileURLToPath(new URL("./fixtures/decoders/", import.meta.url));
const cases = ["gpt2", "llama", "mistral", "qwen2", "qwen3", "mixtral", "qwen2-moe", "qwen3-moe"] as const;

/** Settings in config.json that change the logits of the same weights. */
const variants: Record<string, Record<string, Record<string, unknown>>> = {
  gpt2: { exact: { activation_function: "gelu" }, relu: { activation_function: "relu" } },
  llama: {
    linear: scaled({ rope_type: "linear", factor: 4 }),
    dynamic: { ...scaled({ rope_type: "dynamic", factor: 4 }), max_position_embeddings: 5 },
    yarn: scaled({ rope_type: "yarn", factor: 4, original_max_position_embeddings: 200 }),
    yarnSharp: scaled({
      ...{ rope_type: "yarn", factor: 8, original_max_position_embeddings: 100, beta_fast: 8, beta_slow: 2 },
      ...{ truncate: false, mscale: 0.7, mscale_all_dim: 1.1 },
    }),
    llama3: scaled({
      ...{ rope_type: "llama3", factor: 8, low_freq_factor: 1, high_freq_factor: 4 },
      original_max_position_embeddings: 16,
    }),
  },
  "qwen2-moe": { normalized: { norm_topk_prob: true } },
};

function scaled(rope_scaling: object): Record<string, unknown> {
  return { rope_scaling, rope_parameters: null };
}

interface Expected {
  shape: readonly number[];
  values: Float32Array;
}

function expectedOf(name: string): Map<string, Expected> {
  const { tensors } = parseSafetensors(readFileSync(join(fixtures, name, "expected.safetensors")));
  return new Map([...tensors].map(([key, data]) => [key, { shape: data.shape, values: toFloat32(data) }]));
}

function intTensor({ shape, values }: Expected): tf.Tensor2D {
  return tf.tensor2d(Int32Array.from(values), shape as [number, number], "int32");
}

/** Largest difference, in parts of the largest expected value. `counts` says which of the leading positions count. */
function relativeError(actual: tf.Tensor, { shape, values }: Expected, counts?: Float32Array): number {
  expect(actual.shape).toEqual(shape);
  const found = actual.dataSync();
  const run = counts ? values.length / counts.length : 1;
  let [difference, largest] = [0, 0];
  values.forEach((value, index) => {
    if (counts && counts[Math.floor(index / run)] === 0) return;
    difference = Math.max(difference, Math.abs(value - found[index]!));
    largest = Math.max(largest, Math.abs(value));
    if (!Number.isFinite(found[index])) difference = Number.POSITIVE_INFINITY;
  });
  return difference / largest;
}

const working = new Set<string>();
for (const backend of ["cpu", "wasm", "native"] as const) {
  await ready({ backend }).then(
    () => working.add(backend),
    (error) => console.log(`Skipped: decoders on ${backend}: ${error.message}`),
  );
}

describe.each([...working])("on %s, as in transformers:", (backend) => {
  beforeAll(async () => void (await tf.setBackend(backend)));

  it.each(cases)("logits of %s, whole, padded and token by token", async (name) => {
    const before = tf.memory().numTensors;
    const expected = expectedOf(name);
    const model = await languageModelFromPretrained(join(fixtures, name));
    const held = tf.memory().numTensors;
    tf.tidy(() => {
      const ids = intTensor(expected.get("ids")!);
      const logits = expected.get("logits")!;
      expect(relativeError(model.forward(ids, inference), logits), "whole").toBeLessThan(1e-4);
      const last = tf.slice(tf.tensor(logits.values, [...logits.shape]), [0, 8, 0]);
      const wanted = { shape: last.shape, values: last.dataSync() as Float32Array };
      expect(relativeError(model.forward(ids, { ...inference, lastOnly: true }), wanted), "last").toBeLessThan(1e-4);

      const mask = intTensor(expected.get("mask")!);
      const padded = model.forward(ids, { ...inference, mask });
      const counts = expected.get("mask")!.values;
      expect(relativeError(padded, expected.get("padded")!, counts), "padded").toBeLessThan(1e-4);

      for (const [kind, pad, steps] of [
        ["logits", undefined, [1, 1, 1, 1, 1, 1, 1, 1, 1]],
        ["logits", undefined, [5, 1, 3]],
        ["padded", mask, [5, 1, 1, 1, 1]],
      ] as const) {
        const parts = decodeInSteps(model, { ids, mask: pad, steps });
        const error = relativeError(tf.concat(parts, 1), expected.get(kind)!, pad && counts);
        expect(error, `${kind} in steps of ${steps}`).toBeLessThan(1e-4);
      }
    });
    expect(tf.memory().numTensors, "tensors left").toBe(held);
    disposeModel(model);
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each(cases)("gradients of %s", async (name) => {
    const expected = expectedOf(name);
    const model = await languageModelFromPretrained(join(fixtures, name));
    const before = tf.memory().numTensors;
    const ids = intTensor(expected.get("ids")!);
    const { shape, values } = expected.get("cotangent")!;
    const cotangent = tf.tensor(values, [...shape]);
    for (const checkpoint of model instanceof MixtureOfExperts ? [false] : [false, true]) {
      const context = { training: false, checkpoint };
      const { value, grads } = tf.variableGrads(() => {
        if (!(model instanceof MixtureOfExperts)) return tf.sum(tf.mul(model.forward(ids, context), cotangent));
        const { logits, balance } = model.forwardWithBalance(ids, context);
        expect(relativeError(balance, expected.get("balance")!)).toBeLessThan(1e-5);
        return tf.add<tf.Scalar>(tf.sum(tf.mul(logits, cotangent)), tf.mul(balance, 10));
      });
      const named = parameters(model);
      const family = families.find(({ owns }) => owns(model))!;
      let compared = 0;
      for (const tensor of family.tensors(model)) {
        tf.tidy(() => {
          const parts = tensor.parameters.map((path) => {
            const variable = named.get(path)!;
            compared += 1;
            return grads[variable.name] ?? tf.zerosLike(variable); // an expert that nobody chose
          });
          const joined = tf.concat(parts, 0);
          const gradient = tensor.transposed ? tf.transpose(joined) : joined;
          const stored = expected.get(`gradient.${tensor.name}`)!;
          expect(stored, tensor.name).toBeDefined();
          // The gradient of a key's bias is 0 but for rounding: softmax does not see a constant.
          const scale = Math.max(...stored.values.map(Math.abs));
          const error = relativeError(gradient, stored) * Math.min(1, scale);
          expect(error, `${tensor.name} of ${scale}`).toBeLessThan(1e-4);
        });
      }
      expect(compared).toBe(named.size);
      tf.dispose([value, grads]);
    }
    tf.dispose([ids, cotangent]);
    expect(tf.memory().numTensors, "tensors left").toBe(before);
    disposeModel(model);
  });
});

describe("settings of config.json", () => {
  beforeAll(async () => void (await tf.setBackend("cpu")));
  const all = Object.entries(variants).flatMap(([name, changes]) =>
    Object.entries(changes).map((entry) => [name, ...entry]),
  );

  it.each(all as [string, string, Record<string, unknown>][])("of %s: %s", async (name, variant, config) => {
    const expected = expectedOf(name);
    const model = await languageModelFromPretrained(join(fixtures, name), { config });
    tf.tidy(() => {
      const logits = model.forward(intTensor(expected.get("ids")!), inference);
      const wanted = expected.get(`logits.${variant}`)!;
      expect(relativeError(logits, wanted)).toBeLessThan(1e-4);
      const without = expected.get("logits")!;
      const moved = tf.tensor(without.values, [...without.shape]);
      expect(relativeError(moved, wanted), "the setting matters").toBeGreaterThan(2e-4);
    });
    disposeModel(model);
  });
});

interface Decoding {
  ids: tf.Tensor2D;
  mask?: tf.Tensor2D | undefined;
  steps: readonly number[];
}

/** Logits of each step's tokens, with a cache; short steps are taken, taken back and taken again. */
function decodeInSteps(model: CausalLanguageModel, { ids, mask, steps }: Decoding): tf.Tensor3D[] {
  const cache = model.createCache({ rewind: 2 });
  const [batch] = ids.shape;
  const go = (count: number): tf.Tensor3D => {
    const start = cache.length;
    const seen = mask && tf.slice(mask, [0, 0], [batch, start + count]);
    return model.forward(tf.slice(ids, [0, start], [batch, count]), { ...inference, cache, mask: seen });
  };
  const parts = steps.map((count) => {
    if (cache.length > 0 && count <= 2) {
      go(count);
      cache.truncate(cache.length - count);
    }
    return go(count);
  });
  cache.dispose();
  return parts;
}
