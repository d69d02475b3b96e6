import type { Random } from "@nacre/random";
import { linear, type QuantizedWeights, tf, withoutGradient } from "@nacre/tensor";
import type { Dense, DenseAdapter } from "../dense.ts";
import { Dropout } from "../dropout.ts";
import type { ForwardContext } from "../layer.ts";
import { variable } from "../variable.ts";

export interface LowRankOptions {
  readonly rank: number;
  /** The product of the two matrices is multiplied by alpha / rank, or alpha / √rank where it is rank-stabilised. */
  readonly alpha: number;
  readonly rankStabilized: boolean;
  /** Share of the input that is dropped in training, on the way into the adapter. */
  readonly dropout: number;
  /** Whether length and direction of the weight's rows are apart: DoRA. */
  readonly magnitude: boolean;
}

/**
 * A change of rank r to a dense layer's weight: W + s · B A. Hu et al. 2021, "LoRA", equation 3; with `magnitude` m
 * m · (W + s · B A) / ‖W + s · B A‖ row by row, whose norm gets no gradient: Liu et al. 2024, "DoRA", equations 5 and 11. The
 * scale s = α / r, or α / √r: Kalajdzievski 2023, "rsLoRA".
 *
 * `down` A [r, I], `up` B [O, r], `magnitude` m [O].
 */
export class LowRank implements DenseAdapter {
  readonly down: tf.Variable;
  readonly up: tf.Variable;
  readonly magnitude: tf.Variable | undefined;
  readonly options: LowRankOptions;
  readonly scale: number;
  readonly dropout: Dropout;
  /** Whether it takes part. */
  active = true;
  /** The layer's own weight while the change is merged into it. */
  original: { readonly weight: tf.Tensor2D } | { readonly quantized: QuantizedWeights } | undefined;

  /** At first it changes nothing: A is uniform within ±1 / √I, as in PEFT, and B is 0. */
  constructor(layer: Dense, options: LowRankOptions, random: Random) {
    const { inputs, outputs } = layer;
    const { rank, alpha, rankStabilized, dropout, magnitude } = options;
    const bound = 1 / Math.sqrt(inputs);
    this.options = options;
    this.scale = alpha / (rankStabilized ? Math.sqrt(rank) : rank);
    this.dropout = new Dropout(dropout);
    const values = random.fork("down").fillUniform(new Float32Array(rank * inputs), -bound, bound);
    this.down = variable(values, [rank, inputs]);
    this.up = variable(new Float32Array(outputs * rank), [outputs, rank]);
    this.magnitude = magnitude ? tf.tidy(() => tf.variable(rowNorms(layer.matrix()))) : undefined;
  }

  apply(input: tf.Tensor, layer: Dense, context: ForwardContext | undefined): tf.Tensor {
    if (!this.active || this.original !== undefined) return layer.product(input);
    return tf.tidy(() => {
      const seen = context?.training && this.dropout.rate > 0 ? this.dropout.forward(input, context) : input;
      const low = linear(seen, this.down as tf.Tensor2D); // […, r]
      const change = tf.mul(linear(low, this.up as tf.Tensor2D), this.scale); // […, O]
      if (this.magnitude === undefined) return tf.add(layer.product(input), change);
      // m (W + s B A) x / ‖W + s B A‖ = W x + (m / ‖…‖ - 1) W x' + m / ‖…‖ s B A x', where dropout makes x' of x.
      const share = tf.div(this.magnitude, this.#norms(layer)); // [O]
      const own = layer.product(input, { biased: false });
      const dropped = seen === input ? own : layer.product(seen, { biased: false });
      const sum = tf.addN([own, tf.mul(dropped, tf.sub(share, 1)), tf.mul(change, share)]);
      return layer.bias === undefined ? sum : tf.add(sum, layer.bias);
    });
  }

  /** The layer's weight with the change in it: [O, I]. */
  changed(layer: Dense): tf.Tensor2D {
    return tf.tidy(() => {
      const sum = this.#sum(layer);
      if (this.magnitude === undefined) return sum;
      return tf.mul(sum, tf.expandDims(tf.div(this.magnitude, rowNorms(sum)), 1)) as tf.Tensor2D;
    });
  }

  #sum(layer: Dense): tf.Tensor2D {
    const product = tf.matMul(this.up as tf.Tensor2D, this.down as tf.Tensor2D);
    return tf.add(layer.matrix(), tf.mul(product, this.scale)) as tf.Tensor2D;
  }

  /** A constant for the gradient. */
  #norms(layer: Dense): tf.Tensor {
    return withoutGradient(() => tf.tidy(() => rowNorms(this.#sum(layer))));
  }

  dispose(): void {
    tf.dispose([this.down, this.up]);
    this.magnitude?.dispose();
    if (this.original && "weight" in this.original) this.original.weight.dispose();
  }
}

function rowNorms(matrix: tf.Tensor2D): tf.Tensor {
  return tf.sqrt(tf.sum(tf.square(matrix), 1));
}
