import { Random } from "@nacre/random";
import { beforeAll, describe, expect, it } from "vitest";
import {
  attention,
  batchNormTraining,
  convolution,
  dropout,
  gelu,
  groupNorm,
  layerNorm,
  linear,
  ready,
  rmsNorm,
  rotary,
  silu,
  softmaxCrossEntropy,
  swiglu,
  tf,
} from "../index.ts";
import { has } from "./kernel.ts";

const backends = ["cpu", "wasm", "native"] as const;
const working = new Set<string>();

beforeAll(async () => {
  for (const backend of backends) {
    const works = await ready({ backend }).then(
      () => true,
      () => false,
    );
    if (works) working.add(backend);
  }
});

type Operation = (...inputs: tf.Tensor[]) => tf.Tensor;

interface Case {
  readonly name: string;
  readonly shapes: readonly (readonly number[])[];
  readonly operation: Operation;
}

function random(shape: readonly number[], name: string): Float32Array {
  const stream = new Random(7).fork(name);
  return Float32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, () => stream.normal());
}

const angles = (time: number, pairs: number): [tf.Tensor2D, tf.Tensor2D] => {
  const values = Float32Array.from({ length: time * pairs }, (_, i) => Math.floor(i / pairs) / 3 ** (i % pairs));
  return [tf.tensor2d(values.map(Math.cos), [time, pairs]), tf.tensor2d(values.map(Math.sin), [time, pairs])];
};

/** Additive: some keys are hidden, of the first example all but one. */
const mask = (keys: number): tf.Tensor =>
  tf.tensor4d(
    Float32Array.from({ length: 2 * keys }, (_, i) => (i % 3 === 1 || (i < keys && i > 0) ? -Infinity : 0.1 * i)),
    [2, 1, 1, keys],
  );

/** Another one for each query: of 7 keys 2 are hidden. */
const queryMask = (...shape: [number, number, number, number]): tf.Tensor =>
  tf.tensor4d(
    Float32Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) =>
      (i * i) % 7 === 2 ? -Infinity : (i % 5) / 4,
    ),
    shape,
  );

const labels = (): tf.Tensor1D => tf.tensor1d([0, 6, -1, 3, 2], "int32");

const weightDrops = { rate: 0.3, random: new Random(2).fork("weights") };

