import { type Layer, summarize, Transformer, TransformerConfig } from "@nacre/models";
import type { Random } from "@nacre/random";
import { tf } from "@nacre/tensor";
import { type LossContext, type LossParts, sequenceLogProbabilities, tokenLoss } from "@nacre/train";
import type { Built } from "../task.ts";
import { byLength, type EncodedPair, groupsWithin, type PairBatch, pairBatch } from "./pair-batches.ts";
import type { PairTokenizer } from "./pair-tokenizer.ts";
import type { TranslationRecipe } from "./recipe.ts";

/** The Transformer that a recipe asks for. */
export function buildTranslator(
  { model, data }: TranslationRecipe,
  { tokenizer, end, padding }: PairTokenizer,
  random: Random,
): Built<Transformer> {
  const { family, layers: blocks, decoderLayers = blocks, heads, width, hidden, dropout, normalize, tied } = model;
  const config = TransformerConfig.parse({
    family,
    vocabulary: tokenizer.vocabularySize,
    context: data.context,
    encoderLayers: blocks,
    decoderLayers,
    heads,
    width,
    hidden,
    dropout,
    normalize,
    tiedOutput: tied,
    specialTokens: { end: [end], padding },
    start: padding,
  });
  const built = new Transformer(config, random);
  const layers = summarize(built as unknown as Layer<tf.Tensor2D>, [8], {
    dtype: "int32",
    run: (input) => built.forward(input, { training: false, target: input }),
  });
  const total = layers.reduce((sum, { parameters }) => sum + parameters, 0);
  return { model: built, architecture: { name: "transformer", parameters: total, input: [null, null], layers } };
}

/** Mean cross-entropy of the target's tokens, each given the source and the tokens before it. */
export function translationLoss({ labelSmoothing }: { readonly labelSmoothing: number }) {
  return (model: Transformer, batch: PairBatch, { training, random }: LossContext): LossParts =>
    tokenLoss(logitsOf(model, batch, { training, random }), batch.labels, { labelSmoothing });
}

/** [B, T, V] */
function logitsOf(
  model: Transformer,
  { size, sourceTime, targetTime, source, mask, target }: PairBatch,
  context: { readonly training: boolean; readonly random?: Random },
): tf.Tensor3D {
  return model.forward(tf.tensor2d(source, [size, sourceTime], "int32"), {
    ...context,
    mask: tf.tensor2d(mask, [size, sourceTime]),
    target: tf.tensor2d(target, [size, targetTime], "int32"),
  });
}

/** Mean loss over all target tokens, ends included, in nats. Leaves no tensors. */
export async function meanLoss(
  model: Transformer,
  pairs: readonly EncodedPair[],
  options: { readonly padding: number; readonly start: number },
): Promise<number> {
  const sorted = [...pairs].sort(byLength);
  let [nats, tokens] = [0, 0];
  for (const { start, end } of groupsWithin(sorted, { pairs: 256, tokens: 4096 })) {
    const group = sorted.slice(start, end);
    const batch = pairBatch(group, options);
    const scores = tf.tidy(() => sequenceLogProbabilities(logitsOf(model, batch, { training: false }), batch.labels));
    for (const score of await scores.data()) nats -= score;
    scores.dispose();
    tokens += group.reduce((sum, { target }) => sum + target.length, 0);
  }
  return nats / tokens;
}
