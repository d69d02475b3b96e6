import * as tf from "@tensorflow/tfjs-core";
import { fits, has, run } from "./kernel.ts";

export interface StepOptions {
  readonly learningRate: number;
  /** Decoupled weight decay (Loshchilov and Hutter 2019). Default: 0. */
  readonly weightDecay?: number;
  /** The gradient is multiplied by this first, as by clipping. Default: 1. */
  readonly gradientScale?: number;
}

export interface AdamStepOptions extends StepOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Updates made so far, this one included: from 1. */
  readonly step: number;
}

/** Whether updates in place are there for this backend; the steps below change nothing and give false where they are not. */
export function updatesInPlace(): boolean {
  return has("AdamStep");
}

/**
 * One step of Adam, in place: parameter, mean and variance are written over. Kingma and Ba 2015, algorithm 1.
 *
 * @returns false, with nothing changed, where the backend at work has no such kernel
 */
export function adamStep(
  parameter: tf.Variable,
  gradient: tf.Tensor,
  { mean, variance }: { readonly mean: tf.Tensor; readonly variance: tf.Tensor },
  options: AdamStepOptions,
): boolean {
  if (!fits("AdamStep", parameter, gradient, mean, variance)) return false;
  own(parameter);
  run("AdamStep", { parameter, gradient, mean, variance }, options)[0]!.dispose();
  return true;
}

export interface SgdStepOptions extends StepOptions {
  /** Needs a velocity. Default: 0. */
  readonly momentum?: number;
  /** Looks ahead along the velocity. Default: false. */
  readonly nesterov?: boolean;
}

/** One step of gradient descent, in place; with momentum b ← μ b + g. False as in `adamStep`. */
export function sgdStep(
  parameter: tf.Variable,
  gradient: tf.Tensor,
  velocity: tf.Tensor | undefined,
  options: SgdStepOptions,
): boolean {
  if (!fits("SgdStep", parameter, gradient, velocity)) return false;
  own(parameter);
  run("SgdStep", { parameter, gradient, velocity }, options)[0]!.dispose();
  return true;
}

export interface LionStepOptions extends StepOptions {
  readonly beta1: number;
  readonly beta2: number;
}

/** One step of Lion, in place: Chen et al. 2023, algorithm 2. False as in `adamStep`. */
export function lionStep(
  parameter: tf.Variable,
  gradient: tf.Tensor,
  mean: tf.Tensor,
  options: LionStepOptions,
): boolean {
  if (!fits("LionStep", parameter, gradient, mean)) return false;
  own(parameter);
  run("LionStep", { parameter, gradient, mean }, options)[0]!.dispose();
  return true;
}

/** Gives a variable data of its own: a tensor that shares it, as a copy of the best weights, keeps its values. */
function own(variable: tf.Variable): void {
  if (tf.backend().refCount(variable.dataId) <= 1) return;
  tf.tidy(() => variable.assign(tf.mul(variable, 1)));
}

/** √Σ‖x‖² over all tensors: a scalar. */
export function globalNorm(tensors: readonly tf.Tensor[]): tf.Scalar {
  if (tensors.length > 0 && fits("GlobalNorm", ...tensors)) {
    return tf.engine().runKernel("GlobalNorm", tensors as never) as tf.Scalar;
  }
  return tf.tidy(() => {
    const squares = tensors.map((tensor) => tf.sum(tf.square(tensor)));
    return tf.sqrt(squares.length === 1 ? squares[0]! : tf.addN(squares)) as tf.Scalar;
  });
}
