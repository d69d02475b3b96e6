import { type Dataset, from } from "@nacre/data";
import type { EncoderContext, SentenceEncoder } from "@nacre/models";
import { tf } from "@nacre/tensor";
import { contrastiveLoss, type LossContext, type LossParts } from "@nacre/train";

/** A pair as ids. */
export interface EncodedPair {
  readonly query: Int32Array;
  readonly document: Int32Array;
  /** The same for pairs that have a text in common. */
  readonly group: number;
}

/** Texts padded to one length. Shapes: B texts, T tokens. */
interface Rows {
  readonly time: number;
  /** [B, T] */
  readonly ids: Int32Array;
  /** [B, T]: 1 for tokens, 0 for padding. */
  readonly mask: Int32Array;
}

export interface PairBatch {
  readonly size: number;
  readonly queries: Rows;
  readonly documents: Rows;
  readonly groups: Int32Array;
}

/** Pairs in another order each epoch. A batch of one has nothing to be told apart from: the last one goes with the next epoch. */
export function pairBatches(
  pairs: readonly EncodedPair[],
  { batch, seed, padding }: { readonly batch: number; readonly seed: number; readonly padding: number },
): Dataset<PairBatch> {
  return from(pairs)
    .shuffle({ seed })
    .batch(Math.min(batch, pairs.length), { dropLast: true })
    .map((group) => ({
      size: group.length,
      queries: rowsOf(
        group.map(({ query }) => query),
        padding,
      ),
      documents: rowsOf(
        group.map(({ document }) => document),
        padding,
      ),
      groups: Int32Array.from(group, (pair) => pair.group),
    }));
}

function rowsOf(texts: readonly Int32Array[], padding: number): Rows {
  const time = Math.max(...texts.map(({ length }) => length));
  const ids = new Int32Array(texts.length * time).fill(padding);
  const mask = new Int32Array(ids.length);
  texts.forEach((text, row) => {
    ids.set(text, row * time);
    mask.fill(1, row * time, row * time + text.length);
  });
  return { time, ids, mask };
}

/** In-batch negatives, those that mean the same left out. */
export function pairLoss(options: { readonly temperature: number; readonly symmetric: boolean }) {
  return (model: SentenceEncoder, batch: PairBatch, { training, random }: LossContext): LossParts => {
    const embed = ({ time, ids, mask }: Rows, side: string): tf.Tensor2D => {
      const shape: [number, number] = [batch.size, time];
      const context: EncoderContext = {
        training,
        random: random.fork(side),
        mask: tf.tensor2d(mask, shape, "int32"),
      };
      return model.forward(tf.tensor2d(ids, shape, "int32"), context);
    };
    const [queries, documents] = [embed(batch.queries, "queries"), embed(batch.documents, "documents")];
    return contrastiveLoss(queries, documents, { ...options, groups: batch.groups, accuracy: true });
  };
}

/** Numbers for pairs: the same for two that share a query or a document, or are joined by others that do. */
export function groupsOf(pairs: readonly { readonly query: string; readonly document: string }[]): Int32Array {
  const parents = new Int32Array(pairs.length).map((_, index) => index);
  const root = (index: number): number => {
    let at = index;
    while (parents[at] !== at) at = parents[at] = parents[parents[at]!]!;
    return at;
  };
  for (const side of ["query", "document"] as const) {
    const first = new Map<string, number>();
    pairs.forEach((pair, index) => {
      const known = first.get(pair[side]);
      if (known === undefined) first.set(pair[side], index);
      else parents[root(index)] = root(known);
    });
  }
  return parents.map((_, index) => root(index));
}
