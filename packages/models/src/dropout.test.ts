import { Random } from "@nacre/random";
import { ready, tf } from "@nacre/tensor";
import { beforeAll, describe, expect, it } from "vitest";
import { Dropout, inference, Sequential } from "./index.ts";

describe("Dropout", () => {
  beforeAll(async () => void (await ready({ backend: "wasm" })));
  const draw = async (layer: { forward: Dropout["forward"] }, seed: number) =>
    Array.from(await layer.forward(tf.ones([100, 100]), { training: true, random: new Random(seed) }).data());

  it("drops its share and keeps the mean", async () => {
    const values = await draw(new Dropout(0.25), 1);
    expect(new Set(values)).toEqual(new Set([0, Math.fround(4 / 3)]));
    expect(values.filter((value) => value === 0).length / values.length).toBeCloseTo(0.25, 1);
    expect(values.reduce((sum, value) => sum + value, 0) / values.length).toBeCloseTo(1, 1);
  });

  it("depends on the stream, and differs from layer to layer", async () => {
    const layer = new Dropout(0.5);
    const first = await draw(layer, 1);
    expect(await draw(layer, 1)).toEqual(first);
    expect(await draw(layer, 2)).not.toEqual(first);
    const twice = await draw(new Sequential([layer, layer]), 1);
    expect(twice.filter((value) => value > 0).length / twice.length).toBeCloseTo(0.25, 1);
  });

  it("passes in use and asks for a stream in training", async () => {
    const input = tf.ones([2]);
    expect([...(await new Dropout(0.5).forward(input, inference).data())]).toEqual([1, 1]);
    expect(() => new Dropout(0.5).forward(input, { training: true })).toThrow("expected `context.random` in training");
    expect(() => new Dropout(1)).toThrow("expected a rate in [0, 1). Received 1.");
  });

  it("passes gradients where it kept", async () => {
    const random = new Random(5);
    const gradient = tf.grad((x) => new Dropout(0.5).forward(x, { training: true, random }))(tf.ones([1000]));
    expect(new Set(await gradient.data())).toEqual(new Set([0, 2]));
  });
});
