import { from } from "@nacre/data";
import { parameters, ready, tf } from "@nacre/tensor";
import * as layers from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, it } from "vitest";
import { fromLayersModel } from "./layers-model.ts";
import { crossEntropy } from "./losses/cross-entropy.ts";
import { adam } from "./optimizers.ts";
import type { Step } from "./step.ts";
import { train } from "./train.ts";

beforeAll(async () => {
  await ready({ backend: "wasm" });
});

function build(): layers.Sequential {
  const glorot = (seed: number) => layers.initializers.glorotUniform({ seed });
  return layers.sequential({
    layers: [
      layers.layers.conv2d({
        inputShape: [6, 6, 1],
        filters: 4,
        kernelSize: 3,
        activation: "relu",
        kernelInitializer: glorot(1),
      }),
      layers.layers.batchNormalization(),
      layers.layers.flatten(),
      layers.layers.dropout({ rate: 0.1, seed: 3 }),
      layers.layers.dense({ units: 2, kernelInitializer: glorot(2) }),
    ],
  });
}

/** Bars, upright or lying. */
const examples = Array.from({ length: 48 }, (_, index) => {
  const pixels = new Float32Array(36);
  const at = index % 6;
  for (let i = 0; i < 6; i++) pixels[index % 2 ? i * 6 + at : at * 6 + i] = 1;
  return { pixels, label: index % 2 };
});

const batches = from(examples)
  .shuffle({ seed: 4 })
  .batch(8)
  .map((group) => ({
    x: group.flatMap(({ pixels }) => [...pixels]),
    labels: group.map(({ label }) => label),
    size: group.length,
  }));

async function fit(model: layers.Sequential): Promise<Step[]> {
  const steps: Step[] = [];
  for await (const step of train({
    model: fromLayersModel(model),
    data: batches,
    loss: ({ forward }, { x, labels, size }) =>
      crossEntropy(
        forward(tf.tensor4d(x, [size, 6, 6, 1]), { training: true }) as tf.Tensor2D,
        tf.tensor1d(labels, "int32"),
      ),
    optimizer: adam(0.02),
    epochs: 6,
    seed: 1,
  })) {
    steps.push(step);
  }
  return steps;
}

describe("fromLayersModel", () => {
  it("trains a Keras-style model with the same loop, and the model itself is trained", async () => {
    const model = build();
    const names = [...parameters(fromLayersModel(model)).keys()];
    expect(names).toHaveLength(model.weights.length);
    expect(names[0]).toMatch(/^variables\.conv2d_Conv2D\d+\.kernel$/);
    const steps = await fit(model);
    expect(steps).toHaveLength(36);
    expect(steps.at(-1)!.loss).toBeLessThan(steps[0]!.loss / 4);
    const x = tf.tensor4d(
      examples.flatMap(({ pixels }) => [...pixels]),
      [48, 6, 6, 1],
    );
    const predicted = await (tf.argMax(model.predict(x) as tf.Tensor, -1) as tf.Tensor1D).array();
    expect(predicted).toEqual(examples.map(({ label }) => label));
  });

  it("refuses a model that has no weights yet", () => {
    expect(() => fromLayersModel(layers.sequential({ layers: [layers.layers.dense({ units: 2 })] }))).toThrow(
      /inputShape/,
    );
  });
});
