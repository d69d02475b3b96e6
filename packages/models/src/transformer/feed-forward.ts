import type { Random } from "@nacre/random";
import { swiglu, tf } from "@nacre/tensor";
import { type ActivationName, activation } from "../activations.ts";
import { Dense } from "../dense.ts";
import { Dropout } from "../dropout.ts";
import type { Initializer } from "../initializers.ts";
import { type ForwardContext, inference, type Layer } from "../layer.ts";

export interface FeedForwardOptions {
  /** Features of input and output, C. */
  width: number;
  /** Features between them, F. */
  hidden: number;
  activation: ActivationName;
  /** Default: true. */
  bias?: boolean;
  /** Share of the hidden features that is dropped in training. Default: 0. */
  dropout?: number;
  initializer?: Initializer;
  /** Of the weight of `down`. Default: `initializer`. */
  outputInitializer?: Initializer;
}

/** W₂ σ(W₁ x + b₁) + b₂ at every position: […, C] → […, C]. Vaswani et al. 2017, equation 2. */
export class FeedForward implements Layer {
  readonly up: Dense;
  readonly down: Dense;
  readonly dropout: Dropout;

  constructor(options: FeedForwardOptions, random: Random) {
    const { width, hidden, activation: name, bias = true, initializer } = options;
    const last = options.outputInitializer ?? initializer;
    this.up = new Dense(
      { inputs: width, outputs: hidden, activation: name, bias, ...(initializer && { initializer }) },
      random.fork("up"),
    );
    this.down = new Dense(
      { inputs: hidden, outputs: width, bias, ...(last && { initializer: last }) },
      random.fork("down"),
    );
    this.dropout = new Dropout(options.dropout ?? 0);
  }

  forward(x: tf.Tensor, context: ForwardContext = inference): tf.Tensor {
    return tf.tidy(() => this.down.forward(this.dropout.forward(this.up.forward(x, context), context), context));
  }
}

/** W₃ (σ(W₁ x) ∘ W₂ x) at every position: […, C] → […, C]. Shazeer 2020, equation 6; with σ = silu SwiGLU, with gelu GEGLU. */
export class GatedFeedForward implements Layer {
  readonly gate: Dense;
  readonly up: Dense;
  readonly down: Dense;
  readonly dropout: Dropout;
  readonly activation: ActivationName;

  constructor(options: FeedForwardOptions, random: Random) {
    const { width, hidden, bias = true, initializer } = options;
    const last = options.outputInitializer ?? initializer;
    const inner = { inputs: width, outputs: hidden, bias, ...(initializer && { initializer }) };
    this.gate = new Dense(inner, random.fork("gate"));
    this.up = new Dense(inner, random.fork("up"));
    this.down = new Dense(
      { inputs: hidden, outputs: width, bias, ...(last && { initializer: last }) },
      random.fork("down"),
    );
    this.dropout = new Dropout(options.dropout ?? 0);
    this.activation = options.activation;
  }

  forward(x: tf.Tensor, context: ForwardContext = inference): tf.Tensor {
    return tf.tidy(() => {
      const gate = this.gate.forward(x, context); // […, F]
      const up = this.up.forward(x, context);
      const hidden = this.activation === "silu" ? swiglu(gate, up) : tf.mul(activation(this.activation)(gate), up);
      return this.down.forward(this.dropout.forward(hidden, context), context);
    });
  }
}
