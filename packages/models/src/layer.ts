import type { Random } from "@nacre/random";
import type { tf } from "@nacre/tensor";

/** What a forward pass needs to know beside its input. */
export interface ForwardContext {
  /** Dropout drops and batch normalisation uses the batch's statistics only in training. */
  readonly training: boolean;
  /** The stream that layers draw from; each layer forks it by its own counter. Needed in training only. */
  readonly random?: Random;
}

/** A layer or a model of layers: `parameters(layer)` finds its variables. */
export interface Layer<Input extends tf.Tensor = tf.Tensor, Output extends tf.Tensor = tf.Tensor> {
  forward(input: Input, context: ForwardContext): Output;
}
