import * as tf from "@tensorflow/tfjs-core";

/** An operation that was recorded for the gradient. */
export interface TapeNode {
  readonly kernelName: string;
  readonly inputs: tf.NamedTensorMap;
  readonly outputs: readonly tf.Tensor[];
  /** What the forward pass kept for the gradient. */
  readonly saved?: readonly tf.Tensor[];
  /** Gradients of the inputs from those of the outputs, null where an output has none. */
  readonly gradient?: (dys: (tf.Tensor | null)[]) => Record<string, () => tf.Tensor>;
}

/** What the engine knows of gradients. */
interface GradientState {
  activeTape: TapeNode[] | null;
  gradientDepth: number;
}

function gradientState(): GradientState {
  return tf.engine().state as unknown as GradientState;
}

/**
 * Runs `work` in a tidy and tells what it recorded. The tape is the caller's: what its nodes saved is to be disposed of.
 *
 * @throws Error inside of another gradient.
 */
export function recorded<Output extends tf.Tensor>(work: () => Output): { output: Output; tape: readonly TapeNode[] } {
  const state = gradientState();
  if (state.gradientDepth > 0) throw new Error("Expected a first-order gradient. Received a gradient of a gradient.");
  state.gradientDepth = 1;
  try {
    return onOwnTape(work);
  } finally {
    state.gradientDepth = 0;
  }
}

/** As `recorded`, inside of a gradient and beside its tape. */
export function onOwnTape<Output extends tf.Tensor>(work: () => Output): { output: Output; tape: readonly TapeNode[] } {
  const tape: TapeNode[] = [];
  try {
    return { output: withTape(tape, () => tf.tidy(work)), tape };
  } catch (error) {
    for (const { saved } of tape) for (const tensor of saved ?? []) tensor.dispose();
    throw error;
  }
}

/** Runs `work` inside of a loss without recording it: what it gives is a constant for the gradient, and nothing is kept. */
export function withoutGradient<T>(work: () => T): T {
  const state = gradientState();
  const depth = state.gradientDepth;
  state.gradientDepth = 0;
  try {
    return withTape(null, work);
  } finally {
    state.gradientDepth = depth;
  }
}

/** Puts the engine's tape aside while `work` runs with another one. */
function withTape<T>(tape: TapeNode[] | null, work: () => T): T {
  const state = gradientState();
  const outer = state.activeTape;
  state.activeTape = tape;
  try {
    return work();
  } finally {
    state.activeTape = outer;
  }
}
