import { z } from "zod";
import {
  adadelta,
  adafactor,
  adagrad,
  adam,
  adamw,
  lamb,
  lion,
  momentum,
  muon,
  nadam,
  nesterov,
  rmsprop,
  sgd,
} from "./optimizers.ts";
import {
  constant,
  cosine,
  exponential,
  oneCycle,
  plateau,
  type Schedule,
  stableDecay,
  stepDecay,
  warmUp,
} from "./schedules.ts";
import type { Transform } from "./transform.ts";
import { hiddenMatrices, type ParameterFilter } from "./transforms/weights.ts";

const learningRate = (rate: number) =>
  z.number().positive().default(rate).describe("step size; the peak of its schedule");
const betas = {
  beta1: z.number().min(0).lt(1).default(0.9).describe("decay of the mean of gradients"),
  beta2: z.number().min(0).lt(1).default(0.999).describe("decay of the mean of squared gradients"),
  epsilon: z.number().positive().default(1e-8).describe("keeps the division safe"),
};
const decay = (share: number) => ({
  weightDecay: z
    .number()
    .nonnegative()
    .default(share)
    .describe("share of the weights lost per update, times the learning rate"),
  decayBiases: z.boolean().default(false).describe("whether biases and gains decay too"),
  decayEmbeddings: z
    .boolean()
    .default(true)
    .describe("whether matrices outside of numbered blocks decay, as embeddings"),
});
const momentumOf = (value: number) =>
  z.number().min(0).lt(1).default(value).describe("share of the last direction kept");

/** An optimizer and its settings, told apart by `name`. */
export const OptimizerConfig = z.discriminatedUnion("name", [
  z.strictObject({ name: z.literal("sgd"), learningRate: learningRate(0.01) }),
  z.strictObject({ name: z.literal("momentum"), learningRate: learningRate(0.01), momentum: momentumOf(0.9) }),
  z.strictObject({ name: z.literal("nesterov"), learningRate: learningRate(0.01), momentum: momentumOf(0.9) }),
  z.strictObject({
    name: z.literal("rmsprop"),
    learningRate: learningRate(0.001),
    decay: z.number().min(0).lt(1).default(0.99).describe("decay of the mean of squared gradients"),
    epsilon: betas.epsilon,
    momentum: momentumOf(0),
  }),
  z.strictObject({ name: z.literal("adam"), learningRate: learningRate(0.001), ...betas }),
  z.strictObject({ name: z.literal("adamw"), learningRate: learningRate(0.001), ...betas, ...decay(0.01) }),
  z.strictObject({ name: z.literal("nadam"), learningRate: learningRate(0.002), ...betas }),
  z.strictObject({ name: z.literal("adagrad"), learningRate: learningRate(0.01) }),
  z.strictObject({ name: z.literal("adadelta"), learningRate: learningRate(1) }),
  z.strictObject({
    name: z.literal("lion"),
    learningRate: learningRate(0.0001),
    beta1: betas.beta1,
    beta2: betas.beta2.default(0.99),
    ...decay(0),
  }),
  z.strictObject({ name: z.literal("adafactor"), learningRate: learningRate(0.01), ...decay(0) }),
  z.strictObject({ name: z.literal("lamb"), learningRate: learningRate(0.001), ...betas, ...decay(0.01) }),
  z.strictObject({
    name: z.literal("muon"),
    learningRate: learningRate(0.001),
    momentum: momentumOf(0.95),
    ...decay(0.1),
  }),
]);
export type OptimizerConfig = z.infer<typeof OptimizerConfig>;

const warmUpField = z.int().nonnegative().default(0).describe("updates in which the rate rises from 0");

