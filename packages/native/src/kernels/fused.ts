import * as tf from "@tensorflow/tfjs-core";
import type { NativeBackend } from "../backend.ts";
import { type Attributes, type Inputs, type Kernel, kernel } from "../kernel.ts";
import { combine } from "./binary.ts";
import { each, unaryCode } from "./unary.ts";

/** Rows and width of a tensor whose last axis is normalised, or summed. */
function rowsOf(x: tf.TensorInfo): { rows: number; width: number } {
  const width = x.shape.at(-1) ?? 1;
  return { rows: width === 0 ? 0 : tf.util.sizeFromShape(x.shape) / width, width };
}

function normalizeRows(kernelName: string, centered: boolean): Kernel[] {
  return [
    kernel(kernelName, ({ x, gain, bias }, { epsilon }, backend) => {
      const { rows, width } = rowsOf(x!);
      const y = backend.output(x!.shape, "float32");
      const means = backend.output([rows], "float32");
      const scales = backend.output([rows], "float32");
      backend.addon.normalizeRows(
        centered,
        backend.floats(x!),
        gain && backend.floats(gain),
        bias && backend.floats(bias),
        y.dataId.array,
        means.dataId.array,
        scales.dataId.array,
        rows,
        width,
        epsilon,
      );
      return [y, means, scales];
    }),
    kernel(`${kernelName}Grad`, ({ dy, x, gain, means, scales }, _, backend) => {
      const { rows, width } = rowsOf(x!);
      const dx = backend.output(x!.shape, "float32");
      const dGain = backend.output([width], "float32");
      const dBias = backend.output([width], "float32");
      backend.addon.normalizeRowsGradient(
        centered,
        backend.floats(dy!),
        backend.floats(x!),
        gain && backend.floats(gain),
        backend.floats(means!),
        backend.floats(scales!),
        dx.dataId.array,
        dGain.dataId.array,
        dBias.dataId.array,
        rows,
        width,
      );
      return [dx, dGain, dBias];
    }),
  ];
}

const normalization: Kernel[] = [
  ...normalizeRows("LayerNorm", true),
  ...normalizeRows("RmsNorm", false),
  kernel("BatchNormTraining", ({ x, gain, bias }, { epsilon }, backend) => {
    const { rows, width } = rowsOf(x!);
    const y = backend.output(x!.shape, "float32");
    const mean = backend.output([width], "float32");
    const variance = backend.output([width], "float32");
    const outputs = [y, mean, variance].map(({ dataId }) => dataId.array);
    backend.addon.normalizeColumns(
      backend.floats(x!),
      backend.floats(gain!),
      backend.floats(bias!),
      ...outputs,
      rows,
      width,
      epsilon,
    );
    return [y, mean, variance];
  }),
  kernel("BatchNormTrainingGrad", ({ dy, x, gain, mean, variance }, { epsilon }, backend) => {
    const { rows, width } = rowsOf(x!);
    const dx = backend.output(x!.shape, "float32");
    const dGain = backend.output([width], "float32");
    const dBias = backend.output([width], "float32");
    const inputs = [dy, x, gain, mean, variance].map((tensor) => backend.floats(tensor!));
    const outputs = [dx, dGain, dBias].map(({ dataId }) => dataId.array);
    backend.addon.normalizeColumnsGradient(...inputs, ...outputs, rows, width, epsilon);
    return [dx, dGain, dBias];
  }),
  kernel("GroupNorm", ({ x, gain, bias }, { groups, epsilon }, backend) => {
    const { batch, positions, channels } = grouped(x!);
    const y = backend.output(x!.shape, "float32");
    const means = backend.output([batch, groups], "float32");
    const scales = backend.output([batch, groups], "float32");
    const inputs = [x, gain, bias].map((tensor) => backend.floats(tensor!));
    const outputs = [y, means, scales].map(({ dataId }) => dataId.array);
    backend.addon.normalizeGroups(...inputs, ...outputs, batch, positions, channels, groups, epsilon);
    return [y, means, scales];
  }),
  kernel("GroupNormGrad", ({ dy, x, gain, means, scales }, { groups }, backend) => {
    const { batch, positions, channels } = grouped(x!);
    const dx = backend.output(x!.shape, "float32");
    const dGain = backend.output([channels], "float32");
    const dBias = backend.output([channels], "float32");
    const inputs = [dy, x, gain, means, scales].map((tensor) => backend.floats(tensor!));
    const outputs = [dx, dGain, dBias].map(({ dataId }) => dataId.array);
    backend.addon.normalizeGroupsGradient(...inputs, ...outputs, batch, positions, channels, groups);
    return [dx, dGain, dBias];
  }),
];

