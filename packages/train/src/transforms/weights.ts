import { tf } from "@nacre/tensor";
import { mapNamed, type NamedTensors, stateless, type Transform } from "../transform.ts";

/** Which parameters a transform is for, by name and value. */
export type ParameterFilter = (name: string, value: tf.Tensor) => boolean;

/** Matrices and kernels, but no biases, gains and other vectors. */
export const matricesOnly: ParameterFilter = (_, value) => value.rank > 1;

export interface Decay {
  /** Decoupled weight decay: θ loses this share times the learning rate in every update. */
  readonly weightDecay?: number | undefined;
  /** Which parameters decay. Default: all. */
  readonly decays?: ParameterFilter | undefined;
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
