import { readFileSync } from "node:fs";
import { Random } from "@nacre/random";
import { disposeModel, parameters, ready, tf, trainable } from "@nacre/tensor";
import { beforeAll, describe, expect, it } from "vitest";
import {
  BatchNorm,
  Conv1d,
  Conv2d,
  Dense,
  DepthwiseConv2d,
  Embedding,
  GroupNorm,
  inference,
  type Layer,
  LayerNorm,
  LeNet,
  LeNetConfig,
  Mlp,
  MlpConfig,
  ResNet,
  ResNetConfig,
  RmsNorm,
} from "./index.ts";

interface Written {
  shape: number[];
  values: number[];
}

interface Case {
  input: Written;
  parameters: Record<string, Written>;
  output: Written;
  cotangent: Written;
  gradients: Record<string, Written>;
  before?: Record<string, Written>;
  after?: Record<string, Written>;
}

/** Made by tools/golden/models_layers.py. */
const { cases } = JSON.parse(readFileSync(new URL("./fixtures/layers.json", import.meta.url), "utf8")) as {
  cases: Record<string, Case>;
};

const random = new Random(3);
const lenet = LeNetConfig.parse({
  family: "lenet",
  channels: [2, 3],
  kernel: 3,
  hidden: [4],
  normalization: "batch",
});

/** The layer of each case; what it starts with is replaced. */
const build: Record<string, () => Layer<never, tf.Tensor>> = {
  dense: () => new Dense({ inputs: 5, outputs: 4 }, random),
  denseGelu: () => new Dense({ inputs: 5, outputs: 4, bias: false, activation: "gelu" }, random),
  conv2dStride: () => new Conv2d({ inputs: 3, outputs: 4, kernel: 3, stride: 2, padding: 1 }, random),
  conv2dValid: () => new Conv2d({ inputs: 2, outputs: 3, kernel: 3 }, random),
  conv1d: () => new Conv1d({ inputs: 3, outputs: 4, kernel: 3, stride: 2, padding: 1 }, random),
  depthwise: () => new DepthwiseConv2d({ channels: 3, multiplier: 2, kernel: 3, padding: "same" }, random),
  layerNorm: () => new LayerNorm({ features: 6 }),
  rmsNorm: () => new RmsNorm({ features: 6 }),
  groupNorm: () => new GroupNorm({ channels: 6, groups: 2 }),
  batchNormInference: () => new BatchNorm({ channels: 4 }),
  batchNorm: () => new BatchNorm({ channels: 4 }),
  embedding: () => new Embedding({ vocabulary: 5, features: 3 }, random),
  mlp: () => {
    const config = MlpConfig.parse({ family: "mlp", hidden: [5, 4], activation: "tanh" });
    return new Mlp(config, { input: [6], classes: 3 }, random);
  },
  lenet: () => new LeNet(lenet, { input: [10, 10, 1], classes: 3 }, random),
  resnet: () => {
    const config = ResNetConfig.parse({ family: "resnet", widths: [2, 3] });
    return new ResNet(config, { input: [6, 6, 1], classes: 3 }, random);
  },
};

function assign(model: object, values: Record<string, Written>): void {
  const found = parameters(model);
  for (const [name, { shape, values: numbers }] of Object.entries(values)) {
    tf.tidy(() => found.get(name)!.assign(tf.tensor(numbers, shape)));
  }
}

/** Largest difference, in parts of the largest expected value (of 0.1 where that is less: some gradients are 0). */
async function relativeError(actual: tf.Tensor, expected: Written): Promise<number> {
  expect(actual.shape).toEqual(expected.shape);
  const values = await actual.data();
  const scale = Math.max(...expected.values.map(Math.abs), 0.1);
  return Math.max(...expected.values.map((value, index) => Math.abs(value - values[index]!))) / scale;
}

