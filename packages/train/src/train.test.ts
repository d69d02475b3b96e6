import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { from } from "@nacre/data";
import { Random } from "@nacre/random";
import { disposeModel, parseSafetensors, randomNormal, ready, snapshot, tf } from "@nacre/tensor";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { crossEntropy } from "./losses/cross-entropy.ts";
import { mixedLoss } from "./losses/mixed.ts";
import { tokenLoss } from "./losses/tokens.ts";
import { adam, adamw, muon, sgd } from "./optimizers.ts";
import type { LossContext, TrainOptions } from "./options.ts";
import { plateau, stableDecay } from "./schedules.ts";
import type { Step } from "./step.ts";
import { train } from "./train.ts";

let folder: string;
beforeAll(async () => {
  await ready({ backend: "cpu" });
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "nacre-train-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface Batch {
  readonly features: number[][];
  readonly labels: number[];
  readonly size: number;
}

/** A two-layer network with dropout, on points in two classes. */
class Toy {
  readonly hidden: tf.Variable;
  readonly output: tf.Variable;
  /** Counts examples; nothing to train. */
  readonly seen: tf.Variable;

  constructor(seed = 0) {
    const random = new Random(seed);
    this.hidden = tf.tidy(() => tf.variable(randomNormal(random, [2, 8], 0, 0.5)));
    this.output = tf.tidy(() => tf.variable(randomNormal(random, [8, 2], 0, 0.5)));
    this.seen = tf.tidy(() => tf.variable(tf.scalar(0), false));
  }

  forward(x: tf.Tensor2D, context?: Pick<LossContext, "random">): tf.Tensor2D {
    const hidden = tf.tanh(tf.matMul(x, this.hidden as unknown as tf.Tensor2D)) as tf.Tensor2D;
    const kept = context
      ? tf.tensor(context.random.fillUniform(new Float32Array(hidden.size)), hidden.shape)
      : undefined;
    const dropped = kept ? tf.mul(hidden, tf.cast(tf.greater(kept, 0.2), "float32")) : hidden;
    return tf.matMul(dropped as tf.Tensor2D, this.output as unknown as tf.Tensor2D);
  }
}

const points = Array.from({ length: 50 }, (_, index) => {
  const random = new Random(5).fork(index);
  const label = index % 2;
  const side = label === 1 ? 1 : -1;
  return { x: [random.normal() + side, random.normal() - side], label };
});

const batches = from(points)
  .shuffle({ seed: 9 })
  .batch(8)
  .map(
    (group): Batch => ({
      features: group.map(({ x }) => x),
      labels: group.map(({ label }) => label),
      size: group.length,
    }),
  );

function loss(model: Toy, batch: Batch, context: LossContext): tf.Scalar {
  model.seen.assign(tf.add(model.seen, batch.size));
  return crossEntropy(model.forward(tf.tensor2d(batch.features), context), tf.tensor1d(batch.labels, "int32"));
}

async function measure(model: Toy): Promise<{ loss: number }> {
  const value = tf.tidy(() => {
    const logits = model.forward(tf.tensor2d(points.map(({ x }) => x)));
    return crossEntropy(
      logits,
      tf.tensor1d(
        points.map(({ label }) => label),
        "int32",
      ),
    );
  });
  const [read] = await value.data();
  value.dispose();
  return { loss: read! };
}

type Overrides = Partial<TrainOptions<Toy, Batch>>;
const optionsFor = (model: Toy, overrides: Overrides = {}): TrainOptions<Toy, Batch> => ({
  model,
  data: batches,
  loss,
  optimizer: adam(0.05),
  epochs: 3,
  seed: 11,
  ...overrides,
});

async function run(options: TrainOptions<Toy, Batch>, stopAfter = Number.POSITIVE_INFINITY): Promise<Step[]> {
  const steps: Step[] = [];
  for await (const step of train(options)) {
    steps.push(step);
    if (steps.length === stopAfter) break;
  }
  return steps;
}

const bytesOf = async (model: Toy) => Buffer.concat((await snapshot(model)).map(({ data }) => data)).toString("hex");
const withoutTime = ({ milliseconds: _, checkpoint: __, peakBytes: ___, ...step }: Step) => step;

describe("train", () => {
  it("learns, tells each step, and leaves no tensors", async () => {
    const before = tf.memory().numTensors;
    const model = new Toy();
    const own = tf.memory().numTensors;
    const counts: number[] = [];
    const steps: Step[] = [];
    for await (const step of train(optionsFor(model, { epochs: 20 }))) {
      steps.push(step);
      counts.push(tf.memory().numTensors);
    }
    expect(steps).toHaveLength(140);
    expect(steps.map(({ step }) => step)).toEqual(steps.map((_, index) => index + 1));
    expect(steps.at(-1)).toMatchObject({ epoch: 19, progress: 1, examples: 1000, learningRate: 0.05 });
    expect(steps[6]).toMatchObject({ epoch: 0, progress: 7 / 140, examples: 50 });
    expect((await measure(model)).loss).toBeLessThan(0.35);
    expect(new Set(counts).size).toBe(1);
    expect(tf.memory().numTensors).toBe(own);
    disposeModel(model);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("is the same for the same seed, and another for another", async () => {
    const models = [new Toy(), new Toy(), new Toy()];
    const runs = [];
    for (const [index, model] of models.entries())
      runs.push(await run(optionsFor(model, { seed: index === 2 ? 12 : 11 })));
    expect(await bytesOf(models[1]!)).toBe(await bytesOf(models[0]!));
    expect(runs[1]!.map(withoutTime)).toEqual(runs[0]!.map(withoutTime));
    expect(await bytesOf(models[2]!)).not.toBe(await bytesOf(models[0]!));
  });

  const everything = (): Overrides => ({
    optimizer: adamw(plateau(0.05, { patience: 0, factor: 0.5 })),
    accumulate: 2,
    clipNorm: 0.5,
    movingAverage: { decay: 0.9 },
    validate: { every: 3, measure, monitor: "loss", mode: "min", restoreBest: true },
    checkpoints: { folder, every: 1, keepBest: 1 },
  });

  it("resumes to the same bits from any step, with everything switched on", async () => {
    const model = new Toy();
    const whole = (await run(optionsFor(model, everything()))).map(withoutTime);
    const expected = await bytesOf(model);
    expect(whole).toHaveLength(12);
    for (let stopAfter = 1; stopAfter <= whole.length; stopAfter++) {
      await rm(folder, { recursive: true });
      await run(optionsFor(new Toy(), everything()), stopAfter);
      const before = tf.memory().numTensors;
      const other = new Toy(77);
      const rest = await run(optionsFor(other, { ...everything(), resume: true }));
      expect(rest.map(withoutTime)).toEqual(whole.slice(stopAfter));
      expect(await bytesOf(other)).toBe(expected);
      disposeModel(other);
      expect(tf.memory().numTensors).toBe(before);
    }
  });

  it("resumes to the same bits with Muon, several losses and a falling rate", async () => {
    const options = (): Overrides => ({
      loss: mixedLoss((toy: Toy, batch: Batch, context) => toy.forward(tf.tensor2d(batch.features), context), {
        labels: {
          loss: (logits, batch) => tokenLoss(logits, Int32Array.from(batch.labels), { zLoss: 1e-3 }),
          count: ({ labels }) => labels.length,
        },
        size: { loss: (logits) => tf.mean(tf.square(logits)) as tf.Scalar, count: () => 1, weight: 0.1 },
      }),
      optimizer: muon(stableDecay(0.05, { steps: 12, falling: 6 }), { moves: (name) => name === "hidden" }),
      accumulate: 2,
      checkpoints: { folder, every: 1 },
    });
    const model = new Toy();
    const whole = (await run(optionsFor(model, options()))).map(withoutTime);
    expect(Object.keys(whole[0]!.scalars!)).toEqual(["labels", "size"]);
    const { labels, size } = whole[0]!.scalars!;
    expect(whole[0]!.loss).toBeCloseTo(labels! + 0.1 * size!, 6);
    for (const stopAfter of [1, 6]) {
      await rm(folder, { recursive: true });
      await run(optionsFor(new Toy(), options()), stopAfter);
      const other = new Toy(77);
      const rest = await run(optionsFor(other, { ...options(), resume: true }));
      expect(rest.map(withoutTime)).toEqual(whole.slice(stopAfter));
      expect(await bytesOf(other)).toBe(await bytesOf(model));
    }
  });

  it("mixed losses are means over the whole update, each over what it counts", async () => {
    const mixed = mixedLoss((toy: Toy, batch: Batch) => toy.forward(tf.tensor2d(batch.features)), {
      far: {
        loss: (logits, batch) => tokenLoss(logits, far(batch)),
        count: (batch) => far(batch).filter((label) => label >= 0).length,
        weight: 2,
      },
      all: {
        loss: (logits, batch) => tokenLoss(logits, Int32Array.from(batch.labels)),
        count: ({ labels }) => labels.length,
      },
    });
    const far = ({ features, labels }: Batch) =>
      Int32Array.from(labels, (label, index) => (features[index]![0]! > 1 ? label : -100));
    const grouped = (size: number) =>
      from(points)
        .batch(size)
        .map(
          (group): Batch => ({
            features: group.map(({ x }) => x),
            labels: group.map(({ label }) => label),
            size: group.length,
          }),
        );
    const [large, small] = [new Toy(), new Toy()];
    const shared = { loss: mixed, optimizer: sgd(0.1), epochs: 1 };
    const one = await run(optionsFor(large, { ...shared, data: grouped(20) }));
    const two = await run(optionsFor(small, { ...shared, data: grouped(4), accumulate: 5 }));
    one.forEach(({ loss: value, scalars }, index) => {
      expect(two[index]!.loss).toBeCloseTo(value, 5);
      expect(two[index]!.scalars!.far).toBeCloseTo(scalars!.far!, 5);
    });
    const [left, right] = [await large.hidden.data(), await small.hidden.data()];
    left.forEach((value, index) => expect(right[index]!).toBeCloseTo(value, 5));
  });

  it("gives nothing more to do to a training that is finished", async () => {
    const checkpoints = { folder, every: "epoch" as const };
    const model = new Toy();
    await run(optionsFor(model, { checkpoints }));
    const other = new Toy(3);
    expect(await run(optionsFor(other, { checkpoints, resume: true }))).toEqual([]);
    expect(await bytesOf(other)).toBe(await bytesOf(model));
  });

  it("keeps what it trains alone where it is asked to, and resumes to the same bits", async () => {
    const frozen = () => {
      const model = new Toy();
      model.hidden.trainable = false;
      return model;
    };
    const checkpoints = { folder, every: "epoch" as const, keepLast: 9, parameters: "trained" as const };
    const model = frozen();
    await run(optionsFor(model, { checkpoints }));
    const saved = (await readdir(folder)).sort();
    const file = await readFile(join(folder, saved[0]!, "tensors.safetensors"));
    const names = [...parseSafetensors(file).tensors.keys()];
    expect(names.filter((name) => name.startsWith("model."))).toEqual(["model.output"]);
    for (const later of saved.slice(1)) await rm(join(folder, later), { recursive: true });
    const other = frozen();
    tf.tidy(() => other.output.assign(tf.zerosLike(other.output)));
    expect((await run(optionsFor(other, { checkpoints, resume: true }))).length).toBeGreaterThan(0);
    expect(other.output.dataSync()).toEqual(model.output.dataSync());
    expect(other.hidden.dataSync()).toEqual(model.hidden.dataSync());
  });

  it("accumulates to what the large batch gives", async () => {
    const grouped = (size: number) =>
      from(points)
        .batch(size)
        .map(
          (group): Batch => ({
            features: group.map(({ x }) => x),
            labels: group.map(({ label }) => label),
            size: group.length,
          }),
        );
    const plain = (model: Toy, batch: Batch) =>
      crossEntropy(model.forward(tf.tensor2d(batch.features)), tf.tensor1d(batch.labels, "int32"));
    const [large, small] = [new Toy(), new Toy()];
    const shared = { loss: plain, optimizer: sgd(0.1), epochs: 1 };
    const one = await run(optionsFor(large, { ...shared, data: grouped(20) }));
    const two = await run(optionsFor(small, { ...shared, data: grouped(10), accumulate: 2 }));
    expect(one.map(({ examples }) => examples)).toEqual(two.map(({ examples }) => examples));
    one.forEach((step, index) => expect(two[index]!.loss).toBeCloseTo(step.loss, 5));
    const [left, right] = [await large.hidden.data(), await small.hidden.data()];
    left.forEach((value, index) => expect(right[index]!).toBeCloseTo(value, 5));
  });

  it("weighs accumulated batches by what their losses are means over, and tells of scalars", async () => {
    const counted = (model: Toy, batch: Batch) => {
      const labels = batch.labels.map((label, index) => (batch.features[index]![0]! > 0.5 ? -100 : label));
      const logits = model.forward(tf.tensor2d(batch.features));
      const weight = labels.filter((label) => label >= 0).length;
      const loss = tf.mul(
        crossEntropy(logits, tf.tensor1d(labels, "int32"), { ignoreIndex: -100 }),
        weight > 0 ? 1 : 0,
      ) as tf.Scalar;
      return { loss, weight, scalars: { double: tf.mul(loss, 2) as tf.Scalar } };
    };
    const sized = (size: number) =>
      batches
        .map((batch) => batch)
        .batch(size)
        .map((group): Batch => {
          const all = group.flatMap(({ features, labels }) =>
            features.map((x, index) => ({ x, label: labels[index]! })),
          );
          return { features: all.map(({ x }) => x), labels: all.map(({ label }) => label), size: all.length };
        });
    const [large, small] = [new Toy(), new Toy()];
    const shared = { loss: counted, optimizer: sgd(0.1), epochs: 2 };
    const one = await run(optionsFor(large, { ...shared, data: sized(3) }));
    const two = await run(optionsFor(small, { ...shared, data: batches, accumulate: 3 }));
    expect(one).toHaveLength(6);
    for (const [index, { loss, scalars, peakBytes }] of two.entries()) {
      expect(loss).toBeCloseTo(one[index]!.loss, 6);
      expect(scalars!.double).toBeCloseTo(2 * loss, 6);
      expect(peakBytes).toBeGreaterThan(3 * (2 * 8 + 8 * 2) * 4);
    }
    const [left, right] = [await large.hidden.data(), await small.hidden.data()];
    left.forEach((value, index) => expect(right[index]!).toBeCloseTo(value, 6));
  });

  it("stops early when the score does not get better, and ends with the best weights", async () => {
    const model = new Toy();
    const scores = [0.5, 0.7, 0.6, 0.65, 0.9];
    const seen: string[] = [];
    const steps = await run(
      optionsFor(model, {
        epochs: 9,
        validate: {
          every: "epoch",
          measure: async (current) => {
            seen.push(await bytesOf(current));
            return { accuracy: scores[seen.length - 1]! };
          },
          monitor: "accuracy",
          mode: "max",
          patience: 2,
          restoreBest: true,
        },
      }),
    );
    expect(steps.filter(({ validation }) => validation).map(({ validation }) => validation!.accuracy)).toEqual(
      scores.slice(0, 4),
    );
    // The count of examples seen is no weight: it stays.
    const weights = (hex: string) => hex.slice(0, -8);
    expect(weights(await bytesOf(model))).toBe(weights(seen[1]!));
  });

  it("stops when asked, with a checkpoint to go on from", async () => {
    const stop = new AbortController();
    const options = { checkpoints: { folder, every: "epoch" as const }, signal: stop.signal };
    const steps: Step[] = [];
    const stopped = (async () => {
      for await (const step of train(optionsFor(new Toy(), options))) {
        steps.push(step);
        if (steps.length === 3) stop.abort(new Error("enough"));
      }
    })();
    await expect(stopped).rejects.toThrow("enough");
    expect(steps).toHaveLength(3);
    const rest = await run(optionsFor(new Toy(), { checkpoints: options.checkpoints, resume: true }));
    expect(rest[0]!.step).toBe(4);
  });

  it("keeps the best and the last checkpoints only", async () => {
    let call = 0;
    const validate = {
      every: "epoch" as const,
      measure: async () => ({ loss: [3, 1, 2, 4, 5][call++]! }),
      monitor: "loss",
      mode: "min" as const,
    };
    await run(
      optionsFor(new Toy(), { epochs: 5, validate, checkpoints: { folder, every: "epoch", keepBest: 1, keepLast: 2 } }),
    );
    expect((await readdir(folder)).sort()).toEqual(["step-00000014", "step-00000028", "step-00000035"]);
  });

  it("passes over a damaged checkpoint and refuses one of another training", async () => {
    const checkpoints = { folder, every: "epoch" as const };
    await run(optionsFor(new Toy(), { checkpoints, epochs: 2 }));
    const warnings: string[] = [];
    await cp(join(folder, "step-00000007"), join(folder, "step-00000099"), { recursive: true });
    await writeFile(join(folder, "step-00000099", "tensors.safetensors"), "x");
    const options = { checkpoints: { ...checkpoints, warn: (text: string) => warnings.push(text) }, resume: true };
    expect((await run(optionsFor(new Toy(), options), 1))[0]!.step).toBe(15);
    expect(warnings[0]).toMatch(/step-00000099.tensors\.safetensors: the tensors of the checkpoint are damaged/);
    await expect(run(optionsFor(new Toy(), { ...options, seed: 5 }))).rejects.toThrow(
      "expected a checkpoint of a training with seed 5. Received seed 11.",
    );
    await expect(run(optionsFor(new Toy(), { ...options, optimizer: sgd(1) }))).rejects.toThrow(
      /expected the tensors of this training\. Received "optimizer\.0\.mean\.hidden" and 3 more beside them/,
    );
    await expect(run(optionsFor(new Toy(), { ...options, movingAverage: { decay: 0.9 } }))).rejects.toThrow(
      'under "average.hidden". Received none.',
    );
  });

  it("ends with what to do when the loss is no number, and keeps the weights before", async () => {
    const model = new Toy();
    const before = await bytesOf(model);
    const poisoned = optionsFor(model, { loss: (toy) => tf.mul(tf.sum(toy.hidden), Number.NaN) as tf.Scalar });
    await expect(run(poisoned)).rejects.toThrow(
      "The training diverged at step 1: loss NaN, gradient norm NaN, learning rate 0.05. The weights of step 0 are kept.",
    );
    expect(await bytesOf(model)).toBe(before);
  });

  it.each([
    [{ epochs: 1, steps: 1 }, "expected exactly one of epochs and steps"],
    [{ epochs: 0 }, "expected epochs to be a whole number, at least 1. Received 0."],
    [{ resume: true }, "expected `checkpoints` to resume from"],
    [{ clipNorm: 0 }, "expected clipNorm above 0"],
    [{ movingAverage: { decay: 1 } }, "between 0 and 1"],
  ])("refuses %j", async (overrides, message) => {
    await expect(run(optionsFor(new Toy(), overrides))).rejects.toThrow(message);
  });

  it("refuses a model without variables, and data without batches", async () => {
    await expect(run({ ...optionsFor(new Toy()), model: {} as Toy })).rejects.toThrow(
      "expected a model with variables to train",
    );
    await expect(run(optionsFor(new Toy(), { data: batches.take(0) }))).rejects.toThrow("expected batches in epoch 0");
  });
});
