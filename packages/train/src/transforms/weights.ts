import { tf } from "@nacre/tensor";
import { mapNamed, type NamedTensors, stateless, type Transform } from "../transform.ts";

/** Which parameters a transform is for, by name and value. */
export type ParameterFilter = (name: string, value: tf.Tensor) => boolean;

/** Matrices and kernels, but no biases, gains and other vectors. */
export const matricesOnly: ParameterFilter = (_, value) => value.rank > 1;

/** Matrices inside of numbered blocks: no embeddings and no output layer (`blocks.0.attention.query.weight`). */
export const hiddenMatrices: ParameterFilter = (name, value) => value.rank === 2 && /(^|\.)\d+\./.test(name);

/** What a parameter's learning rate is multiplied by. */
export type RateOf = (name: string) => number;

/**
 * Smaller learning rates for lower layers, in fine-tuning: decay^(depth from the top), with embeddings below the first of `layers`
 * blocks and all else above the last (Howard and Ruder 2018, section 3.2; Clark et al. 2020, appendix B).
 */
export function layerwiseDecay({ decay, layers }: { readonly decay: number; readonly layers: number }): RateOf {
  if (!(decay > 0 && decay <= 1)) throw new RangeError(`layerwiseDecay: expected decay in (0, 1]. Received ${decay}.`);
  return (name) => {
    const block = name.match(/(?:^|\.)(?:blocks|layers?)\.(\d+)\./)?.[1];
    const below = /(^|\.)(tokens|positions|segments|\w*[eE]mbeddings?)\./.test(name);
    const depth = block === undefined ? (below ? 0 : layers + 1) : Number(block) + 1;
    return decay ** (layers + 1 - depth);
  };
}

/** Multiplies each parameter's updates. */
export function scaleByParameter(rateOf: RateOf): Transform<readonly []> {
  return stateless((update, name) => tf.mul(update, rateOf(name)));
}

export interface Decay {
  /** Decoupled weight decay: θ loses this share times the learning rate in every update. */
  readonly weightDecay?: number | undefined;
  /** Which parameters decay. Default: all. */
  readonly decays?: ParameterFilter | undefined;
  /** Multipliers of the learning rate, as of `layerwiseDecay`. Default: 1. */
  readonly rateOf?: RateOf | undefined;
}

/** Adds decay · θ to the updates: before the learning rate this is decoupled decay (Loshchilov and Hutter 2019, algorithm 2). */
export function decayWeights(decay: number, applies: ParameterFilter = () => true): Transform<readonly []> {
  return stateless((update, name, { parameters }) => {
    const value = parameters.get(name)!;
    return decay === 0 || !applies(name, value) ? update : tf.add(update, tf.mul(value, decay));
  });
}

export interface TraceOptions {
  readonly momentum: number;
  /** Look ahead (Nesterov 1983, in the form of Sutskever et al. 2013). */
  readonly nesterov?: boolean;
}

/** b ← μ b + g; gives b, or with Nesterov g + μ b. The first b is g, as in PyTorch. */
export function trace({ momentum, nesterov = false }: TraceOptions): Transform<NamedTensors> {
  return {
    init: (parameters) => mapNamed(parameters, (tensor) => tf.zerosLike(tensor)),
    update(updates, state) {
      const velocity = mapNamed(updates, (update, name) => tf.add(tf.mul(state.get(name)!, momentum), update));
      const direction = nesterov
        ? mapNamed(updates, (update, name) => tf.add(update, tf.mul(velocity.get(name)!, momentum)))
        : velocity;
      return { updates: direction, state: velocity };
    },
  };
}

/**
 * Scales each parameter's update to the norm of the parameter: ‖θ‖ / ‖u‖, or 1 where either is 0. The layer-wise part of LAMB
 * (You et al. 2020, algorithm 2).
 */
export function scaleByTrustRatio(): Transform<readonly []> {
  return stateless((update, name, { parameters }) => {
    const weight = tf.norm(parameters.get(name)!);
    const length = tf.norm(update);
    const usable = tf.logicalAnd(tf.greater(weight, 0), tf.greater(length, 0));
    const ratio = tf.where(
      usable,
      tf.div(weight, tf.add(length, tf.cast(tf.logicalNot(usable), "float32"))),
      tf.onesLike(weight),
    );
    return tf.mul(update, ratio);
  });
}
