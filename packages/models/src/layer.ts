import type { Random } from "@nacre/random";
import type { tf } from "@nacre/tensor";

/** What a forward pass needs to know beside its input. */
export interface ForwardContext {
  /** Dropout drops and batch normalisation uses the batch's statistics only in training. */
  readonly training: boolean;
  /**
   * The stream that layers draw from, a new one each step. A layer takes one word of it and forks by that, so that what it
   * draws depends on the stream and on its place among the layers that draw. Needed in training only.
   */
  readonly random?: Random | undefined;
}

/** The context of a model in use: nothing drops, running statistics stay. */
export const inference: ForwardContext = { training: false };

/** A layer or a model of layers: `parameters(layer)` finds its variables. */
export interface Layer<Input extends tf.Tensor = tf.Tensor, Output extends tf.Tensor = tf.Tensor> {
  /** A new tensor, the caller's to free; `input` stays. */
  forward(input: Input, context: ForwardContext): Output;
}
