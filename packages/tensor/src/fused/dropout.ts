import { Random } from "@nacre/random";
import * as tf from "@tensorflow/tfjs-core";
import { fits, gradient, run } from "./kernel.ts";

export interface DropoutOptions {
  /** Share of the values that becomes 0, in [0, 1). */
  readonly rate: number;
  /** Says by its key what is dropped, however much of it was drawn; it stays where it is. */
  readonly random: Random;
}

/**
 * Every value becomes 0 with probability `rate` and is otherwise divided by 1 − rate, so that the mean stays: Srivastava et al.
 * 2014. Any shape → the same. The same values are dropped on every backend.
 */
export function dropout(x: tf.Tensor, { rate, random }: DropoutOptions): tf.Tensor {
  const { key } = random.state;
  if (fits("Dropout", x)) return run("Dropout", { x }, { key, rate })[0]!;
  return tf.tidy(() => tf.mul(x, tf.tensor(mask(new Random({ key, position: 0 }), x.size, rate), x.shape)));
}

// What was dropped is drawn again instead of kept.
gradient("Dropout", {
  inputs: [],
  compute: (dy, _, attributes) => ({ x: () => run("Dropout", { x: dy }, attributes)[0]! }),
});

/** 0 with probability `rate`, else 1 / (1 − rate). */
function mask(random: Random, size: number, rate: number): Float32Array {
  const values = random.fillUniform(new Float32Array(size));
  const kept = 1 / (1 - rate);
  for (let i = 0; i < size; i++) values[i] = values[i]! < rate ? 0 : kept;
  return values;
}
