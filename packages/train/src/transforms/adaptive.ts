import { tf } from "@nacre/tensor";
import { mapNamed, type NamedTensors, type Transform } from "../transform.ts";

type Moments = { readonly mean: NamedTensors; readonly variance: NamedTensors };

const zeros = (parameters: NamedTensors): Map<string, tf.Tensor> =>
  mapNamed(parameters, (tensor) => tf.zerosLike(tensor));

/** decay · average + (1 - decay) · value */
function blend(average: tf.Tensor, value: tf.Tensor, decay: number): tf.Tensor {
  return tf.add(tf.mul(average, decay), tf.mul(value, 1 - decay));
}

export interface AdamOptions {
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
}

/** m̂ / (√v̂ + ε): Kingma and Ba 2015, algorithm 1. */
export function scaleByAdam({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamOptions = {}): Transform<Moments> {
  return {
    init: (parameters) => ({ mean: zeros(parameters), variance: zeros(parameters) }),
    update(updates, state, { step }) {
      const mean = mapNamed(updates, (update, name) => blend(state.mean.get(name)!, update, beta1));
      const variance = mapNamed(updates, (update, name) => blend(state.variance.get(name)!, tf.square(update), beta2));
      const meanCorrection = 1 - beta1 ** (step + 1);
      const root = Math.sqrt(1 - beta2 ** (step + 1));
      // (m / c₁) / (√v / √c₂ + ε) = (√c₂ / c₁) · m / (√v + √c₂ ε)
      const scaled = mapNamed(mean, (average, name) =>
        tf.mul(tf.div(average, tf.add(tf.sqrt(variance.get(name)!), root * epsilon)), root / meanCorrection),
      );
      return { updates: scaled, state: { mean, variance } };
    },
  };
}

/** Adam with Nesterov momentum: Dozat 2016, with PyTorch's momentum schedule μ = β₁ (1 - ½ · 0.96^(0.004 t)). */
export function scaleByNadam({
  beta1 = 0.9,
  beta2 = 0.999,
  epsilon = 1e-8,
  momentumDecay = 0.004,
}: AdamOptions & { readonly momentumDecay?: number } = {}): Transform<Moments> {
  const momentum = (time: number): number => beta1 * (1 - 0.5 * 0.96 ** (time * momentumDecay));
  const product = (time: number): number => {
    let total = 1;
    for (let t = 1; t <= time; t++) total *= momentum(t);
    return total;
  };
  let known = { time: 0, product: 1 };
  return {
    init: (parameters) => ({ mean: zeros(parameters), variance: zeros(parameters) }),
    update(updates, state, { step }) {
      const time = step + 1;
      const current = momentum(time);
      const upTo = known.time === time - 1 ? known.product * current : product(time);
      known = { time, product: upTo };
      const next = momentum(time + 1);
      const mean = mapNamed(updates, (update, name) => blend(state.mean.get(name)!, update, beta1));
      const variance = mapNamed(updates, (update, name) => blend(state.variance.get(name)!, tf.square(update), beta2));
      const scaled = mapNamed(updates, (update, name) => {
        const denominator = tf.add(tf.sqrt(tf.div(variance.get(name)!, 1 - beta2 ** time)), epsilon);
        const looking = tf.add(
          tf.mul(update, (1 - current) / (1 - upTo)),
          tf.mul(mean.get(name)!, next / (1 - upTo * next)),
        );
        return tf.div(looking, denominator);
      });
      return { updates: scaled, state: { mean, variance } };
    },
  };
}

export interface RmsOptions {
  readonly decay?: number;
  readonly epsilon?: number;
}

/** g / (√E[g²] + ε): Tieleman and Hinton 2012, lecture 6.5; ε outside the root as in PyTorch. */
export function scaleByRms({ decay = 0.99, epsilon = 1e-8 }: RmsOptions = {}): Transform<NamedTensors> {
  return {
    init: zeros,
    update(updates, state) {
      const variance = mapNamed(updates, (update, name) => blend(state.get(name)!, tf.square(update), decay));
      const scaled = mapNamed(updates, (update, name) => tf.div(update, tf.add(tf.sqrt(variance.get(name)!), epsilon)));
      return { updates: scaled, state: variance };
    },
  };
}

/** g / (√Σg² + ε): Duchi, Hazan and Singer 2011. */
export function scaleByAdagrad({ epsilon = 1e-10 }: { readonly epsilon?: number } = {}): Transform<NamedTensors> {
  return {
    init: zeros,
    update(updates, state) {
      const sum = mapNamed(updates, (update, name) => tf.add(state.get(name)!, tf.square(update)));
      const scaled = mapNamed(updates, (update, name) => tf.div(update, tf.add(tf.sqrt(sum.get(name)!), epsilon)));
      return { updates: scaled, state: sum };
    },
  };
}

/** √(E[Δ²] + ε) / √(E[g²] + ε) · g: Zeiler 2012, algorithm 1. */
export function scaleByAdadelta({ decay = 0.9, epsilon = 1e-6 }: RmsOptions = {}): Transform<{
  readonly gradients: NamedTensors;
  readonly steps: NamedTensors;
}> {
  return {
    init: (parameters) => ({ gradients: zeros(parameters), steps: zeros(parameters) }),
    update(updates, state) {
      const gradients = mapNamed(updates, (update, name) =>
        blend(state.gradients.get(name)!, tf.square(update), decay),
      );
      const scaled = mapNamed(updates, (update, name) =>
        tf.mul(
          update,
          tf.div(tf.sqrt(tf.add(state.steps.get(name)!, epsilon)), tf.sqrt(tf.add(gradients.get(name)!, epsilon))),
        ),
      );
      const steps = mapNamed(scaled, (update, name) => blend(state.steps.get(name)!, tf.square(update), decay));
      return { updates: scaled, state: { gradients, steps } };
    },
  };
}

/** sign(β₁ m + (1 - β₁) g), and m keeps β₂: Chen et al. 2023, "Symbolic discovery of optimization algorithms", algorithm 2. */
export function scaleByLion({ beta1 = 0.9, beta2 = 0.99 }: Omit<AdamOptions, "epsilon"> = {}): Transform<NamedTensors> {
  return {
    init: zeros,
    update(updates, state) {
      const direction = mapNamed(updates, (update, name) => tf.sign(blend(state.get(name)!, update, beta1)));
      return { updates: direction, state: mapNamed(updates, (update, name) => blend(state.get(name)!, update, beta2)) };
    },
  };
}
