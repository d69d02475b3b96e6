import * as tf from "@tensorflow/tfjs-core";

/** An operation that was recorded for the gradient. */
export interface TapeNode {
  readonly inputs: tf.NamedTensorMap;
  readonly saved?: readonly tf.Tensor[];
}

/** Puts the engine's tape aside while `work` runs with another one. */
export function withTape<T>(tape: TapeNode[] | null, work: (tape: () => readonly TapeNode[]) => T): T {
  const state = tf.engine().state as unknown as { activeTape: TapeNode[] | null };
  const outer = state.activeTape;
  state.activeTape = tape;
  try {
    return work(() => state.activeTape ?? []);
  } finally {
    state.activeTape = outer;
  }
}

/** Runs `work` inside of a loss without recording it: what it gives is a constant for the gradient, and nothing is kept. */
export function withoutGradient<T>(work: () => T): T {
  const { state } = tf.engine();
  const depth = state.gradientDepth;
  state.gradientDepth = 0;
  try {
    return withTape(null, work);
  } finally {
    state.gradientDepth = depth;
  }
}
