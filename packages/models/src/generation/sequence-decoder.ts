import { tf } from "@nacre/tensor";
import { inference } from "../layer.ts";
import type { SequenceToSequenceModel } from "../sequence-to-sequence.ts";
import { settle } from "../settle.ts";
import type { KeyValueCache } from "../transformer/key-value-cache.ts";
import { read } from "./causal-decoder.ts";
import type { Decoder, DecodingSession, OpenOptions } from "./decoder.ts";

/**
 * An encoder–decoder model with its sources, as something to generate with: row i of the prompts is what the target of source
 * i begins with, usually `[model.start]`. The model stays the caller's.
 *
 * @param sources ids of each source; shorter ones are padded at the right.
 */
export function sequenceDecoder(model: SequenceToSequenceModel, sources: readonly (readonly number[])[]): Decoder {
  if (sources.length === 0 || sources.some((source) => source.length === 0)) {
    throw new Error(`Expected sources with at least one token each. Received ${sources.length} sources.`);
  }
  settle(model);
  return {
    vocabulary: model.vocabulary,
    context: model.context,
    open: (options) => new SequenceSession(model, sources, options),
  };
}

class SequenceSession implements DecodingSession {
  readonly #model: SequenceToSequenceModel;
  readonly #cache: KeyValueCache;
  #memory: tf.Tensor3D;
  #memoryMask: tf.Tensor2D;
  /** Of each row. */
  #sources: readonly number[];
  #length = 0;

  constructor(model: SequenceToSequenceModel, sources: readonly (readonly number[])[], options: OpenOptions) {
    const { padding, capacity } = options;
    if (padding.length !== sources.length) {
      throw new Error(`Expected a prompt for each of ${sources.length} sources. Received ${padding.length}.`);
    }
    if (padding.some((count) => count > 0)) {
      throw new Error("Expected the targets of an encoder–decoder model to begin with equally many tokens.");
    }
    this.#model = model;
    this.#sources = padding.map((_, row) => row);
    this.#cache = model.createCache({ capacity });
    const time = Math.max(...sources.map((source) => source.length));
    const { padding: filler = 0 } = model.specialTokens;
    const ids = new Int32Array(sources.length * time).fill(filler);
    const mask = new Float32Array(ids.length);
    sources.forEach((source, row) => {
      ids.set(source, row * time);
      mask.fill(1, row * time, row * time + source.length);
    });
    this.#memoryMask = tf.keep(tf.tensor2d(mask, [sources.length, time]));
    this.#memory = tf.tidy(() => {
      const input = tf.tensor2d(ids, [sources.length, time], "int32");
      return tf.keep(model.encode(input, { ...inference, mask: this.#memoryMask })); // [R, S, C]
    });
  }

  get length(): number {
    return this.#length;
  }

  async advance(ids: Int32Array, wanted = 1): Promise<Float32Array> {
    const rows = this.#sources.length;
    const time = ids.length / rows;
    const logits = tf.tidy(() => {
      const context = {
        ...inference,
        memory: this.#memory,
        memoryMask: this.#memoryMask,
        cache: this.#cache,
        lastOnly: wanted === 1,
      };
      const all = this.#model.decode(tf.tensor2d(ids, [rows, time], "int32"), context); // [R, T or 1, V]
      return all.shape[1] === wanted ? all : tf.slice(all, [0, time - wanted, 0], [-1, wanted, -1]);
    });
    this.#length += time;
    return read(logits);
  }

  reorder(rows: readonly number[]): void {
    this.#cache.reorder(rows);
    const sources = rows.map((row) => this.#sources[row]!);
    const same =
      sources.length === this.#sources.length && sources.every((source, row) => source === this.#sources[row]);
    this.#sources = sources;
    if (same) return; // beams of one source share it
    const index = tf.tensor1d(rows as number[], "int32");
    const [memory, mask] = [this.#memory, this.#memoryMask];
    this.#memory = tf.keep(tf.gather(memory, index));
    this.#memoryMask = tf.keep(tf.gather(mask, index));
    tf.dispose([memory, mask, index]);
  }

  truncate(length: number): void {
    this.#cache.truncate(length);
    this.#length = length;
  }

  dispose(): void {
    this.#cache.dispose();
    tf.dispose([this.#memory, this.#memoryMask]);
  }
}
