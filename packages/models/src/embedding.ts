import type { Random } from "@nacre/random";
import { linear, type QuantizedWeights, quantizedLinear, quantizedRows, tf } from "@nacre/tensor";
import { checkSizes } from "./check.ts";
import { denseFans, gaussian, type Initializer } from "./initializers.ts";
import type { ForwardContext, Layer } from "./layer.ts";
import { variable } from "./variable.ts";

export interface EmbeddingOptions {
  /** Number of rows, V. */
  vocabulary: number;
  /** Length of a row, C. */
  features: number;
  /** Default: N(0, 1), as PyTorch. */
  initializer?: Initializer;
}

/** A row for every id: ids […] of int32 in 0 … V − 1 → […, C]. weight [V, C] is as in PyTorch's `nn.Embedding`. */
export class Embedding implements Layer {
  /** Gone while the layer is quantised. */
  readonly weight: tf.Variable;
  /** The weight in 8 or 4 bits, put here by `quantizeModel`: it gets no gradient. */
  quantized: QuantizedWeights | undefined;
  readonly vocabulary: number;
  readonly features: number;

  constructor({ vocabulary, features, initializer = gaussian(1) }: EmbeddingOptions, random: Random) {
    checkSizes("Embedding", { vocabulary, features });
    this.vocabulary = vocabulary;
    this.features = features;
    const shape = [vocabulary, features];
    this.weight = variable(initializer(random.fork("weight"), shape, denseFans(vocabulary, features)), shape);
  }

  /** Ids are not checked here, where they cannot be seen without a wait: check them where they come in. */
  forward(ids: tf.Tensor, _context?: ForwardContext): tf.Tensor {
    if (ids.dtype !== "int32") {
      throw new Error(`Embedding: expected ids of int32. Received ${ids.dtype}. Use \`tf.cast(ids, "int32")\`.`);
    }
    if (this.quantized !== undefined) return quantizedRows(this.quantized, ids);
    return tf.gather(this.weight, ids as tf.Tensor1D);
  }

  /** How much each row resembles x, as logits: […, C] → […, V]. For outputs tied to inputs (Press and Wolf 2017). */
  scores(x: tf.Tensor, bias?: tf.Tensor): tf.Tensor {
    if (this.quantized !== undefined) return quantizedLinear(x, this.quantized, { bias });
    return linear(x, this.weight as unknown as tf.Tensor2D, { bias });
  }
}

/** The tokens' embedding of a model whose output is tied to it. */
export function tiedEmbedding(model: object): Embedding | undefined {
  const { tokens, output } = model as { tokens?: unknown; output?: unknown };
  return tokens instanceof Embedding && output === undefined ? tokens : undefined;
}
