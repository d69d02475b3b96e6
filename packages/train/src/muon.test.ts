import { ready, tf, updatesInPlace } from "@nacre/tensor";
import { describe, expect, it } from "vitest";
import vectors from "./fixtures/language.json" with { type: "json" };
import { Learner } from "./learner.ts";
import { OptimizerConfig, optimizerFrom } from "./optimizer-config.ts";
import { adamw, muon } from "./optimizers.ts";
import type { Transform } from "./transform.ts";
import type { MuonOptions } from "./transforms/muon.ts";
import { hiddenMatrices, layerwiseDecay } from "./transforms/weights.ts";

const backends = ["cpu", "native"] as const;
const start = async (backend: (typeof backends)[number]) =>
  ready({ backend }).then(
    () => true,
    () => false,
  );

const { muon: problem } = vectors;
const cases: Record<keyof typeof problem.paths, MuonOptions> = {
  "tall original": { fit: "original" },
  "wide original": { fit: "original" },
  "tall adam": { fit: "adam" },
  "wide adam": { fit: "adam", nesterov: false, momentum: 0.9 },
};

function gradientOf(weight: tf.Tensor2D, wide: boolean): tf.Tensor2D {
  const [A, target] = [tf.tensor2d(problem.A), tf.tensor2d(problem.target)];
  const upright = wide ? tf.transpose(weight) : weight;
  const gradient = tf.matMul(A, tf.sub(tf.matMul(A, upright), target) as tf.Tensor2D, true) as tf.Tensor2D;
  return wide ? tf.transpose(gradient) : gradient;
}

describe.each(backends)("muon on %s", (backend) => {
  it.each(Object.keys(cases) as (keyof typeof cases)[])("moves as PyTorch's does: %s", async (name) => {
    if (!(await start(backend))) return;
    const wide = name.startsWith("wide");
    const weight = tf.variable(tf.tensor2d(wide ? problem.wide : problem.tall));
    const bias = tf.variable(tf.tensor1d([1, 2]));
    const model = { blocks: [{ weight, bias }] };
    const learner = new Learner(model, muon(0.05, cases[name]));
    const alone = { other: tf.variable(tf.tensor1d([1, 2])) };
    const other = new Learner(alone, adamw(0.05, { beta2: 0.95, weightDecay: 0.1 }));
    const biasGradient = () => tf.tensor1d([0.3, -0.4]);
    for (const [step, expected] of problem.paths[name].entries()) {
      const gradients = new Map<string, tf.Tensor>([
        ["blocks.0.weight", tf.tidy(() => gradientOf(weight as tf.Tensor2D, wide))],
        ["blocks.0.bias", biasGradient()],
      ]);
      await learner.apply(gradients, { step, history: [] });
      await other.apply(new Map([["other", biasGradient()]]), { step, history: [] });
      weight.dataSync().forEach((value, index) => {
        expect(Math.abs(value - expected[index]!), `step ${step}`).toBeLessThan(2e-5);
      });
      bias.dataSync().forEach((value, index) => expect(value).toBeCloseTo(alone.other.dataSync()[index]!, 6));
    }
    learner.dispose();
    other.dispose();
    tf.dispose([weight, bias, alone.other]);
  });

  it("updates the rest in place where the backend can, and leaves no tensors", async () => {
    if (!(await start(backend))) return;
    const before = tf.memory().numTensors;
    const ones = (rows: number) => tf.tidy(() => tf.variable(tf.ones([rows, 3])));
    const model = { tokens: ones(4), blocks: [{ weight: ones(3) }] };
    const learner = new Learner(model, muon(0.1));
    const kept = model.tokens.dataId;
    for (let step = 0; step < 3; step++) {
      const { values } = await learner.gradients(
        () => tf.sum(tf.square(tf.matMul(model.tokens as never, model.blocks[0]!.weight as never))) as tf.Scalar,
      );
      await learner.apply(values, { step, history: [], clipNorm: 1 });
    }
    expect(model.tokens.dataId === kept).toBe(updatesInPlace());
    learner.dispose();
    tf.dispose([model.tokens, model.blocks[0]!.weight]);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("parameter groups", () => {
  const values = async () => {
    await start("cpu");
    return {
      "blocks.0.attention.output.weight": tf.ones([2, 2]),
      "blocks.0.norm.weight": tf.ones([2]),
      "blocks.1.feedForward.up.weight": tf.ones([2, 2]),
      "tokens.weight": tf.ones([3, 2]),
      "output.weight": tf.ones([3, 2]),
      "norm.weight": tf.ones([2]),
    };
  };

  it("hiddenMatrices are the matrices inside of blocks", async () => {
    const names = Object.entries(await values()).flatMap(([name, value]) =>
      hiddenMatrices(name, value) ? [name] : [],
    );
    expect(names).toEqual(["blocks.0.attention.output.weight", "blocks.1.feedForward.up.weight"]);
  });

  it("layerwiseDecay makes lower layers slower", async () => {
    const rateOf = layerwiseDecay({ decay: 0.5, layers: 2 });
    const rates = Object.fromEntries(Object.keys(await values()).map((name) => [name, rateOf(name)]));
    expect(rates).toEqual({
      "blocks.0.attention.output.weight": 0.25,
      "blocks.0.norm.weight": 0.25,
      "blocks.1.feedForward.up.weight": 0.5,
      "tokens.weight": 0.125,
      "output.weight": 1,
      "norm.weight": 1,
    });
    for (const backend of backends) {
      if (!(await start(backend))) continue;
      const model = { tokens: { weight: tf.variable(tf.zeros([1, 1])) }, norm: { weight: tf.variable(tf.zeros([1])) } };
      const learner = new Learner(model, adamw(0.1, { rateOf, weightDecay: 0 }));
      const gradients = new Map<string, tf.Tensor>([
        ["tokens.weight", tf.ones([1, 1])],
        ["norm.weight", tf.ones([1])],
      ]);
      await learner.apply(gradients, { step: 0, history: [] });
      expect(model.tokens.weight.dataSync()[0]).toBeCloseTo(-0.0125, 6);
      expect(model.norm.weight.dataSync()[0]).toBeCloseTo(-0.1, 6);
      learner.dispose();
    }
  });

  it("a configuration says what decays", async () => {
    const parameters = new Map<string, tf.Tensor>(Object.entries(await values()));
    const decaying = (settings: object): string[] => {
      const config = OptimizerConfig.parse({ name: "adamw", learningRate: 1, weightDecay: 0.5, ...settings });
      const transform: Transform = optimizerFrom(config, { totalSteps: 1, stepsPerEpoch: 1 });
      const gradients = new Map([...parameters].map(([name, value]) => [name, tf.zerosLike(value)]));
      const context = { step: 0, parameters, history: [] };
      const { updates } = transform.update(gradients, transform.init(parameters), context);
      return [...updates].flatMap(([name, update]) => (update.dataSync()[0] === 0 ? [] : [name]));
    };
    const matrices = ["blocks.0.attention.output.weight", "blocks.1.feedForward.up.weight"];
    expect(decaying({})).toEqual([...matrices, "tokens.weight", "output.weight"]);
    expect(decaying({ decayEmbeddings: false })).toEqual(matrices);
    expect(decaying({ decayBiases: true })).toHaveLength(6);
    const config = OptimizerConfig.parse({ name: "muon" });
    const state = optimizerFrom(config, { totalSteps: 1, stepsPerEpoch: 1 }).init(parameters) as never as {
      inside: Map<string, unknown>[];
    };
    expect([...state.inside[0]!.keys()]).toEqual(matrices);
  });
});
