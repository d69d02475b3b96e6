import { tf } from "@nacre/tensor";
import { checkSizes } from "./check.ts";
import type { Encoder, EncoderContext } from "./encoder.ts";
import { inference, type Layer } from "./layer.ts";
import { normalizeRows, poolSentences, type SentencePooling } from "./sentence-pooling.ts";

export interface SentenceEncoderOptions {
  /** Default: mean. */
  readonly pooling?: SentencePooling | undefined;
  /** Whether vectors get the length 1, so that their dot products are cosines. Default: true. */
  readonly normalize?: boolean | undefined;
  /** Longest sentence, in tokens; tokenizers cut to it. Default: the encoder's context. */
  readonly longest?: number | undefined;
}

export interface EmbedOptions {
  /** Most sentences that are computed at once. Default: 32. */
  readonly batch?: number | undefined;
  /** Called after every batch with how many sentences are done. */
  readonly onProgress?: ((done: number) => void) | undefined;
}

/**
 * One vector for a sentence, near those of sentences that mean the same: Reimers and Gurevych 2019, "Sentence-BERT". Shapes: B
 * sentences, T tokens, C width.
 */
export class SentenceEncoder implements Layer<tf.Tensor2D, tf.Tensor2D> {
  readonly encoder: Encoder;
  readonly pooling: SentencePooling;
  readonly normalize: boolean;
  readonly longest: number;

  constructor(encoder: Encoder, { pooling = "mean", normalize = true, longest }: SentenceEncoderOptions = {}) {
    this.encoder = encoder;
    this.pooling = pooling;
    this.normalize = normalize;
    this.longest = Math.min(longest ?? encoder.config.context, encoder.config.context);
    checkSizes("SentenceEncoder", { longest: this.longest });
  }

  /** ids [B, T] int32 → [B, C]. */
  forward(ids: tf.Tensor2D, context: EncoderContext): tf.Tensor2D {
    return tf.tidy(() => {
      const hidden = this.encoder.forward(ids, context); // [B, T, C]
      const pooled = poolSentences(hidden, context.mask ?? tf.ones(ids.shape), this.pooling);
      return (this.normalize ? normalizeRows(pooled) : pooled) as tf.Tensor2D;
    });
  }

  /**
   * The vectors of many sentences, computed in batches of like length and given in the order of `sentences`.
   *
   * @param sentences the ids of each, special tokens included, without padding
   * @throws RangeError for a sentence without ids or with more than `longest`, before anything is computed
   */
  async embed(
    sentences: readonly ArrayLike<number>[],
    { batch = 32, onProgress }: EmbedOptions = {},
  ): Promise<Float32Array[]> {
    checkSizes("SentenceEncoder.embed", { batch });
    const { longest } = this;
    sentences.forEach(({ length }, index) => {
      if (length >= 1 && length <= longest) return;
      throw new RangeError(
        `SentenceEncoder.embed: expected 1 to ${longest} ids of each sentence. Received ${length} of sentence ${index}: let ` +
          "the tokenizer cut them.",
      );
    });
    const order = sentences.map((_, index) => index).sort((a, b) => sentences[b]!.length - sentences[a]!.length);
    const vectors: Float32Array[] = new Array(sentences.length);
    for (let start = 0; start < order.length; ) {
      const chosen = alike(order.slice(start, start + batch), (index) => sentences[index]!.length);
      const rows = await this.#embedBatch(chosen.map((index) => sentences[index]!));
      const width = rows.length / chosen.length;
      chosen.forEach((index, row) => void (vectors[index] = rows.slice(row * width, (row + 1) * width)));
      start += chosen.length;
      onProgress?.(start);
    }
    return vectors;
  }

  /** Sentences, the longest first → their vectors one after another. */
  async #embedBatch(sentences: readonly ArrayLike<number>[]): Promise<Float32Array> {
    const time = sentences[0]!.length;
    const ids = new Int32Array(sentences.length * time).fill(this.encoder.config.padding);
    const mask = new Int32Array(ids.length);
    sentences.forEach((sentence, row) => {
      ids.set(sentence, row * time);
      mask.fill(1, row * time, row * time + sentence.length);
    });
    const even = sentences.at(-1)!.length === time;
    const vectors = tf.tidy(() => {
      const shape: [number, number] = [sentences.length, time];
      const seen = even ? undefined : tf.tensor2d(mask, shape, "int32");
      return this.forward(tf.tensor2d(ids, shape, "int32"), { ...inference, mask: seen });
    });
    try {
      return (await vectors.data()) as Float32Array;
    } finally {
      vectors.dispose();
    }
  }
}

/** Those at the front, sorted by falling length, that are not much shorter than the first: padding is computed like tokens. */
function alike(indices: readonly number[], lengthOf: (index: number) => number): readonly number[] {
  const enough = Math.min(0.8 * lengthOf(indices[0]!), lengthOf(indices[0]!) - 3);
  const end = indices.findIndex((index) => lengthOf(index) < enough);
  return end === -1 ? indices : indices.slice(0, end);
}
