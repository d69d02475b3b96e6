import { adamStep, lionStep, sgdStep } from "@nacre/tensor";
import { type LearningRate, scheduleOf } from "./schedules.ts";
import type { InPlaceContext, NamedTensors, TensorTree, Transform } from "./transform.ts";
import type { AdamOptions } from "./transforms/adaptive.ts";
import type { Decay } from "./transforms/weights.ts";

type InPlace = NonNullable<Transform["applyInPlace"]>;

/** What every step takes: the learning rate, the parameter's decay, and what clipping left of the gradient. */
function common(rate: LearningRate, { weightDecay = 0, decays = () => true, rateOf = () => 1 }: Decay) {
  const schedule = scheduleOf(rate);
  return (context: InPlaceContext) => {
    const learningRate = schedule(context);
    return (name: string) => ({
      learningRate: learningRate * rateOf(name),
      weightDecay: decays(name, context.variables.get(name)!) ? weightDecay : 0,
      gradientScale: context.gradientScale,
    });
  };
}

/** The state of the first of several chained transforms: the only one that has some. */
function first<T>(state: TensorTree): T {
  return (state as readonly TensorTree[])[0] as T;
}

export function adamInPlace(rate: LearningRate, options: AdamOptions & Decay = {}): InPlace {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options;
  const settings = common(rate, options);
  return (gradients, state, context) => {
    const { mean, variance } = first<{ mean: NamedTensors; variance: NamedTensors }>(state);
    const of = settings(context);
    for (const [name, variable] of context.variables) {
      const moments = { mean: mean.get(name)!, variance: variance.get(name)! };
      adamStep(variable, gradients.get(name)!, moments, { ...of(name), beta1, beta2, epsilon, step: context.step + 1 });
    }
    return state;
  };
}

export function sgdInPlace(rate: LearningRate): InPlace {
  const settings = common(rate, {});
  return (gradients, state, context) => {
    const of = settings(context);
    for (const [name, variable] of context.variables) sgdStep(variable, gradients.get(name)!, undefined, of(name));
    return state;
  };
}

export function momentumInPlace(rate: LearningRate, momentum: number, nesterov: boolean): InPlace {
  const settings = common(rate, {});
  return (gradients, state, context) => {
    const velocity = first<NamedTensors>(state);
    const of = settings(context);
    for (const [name, variable] of context.variables) {
      sgdStep(variable, gradients.get(name)!, velocity.get(name)!, { ...of(name), momentum, nesterov });
    }
    return state;
  };
}

export function lionInPlace(rate: LearningRate, options: Omit<AdamOptions, "epsilon"> & Decay = {}): InPlace {
  const { beta1 = 0.9, beta2 = 0.99 } = options;
  const settings = common(rate, options);
  return (gradients, state, context) => {
    const mean = first<NamedTensors>(state);
    const of = settings(context);
    for (const [name, variable] of context.variables) {
      lionStep(variable, gradients.get(name)!, mean.get(name)!, { ...of(name), beta1, beta2 });
    }
    return state;
  };
}
