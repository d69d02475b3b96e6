import { Random } from "@nacre/random";
import { disposeModel, parameters, randomUniform, ready, tf } from "@nacre/tensor";
import { beforeAll, describe, expect, it } from "vitest";
import { buildClassifier, type ClassifierConfig, lenet5, lenetNormalized, mlp, resnet8 } from "./index.ts";

describe.each(["cpu", "wasm"] as const)("classifiers on %s", (backend) => {
  beforeAll(async () => void (await ready({ backend })));

  it.each<[string, ClassifierConfig, number]>([
    ["mlp", mlp(16), 28 * 28 * 16 + 16 + 16 * 10 + 10],
    ["lenet5", lenet5(), 61_706],
    [
      "a normalised LeNet",
      { ...lenetNormalized(), kernel: 5, channels: [4, 8], hidden: [16] },
      100 + 8 + 800 + 16 + 3200 + 16 + 170,
    ],
    ["resnet8", resnet8(), 75_002],
  ])("gives logits and gradients for every parameter of %s", async (_name, config, expected) => {
    const side = config.family === "resnet" ? 8 : 28;
    const model = buildClassifier(config, { input: [side, side, 1], classes: 10 }, new Random(1));
    const found = [...parameters(model)].filter(([, { trainable }]) => trainable);
    const before = tf.memory().numTensors;
    const images = randomUniform(new Random(3), [2, side, side, 1]);
    const random = new Random(2);
    const { value, grads } = tf.variableGrads(() => {
      const logits = model.forward(images, { training: true, random });
      return tf.neg(tf.mean(tf.logSoftmax(logits))) as tf.Scalar;
    });
    expect(Object.keys(grads)).toHaveLength(found.length);
    tf.dispose([value, grads, images]);
    expect(tf.memory().numTensors).toBe(before);
    expect(found.reduce((sum, [, { size }]) => sum + size, 0)).toBe(expected);
    disposeModel(model);
  });
});
