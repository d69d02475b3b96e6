import { tf } from "@nacre/tensor";
import { adamInPlace, lionInPlace, momentumInPlace, sgdInPlace } from "./in-place.ts";
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
import { type Decay, decayWeights, scaleByTrustRatio, trace } from "./transforms/weights.ts";

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
  { weightDecay = 0.01, decays, ...options }: AdamOptions & Decay = {},
): Transform {
  const stages = chain(scaleByAdam(options), decayWeights(weightDecay, decays), scaleByLearningRate(rate));
  return { ...stages, applyInPlace: adamInPlace(rate, { ...options, weightDecay, decays }) };
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

export function lion(rate: LearningRate, { weightDecay = 0, decays, ...options }: AdamOptions & Decay = {}): Transform {
  const stages = chain(scaleByLion(options), decayWeights(weightDecay, decays), scaleByLearningRate(rate));
  return { ...stages, applyInPlace: lionInPlace(rate, { ...options, weightDecay, decays }) };
}

/** Steps are relative to the size of each parameter. */
export function adafactor(
  rate: LearningRate,
  { weightDecay = 0, decays, ...options }: FactoredRmsOptions & Decay = {},
): Transform {
  return chain(
    scaleByFactoredRms(options),
    scaleByParameterRms(),
    decayWeights(weightDecay, decays),
    scaleByLearningRate(rate),
  );
}

/** You et al. 2020, with ε 1e-6 and without a bound on the trust ratio. */
export function lamb(
  rate: LearningRate,
  { weightDecay = 0.01, decays, epsilon = 1e-6, ...options }: AdamOptions & Decay = {},
): Transform {
  return chain(
    scaleByAdam({ ...options, epsilon }),
    decayWeights(weightDecay, decays),
    scaleByTrustRatio(),
    scaleByLearningRate(rate),
  );
}
