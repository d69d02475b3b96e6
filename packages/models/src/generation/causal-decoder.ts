import { tf } from "@nacre/tensor";
import type { CausalLanguageModel } from "../language-model.ts";
import { inference } from "../layer.ts";
import { settle } from "../settle.ts";
import type { KeyValueCache } from "../transformer/key-value-cache.ts";
import type { Decoder, DecodingSession, OpenOptions } from "./decoder.ts";

/** A decoder-only model, such as GPT-2 or Llama, as something to generate with. The model stays the caller's. */
export function causalDecoder(model: CausalLanguageModel): Decoder {
  settle(model);
  return {
    vocabulary: model.vocabulary,
    context: model.context,
    open: (options) => new CausalSession(model, options),
  };
}

/** What can generate: a model, or anything that decodes. */
export type GenerativeModel = CausalLanguageModel | Decoder;

export function decoderOf(model: GenerativeModel): Decoder {
  return "open" in model ? model : causalDecoder(model);
}

class CausalSession implements DecodingSession {
  readonly #model: CausalLanguageModel;
  readonly #cache: KeyValueCache;
  #padding: readonly number[];
  #length = 0;

  constructor(model: CausalLanguageModel, { padding, capacity, rewind = 0 }: OpenOptions) {
    this.#model = model;
    this.#cache = model.createCache({ capacity, rewind });
    this.#padding = padding;
  }

  get length(): number {
    return this.#length;
  }

  async advance(ids: Int32Array, wanted = 1): Promise<Float32Array> {
    const rows = this.#padding.length;
    const time = ids.length / rows;
    const length = this.#length + time;
    const logits = tf.tidy(() => {
      const mask = this.#padding.some((count) => count > 0) ? maskOf(this.#padding, length) : undefined;
      const context = { ...inference, cache: this.#cache, mask, lastOnly: wanted === 1 };
      const all = this.#model.forward(tf.tensor2d(ids, [rows, time], "int32"), context); // [R, T or 1, V]
      return all.shape[1] === wanted ? all : tf.slice(all, [0, time - wanted, 0], [-1, wanted, -1]);
    });
    this.#length = length;
    return read(logits);
  }

  reorder(rows: readonly number[]): void {
    this.#cache.reorder(rows);
    this.#padding = rows.map((row) => this.#padding[row]!);
  }

  truncate(length: number): void {
    this.#cache.truncate(length);
    this.#length = length;
  }

  dispose(): void {
    this.#cache.dispose();
  }
}

/** [R, length], 0 for padding at the left and 1 for tokens. */
function maskOf(padding: readonly number[], length: number): tf.Tensor2D {
  const values = new Float32Array(padding.length * length).fill(1);
  padding.forEach((count, row) => void values.fill(0, row * length, row * length + count));
  return tf.tensor2d(values, [padding.length, length]);
}

/** Downloads and frees. */
export async function read(logits: tf.Tensor): Promise<Float32Array> {
  try {
    return (await logits.data()) as Float32Array;
  } finally {
    logits.dispose();
  }
}