/** How the learning rate changes, told apart by `name`. */
export const ScheduleConfig = z.discriminatedUnion("name", [
  z.strictObject({ name: z.literal("constant"), warmUp: warmUpField }),
  z.strictObject({
    name: z.literal("step"),
    warmUp: warmUpField,
    everyEpochs: z.number().positive().describe("epochs between drops"),
    factor: z.number().gt(0).lt(1).default(0.1).describe("what is left at each drop"),
  }),
  z.strictObject({
    name: z.literal("exponential"),
    warmUp: warmUpField,
    factor: z.number().gt(0).lt(1).default(0.9).describe("what is left after an epoch"),
  }),
  z.strictObject({
    name: z.literal("cosine"),
    warmUp: warmUpField,
    floor: z.number().min(0).lt(1).default(0).describe("share of the peak at the end"),
  }),
  z.strictObject({
    name: z.literal("stable-decay"),
    warmUp: warmUpField,
    falling: z.number().gt(0).lte(1).default(0.2).describe("part of the updates, at the end, in which the rate falls"),
    floor: z.number().min(0).lt(1).default(0).describe("share of the peak at the end"),
    shape: z.enum(["linear", "cosine", "root"]).default("linear").describe("how the rate falls"),
  }),
  z.strictObject({
    name: z.literal("one-cycle"),
    rising: z.number().gt(0).lt(1).default(0.3).describe("part of the training in which the rate rises"),
  }),
  z.strictObject({
    name: z.literal("plateau"),
    warmUp: warmUpField,
    factor: z.number().gt(0).lt(1).default(0.1).describe("what is left at each drop"),
    patience: z.int().nonnegative().default(3).describe("validations without an improvement before a drop"),
  }),
]);
export type ScheduleConfig = z.infer<typeof ScheduleConfig>;

export interface TrainingLength {
  readonly schedule?: ScheduleConfig | undefined;
  readonly totalSteps: number;
  readonly stepsPerEpoch: number;
}

/** The optimizer of a configuration, with its schedule. */
export function optimizerFrom(config: OptimizerConfig, length: TrainingLength): Transform {
  const rate = scheduleFrom(config.learningRate, length);
  switch (config.name) {
    case "sgd":
      return sgd(rate);
    case "momentum":
      return momentum(rate, config);
    case "nesterov":
      return nesterov(rate, config);
    case "rmsprop":
      return rmsprop(rate, config);
    case "adam":
      return adam(rate, config);
    case "nadam":
      return nadam(rate, config);
    case "adagrad":
      return adagrad(rate);
    case "adadelta":
      return adadelta(rate);
    case "adamw":
      return adamw(rate, withDecay(config));
    case "lion":
      return lion(rate, withDecay(config));
    case "adafactor":
      return adafactor(rate, withDecay(config));
    case "lamb":
      return lamb(rate, withDecay(config));
    case "muon":
      return muon(rate, withDecay(config));
  }
}

function withDecay<T extends { readonly decayBiases: boolean; readonly decayEmbeddings: boolean }>(config: T) {
  const { decayBiases, decayEmbeddings } = config;
  const decays: ParameterFilter = (name, value) =>
    value.rank < 2 ? decayBiases : decayEmbeddings || value.rank > 2 || hiddenMatrices(name, value);
  return { ...config, decays };
}

/** The schedule of a configuration, with the given peak. */
export function scheduleFrom(peak: number, { schedule, totalSteps, stepsPerEpoch }: TrainingLength): Schedule {
  if (schedule === undefined) return constant(peak);
  if (schedule.name === "one-cycle") return oneCycle(peak, { steps: totalSteps, rising: schedule.rising });
  const steps = Math.max(1, totalSteps - schedule.warmUp);
  const after = ((): Schedule => {
    switch (schedule.name) {
      case "constant":
        return constant(peak);
      case "step":
        return stepDecay(peak, { every: schedule.everyEpochs * stepsPerEpoch, factor: schedule.factor });
      case "exponential":
        return exponential(peak, { every: stepsPerEpoch, factor: schedule.factor });
      case "cosine":
        return cosine(peak, { steps, floor: schedule.floor * peak });
      case "stable-decay":
        return stableDecay(peak, {
          steps,
          falling: schedule.falling * steps,
          floor: schedule.floor * peak,
          shape: schedule.shape,
        });
      case "plateau":
        return plateau(peak, schedule);
    }
  })();
  return schedule.warmUp === 0 ? after : warmUp(after, { steps: schedule.warmUp });
}
