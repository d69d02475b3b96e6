import { type Model, settleParameters } from "@nacre/tensor";
import { denseLayers } from "./adapters/attach.ts";
import { tiedEmbedding } from "./embedding.ts";

const settled = new WeakSet<object>();

/**
 * Once for a model that will be used, not trained: its parameters where, and those of dense layers and of a tied output in the
 * order in which, they are quick to read through. What it computes stays, to rounding. Training it on is right, too, and as slow as before.
 *
 * @param options.order for weights in shared memory: see `settleParameters`.
 * @throws as `settleParameters`.
 */
export function settle(model: object, { order }: { readonly order?: Int32Array | undefined } = {}): void {
  if (settled.has(model)) return;
  const tied = tiedEmbedding(model);
  // Adapters read the weights themselves.
  const plain = [...denseLayers(model as Model).values(), ...(tied ? [tied] : [])].filter(
    (layer) => layer.quantized === undefined && !("adapter" in layer && layer.adapter !== undefined),
  );
  settleParameters(model as Model, { multiplied: plain.map(({ weight }) => weight), ...(order && { order }) });
  settled.add(model);
}