const cases: readonly Case[] = [
  { name: "layerNorm", shapes: [[3, 5, 19], [19], [19]], operation: (x, g, b) => layerNorm(x!, g!, b!, 1e-5) },
  { name: "rmsNorm", shapes: [[3, 5, 19], [19]], operation: (x, g) => rmsNorm(x!, g!) },
  {
    name: "batchNormTraining",
    shapes: [[37, 11], [11], [11]],
    operation: (x, g, b) => batchNormTraining(x as tf.Tensor2D, g!, b!, 1e-5),
  },
  { name: "groupNorm", shapes: [[3, 2, 4, 12], [12], [12]], operation: (x, g, b) => groupNorm(x!, g!, b!, 3) },
  { name: "gelu", shapes: [[3, 41]], operation: (x) => gelu(x!) },
  { name: "gelu, tanh", shapes: [[3, 41]], operation: (x) => gelu(x!, { approximate: "tanh" }) },
  { name: "silu", shapes: [[3, 41]], operation: (x) => silu(x!) },
  {
    name: "swiglu",
    shapes: [
      [3, 41],
      [3, 41],
    ],
    operation: (gate, up) => swiglu(gate!, up!),
  },
  {
    name: "linear",
    shapes: [[2, 5, 13], [9, 13], [9]],
    operation: (x, w, b) => linear(x!, w as tf.Tensor2D, { bias: b }),
  },
  {
    name: "linear without bias, relu",
    shapes: [
      [7, 13],
      [9, 13],
    ],
    operation: (x, w) => linear(x!, w as tf.Tensor2D, { activation: "relu" }),
  },
  ...(["gelu", "geluTanh", "silu"] as const).map((activation) => ({
    name: `linear, ${activation}`,
    shapes: [[2, 5, 13], [39, 13], [39]],
    operation: ((x, w, b) => linear(x!, w as tf.Tensor2D, { bias: b, activation })) as Operation,
  })),
  {
    name: "convolution, relu",
    shapes: [[2, 7, 6, 5], [3, 3, 5, 9], [9]],
    operation: (x, f, b) =>
      convolution(x as tf.Tensor4D, f as tf.Tensor4D, { stride: 2, padding: 1, bias: b, activation: "relu" }),
  },
  { name: "dropout", shapes: [[7, 43]], operation: (x) => dropout(x!, { rate: 0.3, random: new Random(2).fork("x") }) },
  {
    name: "softmaxCrossEntropy",
    shapes: [[5, 7]],
    operation: (x) => softmaxCrossEntropy(x as tf.Tensor2D, labels(), { labelSmoothing: 0.1, ignoreIndex: -1 }),
  },
  ...[false, true].map((interleaved) => ({
    name: `rotary${interleaved ? ", interleaved" : ""}`,
    shapes: [[2, 5, 3, 10]],
    operation: ((x) => rotary(x as tf.Tensor4D, ...angles(5, 4), { interleaved })) as Operation,
  })),
  ...[
    { name: "attention", queries: 5, keys: 5, heads: 2, keyHeads: 2, options: {} },
    { name: "attention, causal", queries: 70, keys: 70, heads: 2, keyHeads: 2, options: { causal: true } },
    { name: "attention, causal with a past", queries: 3, keys: 8, heads: 2, keyHeads: 2, options: { causal: true } },
    { name: "attention, grouped queries", queries: 66, keys: 130, heads: 4, keyHeads: 2, options: {} },
    { name: "attention, masked", queries: 4, keys: 9, heads: 2, keyHeads: 1, options: { scale: 0.3 }, masked: true },
    {
      name: "attention with dropout, causal",
      ...{ queries: 70, keys: 70, heads: 2, keyHeads: 2 },
      options: { causal: true, dropout: weightDrops },
    },
    {
      name: "attention with dropout, masked, grouped queries",
      ...{ queries: 66, keys: 130, heads: 4, keyHeads: 2 },
      options: { dropout: weightDrops },
      masked: true,
    },
    {
      name: "attention, causal, in several blocks",
      ...{ queries: 140, keys: 200, heads: 1, keyHeads: 1, size: 20 },
      options: { causal: true },
    },
    { name: "attention, causal, of few keys", queries: 40, keys: 9, heads: 1, keyHeads: 1, options: { causal: true } },
    { name: "attention of wide heads", queries: 3, keys: 5, heads: 1, keyHeads: 1, size: 400, options: {} },
    { name: "attention of heads of 1,024", queries: 70, keys: 20, heads: 1, keyHeads: 1, size: 1024, options: {} },
    { name: "attention, rows of 1,024", queries: 20, keys: 70, heads: 16, keyHeads: 16, size: 64, options: {} },
  ].map(({ name, queries, keys, heads, keyHeads, size = 12, options, masked }) => ({
    name,
    shapes: [
      [2, queries, heads, size],
      [2, keys, keyHeads, size],
      [2, keys, keyHeads, size],
    ],
    operation: ((q, k, v) =>
      attention(q as tf.Tensor4D, k as tf.Tensor4D, v as tf.Tensor4D, {
        ...options,
        ...(masked ? { mask: mask(keys) } : {}),
      })) as Operation,
  })),
  ...[
    { each: "query", sizes: [1, 1] },
    { each: "query and head, with dropout", sizes: [1, 2], drops: weightDrops },
    { each: "query of each example", sizes: [2, 1] },
  ].map(({ each, sizes: [batch, heads], drops }) => ({
    name: `attention with another mask for each ${each}`,
    shapes: [
      [2, 70, 2, 12],
      [2, 83, 2, 12],
      [2, 83, 2, 12],
    ],
    operation: ((q, k, v) =>
      attention(q as tf.Tensor4D, k as tf.Tensor4D, v as tf.Tensor4D, {
        mask: queryMask(batch!, heads!, 70, 83),
        ...(drops && { dropout: drops }),
      })) as Operation,
  })),
  ...[
    { queries: 4, keys: 9 },
    { queries: 4, keys: 9, masked: true },
    { queries: 70, keys: 83, masked: true },
  ].map(({ queries, keys, masked }) => ({
    name: `attention of ${queries} queries, biased${masked ? " and masked" : ""}`,
    shapes: [
      [2, queries, 2, 12],
      [2, keys, 2, 12],
      [2, keys, 2, 12],
      [1, 2, queries, keys],
    ],
    operation: ((q, k, v, bias) =>
      attention(q as tf.Tensor4D, k as tf.Tensor4D, v as tf.Tensor4D, {
        bias,
        ...(masked ? { mask: mask(keys) } : {}),
      })) as Operation,
  })),
];

