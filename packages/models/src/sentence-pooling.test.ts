import { readFileSync } from "node:fs";
import { parseSafetensors, ready, tf, toFloat32 } from "@nacre/tensor";
import { beforeAll, describe, expect, it } from "vitest";
import { normalizeRows, poolSentences, type SentencePooling } from "./sentence-pooling.ts";

/** Made by tools/golden/models_encoders.py with sentence-transformers' Pooling. */
const file = readFileSync(new URL("./fixtures/encoders/pooling/expected.safetensors", import.meta.url));
const { tensors } = parseSafetensors(file);
const read = (name: string) => {
  const tensor = tensors.get(name)!;
  return tf.tensor(toFloat32(tensor), [...tensor.shape]);
};

const names: Record<SentencePooling, string> = {
  mean: "mean",
  cls: "cls",
  max: "max",
  meanSquareRoot: "mean_sqrt_len_tokens",
  last: "lasttoken",
};

describe("poolSentences", () => {
  beforeAll(async () => void (await ready({ backend: "cpu" })));

  it.each(Object.entries(names))("%s is sentence-transformers' %s", async (pooling, name) => {
    const hidden = read("inputs.hidden") as tf.Tensor3D;
    const mask = read("inputs.mask") as tf.Tensor2D;
    const expected = await read(`outputs.${name}`).data();
    const pooled = await poolSentences(hidden, mask, pooling as SentencePooling).data();
    expect(pooled).toHaveLength(expected.length);
    expected.forEach((value, index) => void expect(pooled[index]).toBeCloseTo(value, 5));
  });

  it("makes rows of length 1, and leaves 0 as it is", async () => {
    expect(await normalizeRows(tf.tensor2d([3, 4, 0, 0], [2, 2])).data()).toEqual(new Float32Array([0.6, 0.8, 0, 0]));
  });
});
