import { Random } from "@nacre/random";
import { tf } from "@nacre/tensor";
import type { ActivationName } from "./activations.ts";
import { bertInitializer, firstToken } from "./bert.ts";
import { Dense, type DenseOptions } from "./dense.ts";
import { Dropout } from "./dropout.ts";
import type { Encoder, EncoderContext } from "./encoder.ts";
import type { Layer } from "./layer.ts";
import { LayerNorm } from "./normalization.ts";
import { variable } from "./variable.ts";

/** What stands on an encoder's output, Devlin et al. 2019, section 3. Shapes: B texts, T tokens, C width, V vocabulary, K classes. */

export interface MaskedLanguageContext extends EncoderContext {
  /** The tokens whose logits are wanted, [M] int32 as row · T + column; the others cost most of the time. Default: all. */
  readonly places?: tf.Tensor1D | undefined;
}

/** Says which tokens were masked; the output projection is the embedding's (Press and Wolf 2017) with a bias of its own. */
export class MaskedLanguageModel implements Layer<tf.Tensor2D, tf.Tensor> {
  readonly encoder: Encoder;
  readonly transform: Dense;
  readonly normalization: LayerNorm;
  readonly bias: tf.Variable;

  /** Without `random`, here and in the other heads, the head's weights are 0, to be filled. */
  constructor(encoder: Encoder, { activation = "gelu" }: { readonly activation?: ActivationName }, random?: Random) {
    const { width, vocabulary, epsilon } = encoder.config;
    this.encoder = encoder;
    this.transform = dense("transform", { inputs: width, outputs: width, activation }, random);
    this.normalization = new LayerNorm({ features: width, epsilon });
    this.bias = variable(new Float32Array(vocabulary), [vocabulary]);
  }

  /** ids [B, T] int32 → logits [B, T, V], or [M, V] of the `places` alone. */
  forward(ids: tf.Tensor2D, { places, ...context }: MaskedLanguageContext): tf.Tensor {
    return tf.tidy(() => {
      let x: tf.Tensor = this.encoder.forward(ids, context); // [B, T, C]
      if (places) x = tf.gather(tf.reshape(x, [-1, x.shape[2]!]), places); // [M, C]
      const y = this.normalization.forward(this.transform.forward(x));
      return this.encoder.tokens.scores(y, this.bias);
    });
  }
}

export interface ClassifierHeadOptions {
  /** Their names, or how many there are, K. */
  readonly classes: number | readonly string[];
  /** Share of the head's input that is dropped in training. Default: the encoder's. */
  readonly dropout?: number | undefined;
}

/** One label for each text, from its first token: a layer with tanh, then logits. */
export class SequenceClassifier implements Layer<tf.Tensor2D, tf.Tensor2D> {
  readonly encoder: Encoder;
  readonly pooler: Dense;
  /** The classes' names, in the order of the logits. */
  readonly labels: readonly string[];
  readonly dropout: Dropout;
  readonly output: Dense;

  constructor(encoder: Encoder, { classes, dropout = encoder.config.dropout }: ClassifierHeadOptions, random?: Random) {
    const { width } = encoder.config;
    this.encoder = encoder;
    this.labels = namesOf(classes);
    this.pooler = dense("pooler", { inputs: width, outputs: width, activation: "tanh" }, random);
    this.dropout = new Dropout(dropout);
    this.output = dense("output", { inputs: width, outputs: this.labels.length }, random);
  }

  /** ids [B, T] int32 → logits [B, K]. */
  forward(ids: tf.Tensor2D, context: EncoderContext): tf.Tensor2D {
    return tf.tidy(() => {
      const pooled = this.pooler.forward(firstToken(this.encoder.forward(ids, context))); // [B, C]
      return this.output.forward(this.dropout.forward(pooled, context)) as tf.Tensor2D;
    });
  }
}

/** One label for each token, as for names of people and places. */
export class TokenClassifier implements Layer<tf.Tensor2D, tf.Tensor3D> {
  readonly encoder: Encoder;
  /** The classes' names, in the order of the logits. */
  readonly labels: readonly string[];
  readonly dropout: Dropout;
  readonly output: Dense;

  constructor(encoder: Encoder, { classes, dropout = encoder.config.dropout }: ClassifierHeadOptions, random?: Random) {
    this.encoder = encoder;
    this.labels = namesOf(classes);
    this.dropout = new Dropout(dropout);
    this.output = dense("output", { inputs: encoder.config.width, outputs: this.labels.length }, random);
  }

  /** ids [B, T] int32 → logits [B, T, K]. */
  forward(ids: tf.Tensor2D, context: EncoderContext): tf.Tensor3D {
    return tf.tidy(() => {
      const x = this.encoder.forward(ids, context); // [B, T, C]
      return this.output.forward(this.dropout.forward(x, context)) as tf.Tensor3D;
    });
  }
}

/** Finds an answer in a passage: how likely each token is its first, and its last. Devlin et al. 2019, section 4.2. */
export class SpanClassifier implements Layer<tf.Tensor2D, tf.Tensor3D> {
  readonly encoder: Encoder;
  readonly output: Dense;

  constructor(encoder: Encoder, random?: Random) {
    this.encoder = encoder;
    this.output = dense("output", { inputs: encoder.config.width, outputs: 2 }, random);
  }

  /** ids [B, T] int32 → logits [B, T, 2]: of the first token, of the last. */
  forward(ids: tf.Tensor2D, context: EncoderContext): tf.Tensor3D {
    return tf.tidy(() => this.output.forward(this.encoder.forward(ids, context)) as tf.Tensor3D);
  }
}

function namesOf(classes: number | readonly string[]): readonly string[] {
  return typeof classes === "number" ? Array.from({ length: classes }, (_, index) => `LABEL_${index}`) : [...classes];
}

function dense(name: string, options: DenseOptions, random: Random | undefined): Dense {
  const initializer = bertInitializer(random);
  return new Dense({ ...options, initializer }, (random ?? new Random(0)).fork(name));
}
