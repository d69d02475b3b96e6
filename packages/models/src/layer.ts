import type { Random } from "@nacre/random";
import { checkpoint, type tf } from "@nacre/tensor";

/** What a forward pass needs to know beside its input. */
export interface ForwardContext {
  /** Dropout drops and batch normalisation uses the batch's statistics only in training. */
  readonly training: boolean;
  /**
   * The stream that layers draw from, a new one each step. A layer takes one word of it and forks by that, so that what it
   * draws depends on the stream and on its place among the layers that draw. Needed in training only.
   */
  readonly random?: Random | undefined;
  /**
   * Whether what the blocks of a deep model compute inside is computed again for the gradient instead of kept: much less memory
   * for one more forward pass.
   */
  readonly checkpoint?: boolean | undefined;
}

/**
 * Runs a block of a model as the context asks: `through(context, [x], ([x], context) => block.forward(x, context))`.
 *
 * @param inputs every tensor that depends on variables and that `work` reads, and others to keep for it
 */
export function through<const Inputs extends readonly tf.Tensor[], Output extends tf.Tensor>(
  context: ForwardContext,
  inputs: Inputs,
  work: (inputs: Inputs, context: ForwardContext) => Output,
): Output {
  if (!context.checkpoint) return work(inputs, context);
  return checkpoint((again, random) => work(again, { ...context, random }), inputs, { random: context.random });
}

/** The context of a model in use: nothing drops, running statistics stay. */
export const inference: ForwardContext = { training: false };

/** A layer or a model of layers: `parameters(layer)` finds its variables. */
export interface Layer<Input extends tf.Tensor = tf.Tensor, Output extends tf.Tensor = tf.Tensor> {
  /** A new tensor, the caller's to free; `input` stays. */
  forward(input: Input, context: ForwardContext): Output;
}
