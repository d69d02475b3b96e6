import { tf } from "@nacre/tensor";
import { Embedding } from "../embedding.ts";
import type { CacheOptions, LanguageModelContext } from "../language-model.ts";
import { through } from "../layer.ts";
import type { TransformerBlock } from "./block.ts";
import { KeyValueCache } from "./key-value-cache.ts";
import { causalMasks } from "./masks.ts";
import type { RotaryTable } from "./rotary-table.ts";

export interface DecoderOptions {
  readonly context: LanguageModelContext;
  /** Of each layer: how many keys a query sees, its own included; undefined sees all before it. */
  readonly windows: readonly (number | undefined)[];
  /** For models with rotary positions. */
  readonly rotary?: RotaryTable | undefined;
}

/** The blocks of a decoder, one after the other, each seeing no later tokens: x [B, T, C] → [B, T, C]. */
export function decode(
  x: tf.Tensor3D,
  blocks: readonly TransformerBlock[],
  { context, windows, rotary }: DecoderOptions,
): tf.Tensor3D {
  return tf.tidy(() => {
    const { cache } = context;
    const queries = x.shape[1];
    const start = cache?.length ?? 0;
    const masks = causalMasks({ queries, windows, cache, mask: context.mask });
    const angles = context.checkpoint ? undefined : rotary?.angles(start, queries);
    let states = x;
    blocks.forEach((block, layer) => {
      const mask = masks[layer];
      const inputs: readonly tf.Tensor[] = mask ? [states, mask] : [states];
      const next = through(context, inputs, ([before, hidden], { training, random }) => {
        const { observeAttention, observeRouting } = context;
        const place = { training, random, cache, layer, observeAttention, observeRouting };
        // Computed again with a checkpoint: they are gone when it runs the block for the second time.
        const here = {
          causal: true,
          mask: hidden as tf.Tensor4D | undefined,
          rotary: angles ?? rotary?.angles(start, queries),
        };
        return block.forward(before as tf.Tensor3D, { ...place, ...here });
      });
      if (layer > 0) states.dispose();
      states = next;
    });
    return states;
  });
}

/**
 * Scores of every token of the vocabulary: states [B, T, C] → logits [B, T, V], or [B, 1, V] of the last.
 *
 * @param output the tokens' embedding where the two are tied (Press and Wolf 2017), else a layer of its own
 */
export function head(
  states: tf.Tensor3D,
  output: Embedding | { forward(x: tf.Tensor): tf.Tensor },
  lastOnly = false,
): tf.Tensor3D {
  return tf.tidy(() => {
    const time = states.shape[1];
    const wanted = lastOnly && time > 1 ? tf.slice(states, [0, time - 1, 0], [-1, 1, -1]) : states;
    return (output instanceof Embedding ? output.scores(wanted) : output.forward(wanted)) as tf.Tensor3D;
  });
}

/** An empty cache for a decoder of so many layers. */
export function decoderCache(
  windows: readonly (number | undefined)[],
  context: number,
  { capacity, rewind }: CacheOptions = {},
): KeyValueCache {
  const size = { layers: windows.length, capacity: capacity ?? context, windows };
  return new KeyValueCache({ ...size, ...(rewind !== undefined && { rewind }) });
}

/** @throws Error unless ids are [B, T] int32. */
export function checkIds(where: string, ids: tf.Tensor): void {
  if (ids.rank !== 2 || ids.dtype !== "int32") {
    throw new Error(`${where}: expected ids [batch, tokens] of int32. Received [${ids.shape}] of ${ids.dtype}.`);
  }
}
