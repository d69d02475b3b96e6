// Nacre's side of every case, and tfjs's own backends': the same program on another backend.
import { buildClassifier, ClassifierConfig } from "@nacre/models";
import { Random } from "@nacre/random";
import {
  adamStep,
  layerNorm,
  quantizedMatMul,
  quantizeWeights,
  ready,
  settleParameters,
  softmaxCrossEntropy,
  tf,
} from "@nacre/tensor";
import { adamw } from "@nacre/train";
import { Transformer } from "./models.ts";
import { readyPublishedWasm } from "./published-wasm.ts";
import { printMedian, settings } from "./settings.ts";

const { contender } = settings;
const backend = contender.startsWith("tfjs wasm") ? "wasm" : contender === "tfjs cpu" ? "cpu" : "native";
await (contender === "tfjs wasm" ? readyPublishedWasm() : ready({ backend }));
const { kind, sizes, variant } = settings;
const size = (name: string): number => sizes[name]!;
const random = (...shape: number[]) => {
  const values = new Random(3).fork(shape.join()).fillUniform(new Float32Array(tf.util.sizeFromShape(shape)));
  return tf.tensor(values, shape);
};

/** One update of Adam after the gradient of `loss`: what every contender does in a training step; tfjs with its own. */
function trainingStep(variables: readonly tf.Variable[], loss: () => tf.Scalar): () => Promise<void> {
  const optimizer = adamw(1e-3);
  const named = new Map(variables.map((variable) => [variable.name, variable]));
  const state = optimizer.init(named);
  const own = tf.train.adam(1e-3);
  let step = 0;
  return async () => {
    const { value, grads } = tf.variableGrads(loss, [...variables]);
    const context = { step: step++, history: [], parameters: named, variables: named, gradientScale: 1 };
    if (backend === "native") optimizer.applyInPlace!(new Map(Object.entries(grads)), state, context);
    else own.applyGradients(grads as never);
    tf.dispose(grads);
    await value.data();
    value.dispose();
  };
}

const runs: Record<typeof kind, () => Promise<void>> = {
  gemm() {
    const { m, n, k, batch } = sizes as Record<string, number>;
    const left = batch! > 1 ? random(batch!, m!, k!) : random(m!, k!);
    const right = batch! > 1 ? random(batch!, k!, n!) : random(k!, n!);
    return printMedian(() => tf.matMul(left, right).dispose(), (2 * m! * n! * k! * batch!) / 1e9);
  },
  mlp: () => classifier({ family: "mlp", hidden: [size("hidden")] }, [784]),
  lenet: () => classifier({ family: "lenet" }, [28, 28, 1]),
  resnet: () => classifier({ family: "resnet", blocks: 2, widths: [64, 128, 256, 512] }, [32, 32, 3]),
  gpt() {
    const { layers, width, heads, time, vocabulary, batch } = sizes as Record<string, number>;
    const shape = { layers: layers!, width: width!, heads: heads!, time: time!, vocabulary: vocabulary! };
    const model = new Transformer(shape, true);
    const tokens = tf.tensor1d(
      Int32Array.from({ length: batch! * time! }, (_, i) => (i * 31) % vocabulary!),
      "int32",
    );
    const targets = tf.tensor1d(
      Int32Array.from({ length: batch! * time! }, (_, i) => (i * 17) % vocabulary!),
      "int32",
    );
    const loss = () => tf.tidy(() => tf.mean(softmaxCrossEntropy(model.logits(tokens, batch!), targets)) as tf.Scalar);
    return printMedian(trainingStep(Object.values(model.parameters), loss));
  },
  bert() {
    const { layers, width, heads, time, batch } = sizes as Record<string, number>;
    const model = new Transformer({ layers: layers!, width: width!, heads: heads!, time: time! }, false);
    const input = random(batch!, time!, width!) as tf.Tensor3D;
    // As models are served; onnxruntime brings its weights into an order of its own, too.
    settleParameters(model, { multiplied: model.multiplied });
    return printMedian(() => tf.tidy(() => void model.forward(input)));
  },
  bandwidth() {
    const [rows, width] = [size("rows"), size("width")];
    const bytes = rows * width * 4;
    const [x, y] = [random(rows, width), random(rows, width)];
    const [gain, bias] = [random(width), random(width)];
    const variable = tf.variable(y);
    const moments = { mean: tf.zerosLike(x), variance: tf.zerosLike(x) };
    const settingsOfAdam = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, step: 1 };
    const steps: Record<string, [() => void, number]> = {
      // Bytes read and written: a copy moves 2.
      copy: [() => tf.reverse(x, []).dispose(), 2],
      add: [() => tf.add(x, y).dispose(), 3],
      relu: [() => tf.relu(x).dispose(), 2],
      softmax: [() => tf.softmax(x as tf.Tensor2D).dispose(), 2],
      layerNorm: [() => tf.tidy(() => void layerNorm(x, gain, bias)), 2],
      adam: [() => void adamStep(variable, x, moments, settingsOfAdam), 7],
    };
    const [step, moved] = steps[contender === "copy" ? "copy" : variant!]!;
    return printMedian(step, (moved * bytes) / 1e9);
  },
  quantized() {
    const [bits, width, hidden] = [size("bits") as 8 | 4, size("width"), size("hidden")];
    if (contender === "read") {
      // A sum reads everything once and writes nothing.
      const large = random(64 * 1024 * 1024);
      return printMedian(() => tf.sum(large).dispose(), (large.size * 4) / 1e9);
    }
    // Several layers' worth: what one token of a model reads does not stay in a cache.
    const layers = Array.from({ length: bits === 8 ? 6 : 12 }, () => [
      quantizeWeights(random(hidden, width) as tf.Tensor2D, bits),
      quantizeWeights(random(width, hidden) as tf.Tensor2D, bits),
    ]).flat();
    const inputs = new Map([width, hidden].map((length) => [length, random(1, length) as tf.Tensor2D]));
    const bytes = layers.reduce((sum, { values, scales }) => sum + values.byteLength + scales.byteLength, 0);
    return printMedian(() => {
      for (const layer of layers) quantizedMatMul(inputs.get(layer.shape[1])!, layer).dispose();
    }, bytes / 1e9);
  },
  tiny() {
    const [x, y] = [random(size("length")), random(size("length"))];
    const calls = 2000;
    return printMedian(() => {
      for (let call = 0; call < calls; call++) tf.add(x, y).dispose();
    }, calls);
  },
};

function classifier(config: object, input: number[]): Promise<void> {
  const batch = size("batch");
  const model = buildClassifier(ClassifierConfig.parse(config), { input, classes: 10 }, new Random(1));
  const features = random(batch, ...input);
  const labels = tf.tensor1d(
    Int32Array.from({ length: batch }, (_, index) => index % 10),
    "int32",
  );
  const context = { training: true, random: new Random(5) };
  const loss = () =>
    tf.tidy(() => {
      const logits = model.forward(features, context as never) as tf.Tensor2D;
      return tf.mean(softmaxCrossEntropy(logits, labels)) as tf.Scalar;
    });
  const variables = Object.values(tf.engine().registeredVariables).filter(({ trainable }) => trainable);
  return printMedian(trainingStep(variables, loss));
}

await runs[kind]();