/** The value, and the gradient of Σ w · value for fixed random w. */
function measure({ name, shapes, operation }: Case): { value: tf.Tensor; gradients: tf.Tensor[] } {
  const inputs = shapes.map((shape, index) => tf.tensor(random(shape, `${name} ${index}`), [...shape]));
  const value = operation(...inputs);
  const weights = tf.tensor(random(value.shape, `${name} weights`), value.shape);
  const gradients = tf.grads((...tensors: tf.Tensor[]) => tf.sum(tf.mul(operation(...tensors), weights)))(inputs);
  return { value, gradients };
}

function close(received: tf.Tensor, expected: tf.Tensor, what: string): void {
  expect(received.shape, what).toEqual(expected.shape);
  const [a, b] = [received.dataSync(), expected.dataSync()];
  let scale = 1;
  for (const value of b) scale = Math.max(scale, Math.abs(value));
  for (let i = 0; i < b.length; i++) {
    if (!(Math.abs(a[i]! - b[i]!) <= 3e-5 * scale)) {
      expect.fail(`${what}[${i}]: expected ${b[i]}, received ${a[i]}`);
    }
  }
}

describe.each(cases.map((each) => [each.name, each] as const))("%s", (_, each) => {
  it("is the same on every backend, value and gradients", async () => {
    await ready({ backend: "cpu" });
    const expected = measure(each);
    for (const backend of backends.slice(1)) {
      if (!working.has(backend)) continue;
      await ready({ backend });
      const received = measure(each);
      close(received.value, expected.value, `${backend} value`);
      for (const [index, gradient] of received.gradients.entries()) {
        close(gradient, expected.gradients[index]!, `${backend} gradient ${index}`);
      }
    }
  });

  it("has the gradient that differences give", async () => {
    await ready({ backend: "cpu" });
    const inputs = each.shapes.map((shape, index) => random(shape, `${each.name} ${index}`));
    const weights = random(each.operation(...tensors(each, inputs)).shape, `${each.name} weights`);
    const loss = (): number => {
      const values = Float32Array.from(tf.tidy(() => each.operation(...tensors(each, inputs)).dataSync()));
      return values.reduce((sum, value, i) => sum + value * weights[i]!, 0);
    };
    const { gradients } = measure(each);
    for (const [index, input] of inputs.entries()) {
      const gradient = Float32Array.from(gradients[index]!.dataSync());
      const largest = gradient.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      for (const place of [0, Math.floor(input.length / 2), input.length - 1]) {
        const before = input[place]!;
        input[place] = before + 1e-2;
        const above = loss();
        input[place] = before - 1e-2;
        const slope = (above - loss()) / 2e-2;
        input[place] = before;
        expect(Math.abs(slope - gradient[place]!), `input ${index} at ${place}`).toBeLessThan(0.02 * largest + 0.02);
      }
    }
  });
});

function tensors({ shapes }: Case, inputs: readonly Float32Array[]): tf.Tensor[] {
  return shapes.map((shape, index) => tf.tensor(inputs[index]!.slice(), [...shape]));
}

it("uses the kernels of a backend that has them", async () => {
  await ready({ backend: "cpu" });
  expect(has("LayerNorm")).toBe(false);
  if (!working.has("native")) return;
  await ready({ backend: "native" });
  expect(has("LayerNorm")).toBe(true);
});