function grouped({ shape }: tf.TensorInfo): { batch: number; positions: number; channels: number } {
  const positions = tf.util.sizeFromShape(shape.slice(1, -1));
  return { batch: shape[0]!, positions, channels: shape.at(-1)! };
}

/** In the order of `Problem` in kernels/attention.cc. */
function problem(query: tf.TensorInfo, key: tf.TensorInfo, mask: tf.TensorInfo | undefined): Int32Array {
  const [batch, queries, heads, size] = query.shape as [number, number, number, number];
  const [, keys, keyHeads] = key.shape as [number, number, number];
  return Int32Array.of(batch, queries, keys, heads, keyHeads, size, ...(mask?.shape.slice(0, 3) ?? [1, 1, 1]));
}

/** The stream and the rate of what is dropped, in the order of `dropsOf` in kernels/philox.h. */
function drops(dropped?: { readonly key: readonly [number, number]; readonly rate: number }): readonly number[] {
  return dropped === undefined ? [0, 0, 0] : [...dropped.key, dropped.rate];
}

function attention(inputs: Inputs, { scale, causal, dropped }: Attributes, backend: NativeBackend): tf.TensorInfo[] {
  const { query, key, value, mask } = inputs as Record<string, tf.TensorInfo>;
  const [batch, queries, heads] = query!.shape as [number, number, number];
  const output = backend.output(query!.shape, "float32");
  const logSums = backend.output([batch, heads, queries], "float32");
  backend.addon.attention(
    backend.floats(query!),
    backend.floats(key!),
    backend.floats(value!),
    output.dataId.array,
    logSums.dataId.array,
    mask && backend.floats(mask),
    problem(query!, key!, mask),
    scale,
    causal,
    ...drops(dropped),
  );
  return [output, logSums];
}

function attentionGradient(
  inputs: Inputs,
  { scale, causal, dropped }: Attributes,
  backend: NativeBackend,
): tf.TensorInfo[] {
  const { dy, query, key, value, mask, output, logSums } = inputs as Record<string, tf.TensorInfo>;
  const gradients = [query, key, value].map((tensor) => backend.output(tensor!.shape, "float32"));
  backend.addon.attentionGradient(
    ...[dy, query, key, value, output, logSums].map((tensor) => backend.floats(tensor!)),
    ...gradients.map(({ dataId }) => dataId.array),
    mask && backend.floats(mask),
    problem(query!, key!, mask),
    scale,
    causal,
    ...drops(dropped),
  );
  return gradients;
}

function activations(kernelName: string): Kernel[] {
  return [
    kernel(kernelName, ({ x }, _, backend) => each(kernelName, x!, backend)!),
    kernel(`${kernelName}Grad`, ({ dy, x }, _, backend) => {
      const dx = backend.output(x!.shape, "float32");
      backend.addon.activationGradient(
        unaryCode(kernelName, backend),
        backend.floats(dy!),
        backend.floats(x!),
        dx.dataId.array,
      );
      return dx;
    }),
  ];
}

/** A number for TensorFlow.js: kernels that write in place have no result of their own. */
function nothing(backend: NativeBackend): tf.TensorInfo {
  return backend.output([], "float32");
}

const optimizers: Kernel[] = [
  kernel("AdamStep", ({ parameter, gradient, mean, variance }, attributes, backend) => {
    const { learningRate, beta1, beta2, epsilon, step, weightDecay = 0, gradientScale = 1 } = attributes;
    backend.addon.adam(
      backend.writable(parameter!),
      backend.floats(gradient!),
      backend.writable(mean!),
      backend.writable(variance!),
      learningRate,
      beta1,
      beta2,
      epsilon,
      weightDecay,
      1 - beta1 ** step,
      1 - beta2 ** step,
      gradientScale,
    );
    return nothing(backend);
  }),
  kernel("SgdStep", ({ parameter, gradient, velocity }, attributes, backend) => {
    const { learningRate, momentum = 0, nesterov = false, weightDecay = 0, gradientScale = 1 } = attributes;
    backend.addon.sgd(
      backend.writable(parameter!),
      backend.floats(gradient!),
      velocity && backend.writable(velocity),
      learningRate,
      momentum,
      nesterov,
      weightDecay,
      gradientScale,
    );
    return nothing(backend);
  }),
  kernel("LionStep", ({ parameter, gradient, mean }, attributes, backend) => {
    const { learningRate, beta1, beta2, weightDecay = 0, gradientScale = 1 } = attributes;
    backend.addon.lion(
      backend.writable(parameter!),
      backend.floats(gradient!),
      backend.writable(mean!),
      learningRate,
      beta1,
      beta2,
      weightDecay,
      gradientScale,
    );
    return nothing(backend);
  }),
  kernel("GlobalNorm", (inputs, _, backend) => {
    const tensors = inputs as unknown as tf.TensorInfo[];
    const result = backend.output([], "float32");
    const part = new Float32Array(1);
    let squares = 0;
    for (const tensor of tensors) {
      const values = backend.floats(tensor);
      backend.addon.reduce(4, values, part, 1, values.length, 1, 1);
      squares += part[0]!;
    }
    result.dataId.array[0] = Math.sqrt(squares);
    return result;
  }),
];

