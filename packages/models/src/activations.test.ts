import { existsSync, readFileSync } from "node:fs";
import { Random } from "@nacre/random";
import { ready, tf } from "@nacre/tensor";
import { beforeAll, describe, expect, it } from "vitest";
import { Activation, ActivationName, activation, Conv2d, GroupNorm, LayerNorm, RmsNorm } from "./index.ts";

const reference = new URL("../../../../shared/golden/nn/torch_reference.json", import.meta.url);
const present = existsSync(reference);
if (!present) console.log(`Skipped: no reference values at ${reference.pathname}.`);
const golden = present ? JSON.parse(readFileSync(reference, "utf8")) : {};

/** |actual − expected| ≤ 1e-6 + 1e-4 · |expected|, for nested arrays. */
async function expectClose(actual: tf.Tensor, expected: unknown): Promise<void> {
  const values = await actual.data();
  const wanted = (expected as unknown[]).flat(9) as number[];
  expect(values).toHaveLength(wanted.length);
  wanted.forEach((value, index) => {
    expect(Math.abs(values[index]! - value)).toBeLessThanOrEqual(1e-6 + 1e-4 * Math.abs(value));
  });
}

const slopes: Record<ActivationName, (x: number) => number> = {
  linear: () => 1,
  relu: (x) => (x > 0 ? 1 : 0),
  leakyRelu: (x) => (x > 0 ? 1 : 0.01),
  elu: (x) => (x > 0 ? 1 : Math.exp(x)),
  gelu: (x) => numeric((y) => y * cumulative(y), x),
  geluTanh: (x) => numeric((y) => 0.5 * y * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (y + 0.044715 * y ** 3))), x),
  silu: (x) => numeric((y) => y / (1 + Math.exp(-y)), x),
  mish: (x) => numeric((y) => y * Math.tanh(Math.log1p(Math.exp(y))), x),
  hardswish: (x) => numeric((y) => (y * Math.min(Math.max(y + 3, 0), 6)) / 6, x),
  softplus: (x) => 1 / (1 + Math.exp(-x)),
  sigmoid: (x) => numeric((y) => 1 / (1 + Math.exp(-y)), x),
  tanh: (x) => 1 - Math.tanh(x) ** 2,
};

function numeric(f: (x: number) => number, x: number): number {
  return (f(x + 1e-5) - f(x - 1e-5)) / 2e-5;
}

/** Φ, summed as a series (Marsaglia 2004, "Evaluating the normal distribution", section 3). */
function cumulative(x: number): number {
  let sum = x;
  for (let term = x, k = 3; Math.abs(term) > 1e-17; k += 2) sum += term = (term * x * x) / k;
  return 0.5 + (sum * Math.exp(-0.5 * x * x)) / Math.sqrt(2 * Math.PI);
}

describe.each(["cpu", "wasm"] as const)("on %s", (backend) => {
  beforeAll(async () => void (await ready({ backend })));

  it.each(ActivationName.options)("the gradient of %s", async (name) => {
    const points = [-3.7, -2.2, -0.9, -0.3, 0.2, 1.1, 2.6, 3.8];
    const gradient = tf.grad((x) => activation(name)(x))(tf.tensor1d(points));
    const values = await gradient.data();
    points.forEach((x, index) => expect(values[index]).toBeCloseTo(slopes[name](x), 4));
    const layer = new Activation(name).forward(tf.tensor1d(points));
    expect(await layer.data()).toEqual(await activation(name)(tf.tensor1d(points)).data());
  });

  it.skipIf(!present).each([
    ["gelu_exact", "gelu"],
    ["gelu_tanh", "geluTanh"],
    ["silu", "silu"],
    ["mish", "mish"],
    ["softplus", "softplus"],
    ["elu", "elu"],
    ["hardswish", "hardswish"],
  ] as const)("%s as in PyTorch", async (key, name) => {
    await expectClose(activation(name)(tf.tensor1d(golden.activations.x)), golden.activations[key]);
  });

  it.skipIf(!present)("normalisations as in PyTorch", async () => {
    const { x, gamma, beta, layer_norm, rms_norm, group_norm_2, group_norm_input } = golden.norms;
    const layer = new LayerNorm({ features: 4 });
    const rms = new RmsNorm({ features: 4 });
    layer.weight.assign(tf.tensor(gamma));
    layer.bias.assign(tf.tensor(beta));
    rms.weight.assign(tf.tensor(gamma));
    await expectClose(layer.forward(tf.tensor(x)), layer_norm);
    await expectClose(rms.forward(tf.tensor(x)), rms_norm);
    const channels = group_norm_input[0].length;
    const group = new GroupNorm({ channels, groups: 2 });
    const images = tf.transpose(tf.tensor4d(group_norm_input), [0, 2, 3, 1]);
    await expectClose(tf.transpose(group.forward(images), [0, 3, 1, 2]), group_norm_2);
  });

  it.skipIf(!present)("convolution as in PyTorch", async () => {
    const { x, w, b, stride, pad, out } = golden.conv_nchw;
    const [outputs, inputs, kernel] = tf.tensor4d(w).shape as number[] as [number, number, number];
    const layer = new Conv2d({ inputs, outputs, kernel, stride, padding: pad }, new Random(0));
    layer.weight.assign(tf.transpose(tf.tensor4d(w), [2, 3, 1, 0]));
    layer.bias!.assign(tf.tensor1d(b));
    const images = tf.transpose(tf.tensor4d(x), [0, 2, 3, 1]) as tf.Tensor4D;
    await expectClose(tf.transpose(layer.forward(images, { training: false }), [0, 3, 1, 2]), out);
  });

  it("names what it knows", () => {
    expect(() => activation("swish" as ActivationName)).toThrow("Expected an activation: linear, relu, leakyRelu");
  });
});
