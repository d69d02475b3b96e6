import { tf } from "@nacre/tensor";
import { adamInPlace, lionInPlace, momentumInPlace, sgdInPlace } from "./in-place.ts";
import { partition } from "./partition.ts";
import { type LearningRate, scheduleOf } from "./schedules.ts";
import { chain, stateless, type Transform } from "./transform.ts";
import {
  type AdamOptions,
  type RmsOptions,
  scaleByAdadelta,
  scaleByAdagrad,
  scaleByAdam,
  scaleByLion,
  scaleByNadam,
  scaleByRms,
} from "./transforms/adaptive.ts";
import { type FactoredRmsOptions, scaleByFactoredRms, scaleByParameterRms } from "./transforms/factored.ts";
import { type MuonOptions, scaleByMuon } from "./transforms/muon.ts";
import {
  type Decay,
  decayWeights,
  hiddenMatrices,
  type ParameterFilter,
  scaleByParameter,
  scaleByTrustRatio,
  trace,
} from "./transforms/weights.ts";

/** Multiplies by the negative learning rate: the last stage of every optimizer. */
export function scaleByLearningRate(rate: LearningRate): Transform {
  const schedule = scheduleOf(rate);
  return { ...stateless((update, _, context) => tf.mul(update, -schedule(context))), learningRate: schedule };
}

export function sgd(rate: LearningRate): Transform {
  return { ...scaleByLearningRate(rate), applyInPlace: sgdInPlace(rate) };
}

/** Polyak 1964. */
export function momentum(
  rate: LearningRate,
  { momentum: decay = 0.9 }: { readonly momentum?: number } = {},
): Transform {
  const stages = chain(trace({ momentum: decay }), scaleByLearningRate(rate));
  return { ...stages, applyInPlace: momentumInPlace(rate, decay, false) };
}

export function nesterov(
  rate: LearningRate,
  { momentum: decay = 0.9 }: { readonly momentum?: number } = {},
): Transform {
  const stages = chain(trace({ momentum: decay, nesterov: true }), scaleByLearningRate(rate));
  return { ...stages, applyInPlace: momentumInPlace(rate, decay, true) };
}

export function rmsprop(rate: LearningRate, options: RmsOptions & { readonly momentum?: number } = {}): Transform {
  const { momentum: decay } = options;
  return chain(scaleByRms(options), ...(decay ? [trace({ momentum: decay })] : []), scaleByLearningRate(rate));
}

export function adam(rate: LearningRate, options: AdamOptions = {}): Transform {
  return { ...chain(scaleByAdam(options), scaleByLearningRate(rate)), applyInPlace: adamInPlace(rate, options) };
}

/** Loshchilov and Hutter 2019. */
export function adamw(
  rate: LearningRate,
  { weightDecay = 0.01, decays, rateOf, ...options }: AdamOptions & Decay = {},
): Transform {
  const stages = chain(scaleByAdam(options), ...decayAndRate(rate, { weightDecay, decays, rateOf }));
  return { ...stages, applyInPlace: adamInPlace(rate, { ...options, weightDecay, decays, rateOf }) };
}

export function nadam(rate: LearningRate, options: AdamOptions & { readonly momentumDecay?: number } = {}): Transform {
  return chain(scaleByNadam(options), scaleByLearningRate(rate));
}

export function adagrad(rate: LearningRate, options: { readonly epsilon?: number } = {}): Transform {
  return chain(scaleByAdagrad(options), scaleByLearningRate(rate));
}

export function adadelta(rate: LearningRate, options: RmsOptions = {}): Transform {
  return chain(scaleByAdadelta(options), scaleByLearningRate(rate));
}

export function lion(
  rate: LearningRate,
  { weightDecay = 0, decays, rateOf, ...options }: AdamOptions & Decay = {},
): Transform {
  const stages = chain(scaleByLion(options), ...decayAndRate(rate, { weightDecay, decays, rateOf }));
  return { ...stages, applyInPlace: lionInPlace(rate, { ...options, weightDecay, decays, rateOf }) };
}

/** Steps are relative to the size of each parameter. */
export function adafactor(
  rate: LearningRate,
  { weightDecay = 0, decays, rateOf, ...options }: FactoredRmsOptions & Decay = {},
): Transform {
  const last = decayAndRate(rate, { weightDecay, decays, rateOf });
  return chain(scaleByFactoredRms(options), scaleByParameterRms(), ...last);
}

/** You et al. 2020, with ε 1e-6 and without a bound on the trust ratio. */
export function lamb(
  rate: LearningRate,
  { weightDecay = 0.01, decays, rateOf, epsilon = 1e-6, ...options }: AdamOptions & Decay = {},
): Transform {
  const [decay, ...last] = decayAndRate(rate, { weightDecay, decays, rateOf });
  return chain(scaleByAdam({ ...options, epsilon }), decay!, scaleByTrustRatio(), ...last);
}

export interface MuonConfiguration extends MuonOptions, Decay {
  /** The parameters that Muon moves; AdamW moves the others. Default: `hiddenMatrices`. */
  readonly moves?: ParameterFilter;
  /** AdamW's learning rate. Default: Muon's, which is made to fit (`fit: "adam"`). */
  readonly adamRate?: LearningRate;
  readonly adam?: AdamOptions;
}

/**
 * Momentum with orthogonal updates for the matrices inside of a network (Jordan et al. 2024, "Muon: an optimizer for hidden layers
 * in neural networks"), and AdamW for everything else.
 */
export function muon(rate: LearningRate, options: MuonConfiguration = {}): Transform {
  const { moves = hiddenMatrices, adamRate = rate, adam: others = {}, ...rest } = options;
  const { weightDecay = 0.1, decays, rateOf, ...orthogonal } = rest;
  const decay = { weightDecay, decays, rateOf };
  const inside = chain(scaleByMuon(orthogonal), ...decayAndRate(rate, decay));
  const outside = adamw(adamRate, { beta1: 0.9, beta2: 0.95, ...others, ...decay });
  return partition(moves, { inside, outside });
}

/** The last stages of most optimizers. */
function decayAndRate(rate: LearningRate, { weightDecay = 0, decays, rateOf }: Decay): readonly Transform[] {
  const scale = rateOf === undefined ? [] : [scaleByParameter(rateOf)];
  return [decayWeights(weightDecay, decays), ...scale, scaleByLearningRate(rate)];
}
