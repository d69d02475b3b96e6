import { from } from "@nacre/data";
import { ready, tf } from "@nacre/tensor";
import { beforeAll, describe, expect, it } from "vitest";
import vectors from "../fixtures/language.json" with { type: "json" };
import type { LossParts } from "../options.ts";
import { ignored, tokenBatch } from "../token-batch.ts";
import { crossEntropy } from "./cross-entropy.ts";
import { maskTokens } from "./masking.ts";
import { preferenceLoss } from "./preference.ts";
import { sequenceLogProbabilities, spanLoss, type TokenLossOptions, tokenLoss } from "./tokens.ts";

function measure(inputs: readonly tf.Tensor[], loss: (...inputs: tf.Tensor[]) => LossParts) {
  let told: LossParts | undefined;
  const { value, grads } = tf.valueAndGrads((...tensors: tf.Tensor[]) => {
    told = loss(...tensors);
    for (const scalar of Object.values(told.scalars ?? {})) tf.keep(scalar);
    return told.loss;
  })([...inputs]);
  const scalars = Object.entries(told!.scalars ?? {}).map(([name, scalar]) => [name, scalar.dataSync()[0]!]);
  return {
    loss: value.dataSync()[0]!,
    gradients: grads.map((gradient) => gradient.arraySync()),
    weight: told!.weight,
    scalars: Object.fromEntries(scalars) as Record<string, number>,
  };
}

function expectClose(actual: unknown, expected: unknown): void {
  const [left, right] = [[actual].flat(4) as number[], [expected].flat(4) as number[]];
  expect(left).toHaveLength(right.length);
  left.forEach((value, index) => {
    expect(Math.abs(value - right[index]!)).toBeLessThan(1e-5 * Math.max(1, Math.abs(right[index]!)));
  });
}

describe.each(["cpu", "wasm"] as const)("losses of language models on %s", (backend) => {
  beforeAll(async () => {
    await ready({ backend });
  });

  const { causal, span, preference } = vectors;
  const examples = causal.ids.map((ids, row) => ({ ids, learned: causal.learned[row] }));
  const batch = tokenBatch(examples, { padding: 0 });

  it.each([
    ["plain", { accuracy: true }],
    ["smoothed", { labelSmoothing: 0.1 }],
    ["z", { zLoss: 0.01 }],
  ] as [keyof typeof causal & ("plain" | "smoothed" | "z"), TokenLossOptions][])(
    "tokenLoss of next tokens agrees with transformers: %s",
    (name, options) => {
      const result = measure([tf.tensor3d(causal.logits)], (logits) => tokenLoss(logits!, batch.labels, options));
      expectClose(result.loss, causal[name].loss);
      expectClose(result.gradients, causal[name].gradients);
      expect(result.weight).toBe(batch.tokens);
      if (options.accuracy) expectClose(result.scalars.accuracy, causal.accuracy);
    },
  );

  it("crossEntropy takes a z-loss, too, without labels that are ignored", () => {
    const logits = tf.reshape(tf.tensor3d(causal.logits), [-1, 7]);
    const labels = tf.tensor1d([1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, 5], "int32");
    const z = tf.mean(tf.square(tf.logSumExp(logits, 1))).dataSync()[0]!;
    const [plain, penalised] = [crossEntropy(logits, labels), crossEntropy(logits, labels, { zLoss: 0.5 })];
    expectClose(penalised.dataSync()[0], plain.dataSync()[0]! + 0.5 * z);
  });

  it("tokenLoss is 0 and weighs nothing where nothing is to be learnt", () => {
    const labels = new Int32Array(12).fill(ignored);
    const result = measure([tf.tensor3d(causal.logits)], (logits) => tokenLoss(logits!, labels, { zLoss: 0.1 }));
    expect([result.loss, result.weight]).toEqual([0, 0]);
    expect((result.gradients.flat(4) as number[]).every((value) => value === 0)).toBe(true);
  });

  it("spanLoss agrees with transformers", () => {
    const inputs = span.logits.map((logits) => tf.tensor2d(logits));
    const result = measure(inputs, (start, end) => spanLoss(start as tf.Tensor2D, end as tf.Tensor2D, span));
    expectClose(result.loss, span.loss);
    expectClose(result.gradients, span.gradients);
    expect(result.weight).toBe(2);
  });

  it.each([
    ["sigmoid", {}],
    ["smoothed", { labelSmoothing: 0.1 }],
    ["free", { reference: undefined }],
    ["ipo", { kind: "ipo" }],
  ] as const)("preferenceLoss agrees with the papers: %s", (name, options) => {
    const expected = preference.cases[name];
    const reference = {
      chosen: tf.tensor1d(preference.reference.chosen),
      rejected: tf.tensor1d(preference.reference.rejected),
    };
    const inputs = [tf.tensor1d(preference.chosen), tf.tensor1d(preference.rejected)];
    const result = measure(inputs, (chosen, rejected) =>
      preferenceLoss(
        { chosen: chosen as tf.Tensor1D, rejected: rejected as tf.Tensor1D },
        { beta: preference.beta, reference, ...options },
      ),
    );
    expectClose(result.loss, expected.loss);
    expectClose(result.gradients, expected.gradients);
    if (name === "free") return;
    for (const [key, value] of Object.entries(preference.scalars)) expectClose(result.scalars[key], value);
  });

  it("sequenceLogProbabilities sums what tokenLoss averages", () => {
    const logits = tf.tensor3d(causal.logits);
    const sums = sequenceLogProbabilities(logits, batch.labels).dataSync();
    expectClose(-(sums[0]! + sums[1]!) / batch.tokens, causal.plain.loss);
    const means = sequenceLogProbabilities(logits, batch.labels, { mean: true }).dataSync();
    expectClose([means[0]! * 4, means[1]! * 2], [...sums]);
  });
});