describe.each(["cpu", "wasm"] as const)("on %s, as in PyTorch:", (backend) => {
  beforeAll(async () => void (await ready({ backend })));

  it("has a layer for every case", () => expect(Object.keys(build).sort()).toEqual(Object.keys(cases).sort()));

  it.each(Object.keys(cases))("output and gradients of %s", async (name) => {
    const expected = cases[name]!;
    const model = build[name]!() as Layer;
    const leafs = parameters(model);
    assign(model, { ...expected.parameters, ...expected.before });
    const before = tf.memory().numTensors;
    const input = tf.tensor(expected.input.values, expected.input.shape, name === "embedding" ? "int32" : "float32");
    const cotangent = tf.tensor(expected.cotangent.values, expected.cotangent.shape);
    const training = name !== "batchNormInference";
    const output = model.forward(input, { training });
    expect(await relativeError(output, expected.output), "output").toBeLessThan(1e-4);
    if (expected.after) {
      for (const [key, value] of Object.entries(expected.after)) {
        expect(await relativeError(leafs.get(key)!, value), key).toBeLessThan(1e-4);
      }
    }

    const loss = () => tf.sum(tf.mul(model.forward(input, { training }), cotangent)) as tf.Scalar;
    const { value, grads } = tf.variableGrads(loss);
    const names = Object.keys(expected.gradients).filter((key) => key !== "input");
    expect(
      [...leafs]
        .filter(([, { trainable }]) => trainable)
        .map(([key]) => key)
        .sort(),
    ).toEqual(names.sort());
    for (const key of names) {
      const gradient = grads[leafs.get(key)!.name]!;
      expect(await relativeError(gradient, expected.gradients[key]!), key).toBeLessThan(1e-4);
    }
    if (expected.gradients.input) {
      const gradient = tf.grad((x) => tf.sum(tf.mul(model.forward(x, { training }), cotangent)))(input);
      expect(await relativeError(gradient, expected.gradients.input), "input").toBeLessThan(1e-4);
      gradient.dispose();
    }
    tf.dispose([input, cotangent, output, value, grads]);
    expect(tf.memory().numTensors, "tensors left").toBe(before);
    disposeModel(model);
  });

  it.each(Object.keys(cases))("gradients of %s are slopes of the loss", async (name) => {
    const expected = cases[name]!;
    const model = build[name]!() as Layer;
    assign(model, { ...expected.parameters, ...expected.before });
    const input = tf.tensor(expected.input.values, expected.input.shape, name === "embedding" ? "int32" : "float32");
    const cotangent = tf.tensor(expected.cotangent.values, expected.cotangent.shape);
    const training = name !== "batchNormInference";
    const loss = () => tf.sum(tf.mul(model.forward(input, { training }), cotangent)) as tf.Scalar;
    const { value, grads } = tf.variableGrads(loss);
    // Along the gradient g, loss(θ + h g) − loss(θ − h g) = 2 h ‖g‖² + O(h³).
    const found = [...trainable(model).values()];
    const norms = await Promise.all(found.map(({ name: key }) => tf.sum(tf.square(grads[key]!)).data()));
    const squared = norms.reduce((sum, norm) => sum + norm[0]!, 0);
    const step = 2e-3 / Math.sqrt(squared);
    const lossAfter = async (distance: number) => {
      for (const variable of found) {
        tf.tidy(() => variable.assign(tf.add(variable, tf.mul(grads[variable.name]!, distance))));
      }
      return (await loss().data())[0]!;
    };
    const up = await lossAfter(step);
    const down = await lossAfter(-2 * step);
    expect((up - down) / (2 * step) / squared).toBeCloseTo(1, 1);
    tf.dispose([input, cotangent, value, grads]);
    disposeModel(model);
  });

  it.each(["dense", "denseGelu", "conv2dStride", "conv2dValid", "mlp"])(
    "%s gives the same in use as in training",
    async (name) => {
      const expected = cases[name]!;
      const model = build[name]!() as Layer;
      assign(model, expected.parameters);
      const input = tf.tensor(expected.input.values, expected.input.shape);
      const output = model.forward(input, inference);
      expect(await relativeError(output, expected.output)).toBeLessThan(1e-4);
      const gradient = tf.grad((x) => tf.sum(model.forward(x, inference)))(input);
      const same = tf.grad((x) => tf.sum(model.forward(x, { training: true })))(input);
      const values = Array.from(await same.data());
      expect(await relativeError(gradient, { shape: same.shape, values })).toBeLessThan(1e-5);
      tf.dispose([input, output, gradient, same]);
      disposeModel(model);
    },
  );
});
