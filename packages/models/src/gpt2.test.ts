import { Random } from "@nacre/random";
import { disposeModel, parameters, ready, tf } from "@nacre/tensor";
import { beforeAll, expect, it } from "vitest";
import {
  Gpt2,
  gpt2ExtraLarge,
  gpt2Large,
  gpt2Medium,
  gpt2Parameters,
  gpt2Small,
  gpt3,
  inference,
  summarize,
} from "./index.ts";

beforeAll(async () => void (await ready({ backend: "cpu" })));

const tiny = gpt2Small({ vocabulary: 11, context: 12, layers: 3, heads: 2, width: 8, window: 3, dropout: 0 });

it.each([
  [gpt2Small(), 124_439_808],
  [gpt2Medium(), 354_823_168],
  [gpt2Large(), 774_030_080],
  [gpt2ExtraLarge(), 1_557_611_200],
])("counts the parameters of the published sizes: %#", (config, expected) => {
  expect(gpt2Parameters(config)).toBe(expected);
});

it("has the 175 billion of GPT-3", () => expect(gpt2Parameters(gpt3("175B"))).toBeCloseTo(174.6e9, -8));

it.each([tiny, { ...tiny, tied: false, hidden: 5 }])("counts what is built: %#", (config) => {
  const model = new Gpt2(config, new Random(1));
  const built = [...parameters(model).values()].reduce((sum, { size }) => sum + size, 0);
  expect(gpt2Parameters(config)).toBe(built);
  const rows = summarize(model, [4], { dtype: "int32" });
  expect(rows.reduce((sum, { parameters: count }) => sum + count, 0)).toBe(built);
  disposeModel(model);
});

it("refuses what it cannot do, and says what it can", () => {
  const model = new Gpt2(tiny, new Random(1));
  expect(() => tf.tidy(() => model.forward(tf.zeros([1, 13], "int32"), inference))).toThrow("at most 12 tokens");
  expect(() => tf.tidy(() => model.forward(tf.zeros([1, 3]), inference))).toThrow("ids [batch, tokens] of int32");
  const mask = tf.ones<tf.Rank.R2>([1, 4]);
  expect(() => tf.tidy(() => model.forward(tf.zeros([1, 3], "int32"), { ...inference, mask }))).toThrow(
    "a mask of 3 columns: one for each of 3 new tokens and 0 in the cache. Received [1,4]",
  );
  mask.dispose();
  disposeModel(model);
});