describe("maskTokens", () => {
  const text = { ids: Array.from({ length: 40 }, (_, index) => 10 + index) };
  const options = { seed: 3, mask: 4, vocabulary: 60, special: new Set([10, 49]) };
  const passes = async (dataset: ReturnType<typeof from<typeof text>>, epochs: number, settings = {}) => {
    const all = [];
    for (let epoch = 0; epoch < epochs; epoch++) {
      const cursor = dataset.map(maskTokens({ ...options, ...settings })).open(undefined, epoch);
      for (let item = await cursor.next(); !item.done; item = await cursor.next()) all.push(item.value);
    }
    return all;
  };

  it("hides 80, replaces 10 and leaves 10 of a hundred chosen tokens, and draws anew each epoch", async () => {
    const dataset = from(Array.from({ length: 500 }, () => text));
    const all = await passes(dataset, 2);
    let [hidden, same, other] = [0, 0, 0];
    for (const { ids, labels } of all) {
      const places = [...labels.keys()].filter((place) => labels[place] !== ignored);
      expect(places).toHaveLength(6); // round(0.15 · 38)
      for (const place of places) {
        expect(labels[place]).toBe(text.ids[place]);
        expect(options.special.has(labels[place]!)).toBe(false);
        if (ids[place] === options.mask) hidden++;
        else if (ids[place] === text.ids[place]) same++;
        else other++;
      }
      const rest = [...ids.keys()].filter((place) => labels[place] === ignored);
      expect(rest.every((place) => ids[place] === text.ids[place])).toBe(true);
    }
    for (const [count, share] of [
      [hidden, 0.8],
      [same, 0.1],
      [other, 0.1],
    ] as const) {
      expect(Math.abs(count / 6000 - share)).toBeLessThan(0.02);
    }
    expect(all[0]).not.toEqual(all[500]);
    expect(await passes(dataset, 2)).toEqual(all);
  });

  it("chooses whole words", async () => {
    const words = text.ids.map((_, place) => (place === 0 || place === 39 ? null : Math.floor((place - 1) / 3)));
    for (const { labels } of await passes(from(Array.from({ length: 50 }, () => ({ ...text, words }))), 1)) {
      for (const [place, label] of labels.entries()) {
        const mates = [...words.keys()].filter((other) => words[other] === words[place] && words[place] !== null);
        if (label !== ignored) expect(mates.every((mate) => labels[mate] !== ignored)).toBe(true);
      }
      expect([5, 6]).toContain(labels.filter((label) => label !== ignored).length); // one word is of two tokens
    }
    const short = await passes(
      from([{ ids: [10, 20, 21, 22, 49], words: [null, 0, 0, 0, null] as never }]) as never,
      1,
    );
    expect([...short[0]!.labels]).toEqual([ignored, 20, 21, 22, ignored]);
  });

  it("says what does not fit", () => {
    expect(() => maskTokens({ ...options, rate: 0 })).toThrow("expected a rate in (0, 1]. Received 0.");
    expect(() => maskTokens({ ...options, masked: 0.9, replaced: 0.2 })).toThrow(
      "Received 0.9 masked and 0.2 replaced.",
    );
  });
});
