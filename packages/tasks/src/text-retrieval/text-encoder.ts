import type { Tokenizer } from "@nacre/data";
import type { SentenceEncoder } from "@nacre/models";
import { tf } from "@nacre/tensor";

/** A sentence encoder with its tokenizer. */
export interface TextEncoder {
  readonly model: SentenceEncoder;
  readonly tokenizer: Tokenizer;
}

/** The ids of a text, cut to what the model reads. @throws RangeError for a text without tokens. */
export function idsOf(text: string, tokenizer: Tokenizer, longest: number): Int32Array {
  const ids = tokenizer.encodeIds(text, { truncation: { length: longest }, padding: false });
  if (ids.length === 0) throw new RangeError(`Expected a text that has tokens. Received ${JSON.stringify(text)}.`);
  return Int32Array.from(ids);
}

/** Vectors of length 1, one after another. */
export interface TextVectors {
  readonly count: number;
  readonly width: number;
  readonly values: Float32Array;
}

export interface EmbedTextsOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (done: number) => void;
}

export async function embedTexts(
  { model, tokenizer }: TextEncoder,
  texts: readonly string[],
  { signal, onProgress }: EmbedTextsOptions = {},
): Promise<TextVectors> {
  const width = model.encoder.config.width;
  const ids = texts.map((text) => idsOf(text, tokenizer, model.longest));
  const vectors = await model.embed(ids, {
    batch: 64,
    onProgress(done) {
      signal?.throwIfAborted();
      onProgress?.(done);
    },
  });
  const values = new Float32Array(texts.length * width);
  vectors.forEach((vector, row) => {
    const length = Math.hypot(...vector) || 1;
    for (let at = 0; at < width; at++) values[row * width + at] = vector[at]! / length;
  });
  return { count: texts.length, width, values };
}

/** A text by its number, and the cosine of its vector with the query's. */
export interface Near {
  readonly index: number;
  readonly score: number;
}

const block = 256;

/** For each query the `count` nearest documents, nearest first; of equal ones the first. */
export async function nearest(queries: TextVectors, documents: TextVectors, count: number): Promise<Near[][]> {
  const all: Near[][] = [];
  const width = documents.width;
  const searched = tf.tensor2d(documents.values, [documents.count, width]);
  try {
    for (let start = 0; start < queries.count; start += block) {
      const size = Math.min(block, queries.count - start);
      const values = queries.values.subarray(start * width, (start + size) * width);
      const product = tf.tidy(() => tf.matMul(tf.tensor2d(values, [size, width]), searched, false, true));
      const scores = await product.data();
      product.dispose();
      for (let row = 0; row < size; row++) {
        all.push(largest(scores.subarray(row * documents.count, (row + 1) * documents.count), count));
      }
    }
  } finally {
    searched.dispose();
  }
  return all;
}

function largest(scores: ArrayLike<number>, count: number): Near[] {
  const found: Near[] = [];
  for (let index = 0; index < scores.length; index++) {
    const score = scores[index]!;
    if (found.length === count && score <= found.at(-1)!.score) continue;
    let place = found.length;
    while (place > 0 && found[place - 1]!.score < score) place--;
    found.splice(place, 0, { index, score });
    if (found.length > count) found.pop();
  }
  return found;
}
