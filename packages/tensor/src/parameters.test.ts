import { beforeAll, describe, expect, it } from "vitest";
import { disposeModel, parameters, ready, tf, trainable } from "./index.ts";

beforeAll(async () => void (await ready({ backend: "cpu" })));

const variable = (value: number, moves = true) => tf.variable(tf.scalar(value), moves);

describe("parameters", () => {
  it("names variables by the fields that lead to them, in the order of the fields", () => {
    class Layer {
      readonly weight = variable(1);
      readonly mean = variable(2, false);
      readonly size = 3;
      readonly constant = tf.scalar(4);
      readonly activation = () => variable(5);
    }
    const tied = variable(6);
    const model = {
      embedding: tied,
      blocks: [new Layer(), new Layer()],
      heads: new Map([
        ["left", tied],
        ["right", variable(7)],
      ]),
      nothing: null,
      buffer: new Float32Array(2),
    };
    expect([...parameters(model).keys()]).toEqual([
      "embedding",
      "blocks.0.weight",
      "blocks.0.mean",
      "blocks.1.weight",
      "blocks.1.mean",
      "heads.right",
    ]);
    expect([...trainable(model).keys()]).toEqual(["embedding", "blocks.0.weight", "blocks.1.weight", "heads.right"]);
    const before = tf.memory().numTensors;
    disposeModel(model);
    expect(tf.memory().numTensors).toBe(before - 6);
  });

  it("ends where a model refers to itself", () => {
    const model: Record<string, unknown> = { weight: variable(1) };
    model.self = model;
    expect([...parameters(model).keys()]).toEqual(["weight"]);
  });
});
