import {
  type AttentionParts,
  attentionResidual,
  type FeedForwardParts,
  type FusedActivation,
  feedForwardResidual,
  fusedActivations,
  type Normalization,
  type Projection,
  tf,
} from "@nacre/tensor";
import type { Dense } from "../dense.ts";
import type { Layer } from "../layer.ts";
import { LayerNorm, RmsNorm } from "../normalization.ts";
import type { AttentionContext, MultiHeadAttention } from "./attention.ts";
import { FeedForward, GatedFeedForward } from "./feed-forward.ts";

/** The halves of blocks as single operations, where the backend has these and nothing asks for what happens inside. */

interface ResidualOptions {
  /** Of x, before everything else; none where the block normalises after. */
  readonly norm: Layer | undefined;
  readonly context: AttentionContext;
}

/**
 * x + attention(norm(x)), its keys and values written into the cache, or remembered there where they come from a source; undefined
 * where it must go step by step.
 */
export function attentionInPlace(
  x: tf.Tensor3D,
  layer: MultiHeadAttention,
  { norm, context }: ResidualOptions,
): tf.Tensor3D | undefined {
  const { cache, layer: number = 0, rotary: angles, mask, positionBias, source } = context;
  if (cache === undefined || !fits(context) || (source === undefined) !== (context.causal === true)) return undefined;
  const parts = attentionParts(layer, norm);
  if (parts === undefined) return undefined;
  return tf.tidy(() => {
    const [batch, time] = x.shape;
    const added = mask && positionBias ? tf.add<tf.Tensor4D>(mask, positionBias) : (mask ?? positionBias);
    if (source !== undefined) {
      return attentionResidual(x, parts, { source: layer.remember(source, context), mask: added });
    }
    const rows = cache.room(number, { batch, heads: layer.keyValueHeads, size: layer.headSize }, time);
    const result = attentionResidual(x, parts, { rows, mask: added, angles });
    cache.filled(number, time);
    return result;
  });
}

/** x + feedForward(norm(x)); undefined where it must go step by step. */
export function feedForwardInPlace(
  x: tf.Tensor3D,
  layer: Layer,
  { norm, context }: ResidualOptions,
): tf.Tensor3D | undefined {
  if (!fits(context)) return undefined;
  const parts = feedForwardParts(layer, norm);
  return parts && feedForwardResidual(x, parts);
}

function fits({ cache, training, observeAttention }: AttentionContext): boolean {
  return cache?.inPlace === true && !training && observeAttention === undefined;
}

function attentionParts(layer: MultiHeadAttention, before: Layer | undefined): AttentionParts | undefined {
  const query = projection(layer.query);
  const key = projection(layer.key);
  const value = projection(layer.value);
  const output = projection(layer.output);
  const norm = normalization(before);
  if (!query || !key || !value || !output || (before && !norm)) return undefined;
  return {
    norm,
    query,
    key,
    value,
    output,
    queryNorm: normalization(layer.queryNorm),
    keyNorm: normalization(layer.keyNorm),
    heads: layer.heads,
    keyHeads: layer.keyValueHeads,
    size: layer.headSize,
    scale: layer.scale,
  };
}

function feedForwardParts(layer: Layer, before: Layer | undefined): FeedForwardParts | undefined {
  const norm = normalization(before);
  if ((before && !norm) || !(layer instanceof FeedForward || layer instanceof GatedFeedForward)) return undefined;
  const gated = layer instanceof GatedFeedForward;
  const activation = known.get(gated ? layer.activation : layer.up.activation);
  const gate = gated ? projection(layer.gate) : undefined;
  const up = projection(layer.up);
  const down = projection(layer.down);
  if (activation === undefined || !up || !down || (gated && !gate)) return undefined;
  return { norm, gate, up, down, activation };
}

const known = new Map<string, FusedActivation>(fusedActivations.map((name) => [name, name]));

/** Undefined where an adapter changes what the layer computes. */
function projection(layer: Dense): Projection | undefined {
  if (layer.adapter !== undefined) return undefined;
  return { weight: layer.quantized ?? (layer.weight as tf.Tensor2D), bias: layer.bias };
}

function normalization(layer: Layer | undefined): Normalization | undefined {
  if (layer instanceof RmsNorm) return { gain: layer.weight, epsilon: layer.epsilon };
  if (layer instanceof LayerNorm) return { gain: layer.weight, bias: layer.bias, epsilon: layer.epsilon };
  return undefined;
}
