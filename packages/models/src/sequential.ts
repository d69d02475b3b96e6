import { tf } from "@nacre/tensor";
import type { ForwardContext, Layer } from "./layer.ts";

/** Layers one after another; parameters are named `layers.0.weight` and so on. */
export class Sequential implements Layer {
  readonly layers: readonly Layer[];

  constructor(layers: readonly Layer<never, tf.Tensor>[]) {
    this.layers = layers as readonly Layer[];
  }

  forward(input: tf.Tensor, context: ForwardContext): tf.Tensor {
    return tf.tidy(() => this.layers.reduce((x, layer) => layer.forward(x, context), input));
  }
}