const orthogonalize: Kernel = {
  kernelName: "Orthogonalize",
  needs: "orthogonalize",
  compute({ x }, { iterations }, backend) {
    const [rows, columns] = x!.shape as [number, number];
    const result = backend.output(x!.shape, "float32");
    const scratch = backend.output([2 * Math.min(rows, columns) ** 2 + rows * columns], "float32");
    const { array } = result.dataId;
    backend.addon.orthogonalize(backend.floats(x!), array, scratch.dataId.array, rows, columns, iterations);
    backend.disposeData(scratch.dataId);
    return result;
  },
};

/** The fused operations of @nacre/tensor; names, inputs and attributes are its contracts (packages/tensor/src/fused). */
export const fusedKernels: readonly Kernel[] = [
  ...normalization,
  ...optimizers,
  orthogonalize,
  ...["Gelu", "GeluTanh", "Silu"].flatMap(activations),
  kernel("Attention", attention),
  kernel("MaskedAttention", attention),
  kernel("AttentionGrad", attentionGradient),
  kernel("ReluGrad", ({ dy, y }, _, backend) => combine("ReluGrad", dy!, y!, backend)!),
  {
    kernelName: "Dropout",
    needs: "dropout",
    compute({ x }, attributes, backend) {
      const y = backend.output(x!.shape, "float32");
      backend.addon.dropout(backend.floats(x!), y.dataId.array, ...drops(attributes));
      return y;
    },
  },
  kernel("SwiGlu", ({ gate, up }, _, backend) => {
    const result = backend.output(gate!.shape, "float32");
    backend.addon.swiglu(backend.floats(gate!), backend.floats(up!), result.dataId.array);
    return result;
  }),
  kernel("SwiGluGrad", ({ dy, gate, up }, _, backend) => {
    const dGate = backend.output(gate!.shape, "float32");
    const dUp = backend.output(gate!.shape, "float32");
    const inputs = [dy, gate, up].map((tensor) => backend.floats(tensor!));
    backend.addon.swigluGradient(...inputs, dGate.dataId.array, dUp.dataId.array);
    return [dGate, dUp];
  }),
  kernel("Rotary", ({ x, cosines, sines }, { interleaved, inverse }, backend) => {
    const [batch, time, heads, size] = x!.shape as [number, number, number, number];
    const result = backend.output(x!.shape, "float32");
    const inputs = [x, cosines, sines].map((tensor) => backend.floats(tensor!));
    const turned = 2 * cosines!.shape[1]!;
    backend.addon.rotary(...inputs, result.dataId.array, batch, time, heads, size, turned, interleaved, inverse);
    return result;
  }),
  kernel("CrossEntropy", ({ logits, labels }, { labelSmoothing, ignoreIndex }, backend) => {
    const { rows, width } = rowsOf(logits!);
    const losses = backend.output([rows], "float32");
    const normalizers = backend.output([rows], "float32");
    backend.addon.crossEntropy(
      backend.floats(logits!),
      backend.array(labels!),
      losses.dataId.array,
      normalizers.dataId.array,
      rows,
      width,
      labelSmoothing,
      ignoreIndex,
    );
    return [losses, normalizers];
  }),
  kernel("CrossEntropyGrad", ({ logits, labels, normalizers, dy }, { labelSmoothing, ignoreIndex }, backend) => {
    const { rows, width } = rowsOf(logits!);
    const result = backend.output(logits!.shape, "float32");
    backend.addon.crossEntropyGradient(
      backend.floats(logits!),
      backend.array(labels!),
      backend.floats(normalizers!),
      backend.floats(dy!),
      result.dataId.array,
      rows,
      width,
      labelSmoothing,
      ignoreIndex,
    );
    return result;
  }),
  kernel("QuantizedMatMul", ({ x }, { weights, n, k }, backend) => {
    const [m] = x!.shape as [number];
    const result = backend.output([m, n], "float32");
    const { values, scales, bits } = weights;
    backend.addon.quantizedMatmul(backend.floats(x!), values, scales, result.dataId.array, m, n, k, bits);
    return result;
  }),
  kernel("LogSoftmax", ({ logits }, _, backend) => {
    const { rows, width } = rowsOf(logits!);
    const result = backend.output(logits!.shape, "float32");
    backend.addon.logSoftmax(backend.floats(logits!), result.dataId.array, rows, width);
    return result;
  }),
];
