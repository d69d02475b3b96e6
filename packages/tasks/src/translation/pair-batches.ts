import { type Dataset, from } from "@nacre/data";
import { Random } from "@nacre/random";
import { ignored, shiftRight } from "@nacre/train";

/** A pair as ids, each side with its end token. */
export interface EncodedPair {
  readonly source: Int32Array;
  readonly target: Int32Array;
}

/** Pairs of like length, one row after another and padded at the right. Shapes: B pairs, S source tokens, T target tokens. */
export interface PairBatch {
  /** Pairs, B. */
  readonly size: number;
  readonly sourceTime: number;
  readonly targetTime: number;
  /** [B, S] */
  readonly source: Int32Array;
  /** [B, S]: 1 for tokens, 0 for padding. */
  readonly mask: Float32Array;
  /** [B, T]: what the decoder reads, the labels one place later. */
  readonly target: Int32Array;
  /** [B, T]: what it is to write, -100 where there is nothing. */
  readonly labels: Int32Array;
}

export interface PairBatchOptions {
  readonly padding: number;
  /** Id that every target begins with. */
  readonly start: number;
}

export function pairBatch(pairs: readonly EncodedPair[], { padding, start }: PairBatchOptions): PairBatch {
  const size = pairs.length;
  const sourceTime = Math.max(...pairs.map(({ source }) => source.length));
  const targetTime = Math.max(...pairs.map(({ target }) => target.length));
  const source = new Int32Array(size * sourceTime).fill(padding);
  const mask = new Float32Array(size * sourceTime);
  const labels = new Int32Array(size * targetTime).fill(ignored);
  pairs.forEach((pair, row) => {
    source.set(pair.source, row * sourceTime);
    mask.fill(1, row * sourceTime, row * sourceTime + pair.source.length);
    labels.set(pair.target, row * targetTime);
  });
  const target = shiftRight(labels, targetTime, { start, padding });
  return { size, sourceTime, targetTime, source, mask, target, labels };
}

export interface BudgetOptions {
  /** Most pairs of a group. */
  readonly pairs: number;
  /** Most tokens of a group: pairs times the longest source and target among them. A pair over it is alone. */
  readonly tokens: number;
}

/** Where groups of consecutive pairs begin and end, as full as the budget allows: pairs of [start, end). */
export function groupsWithin(
  sorted: readonly EncodedPair[],
  { pairs, tokens }: BudgetOptions,
): { readonly start: number; readonly end: number }[] {
  const groups: { start: number; end: number }[] = [];
  let [start, source, target] = [0, 0, 0];
  sorted.forEach((pair, at) => {
    const [longer, wider] = [Math.max(source, pair.source.length), Math.max(target, pair.target.length)];
    const count = at - start + 1;
    if (at > start && (count > pairs || count * (longer + wider) > tokens)) {
      groups.push({ start, end: at });
      [start, source, target] = [at, pair.source.length, pair.target.length];
    } else [source, target] = [longer, wider];
  });
  if (sorted.length > start) groups.push({ start, end: sorted.length });
  return groups;
}

/** Shorter targets first, then shorter sources: neighbours are of like length on both sides. */
export function byLength(one: EncodedPair, other: EncodedPair): number {
  return one.target.length - other.target.length || one.source.length - other.source.length;
}

/**
 * Batches within a budget of tokens, of pairs of like length, so that little is padding. In each pass pairs of the same lengths
 * change places and the batches come in another order, both functions of seed and pass; the batches' shapes stay, so a pass
 * has as many as any other.
 */
export function pairBatches(
  pairs: readonly EncodedPair[],
  { seed, ...options }: BudgetOptions & PairBatchOptions & { readonly seed: number },
): Dataset<PairBatch> {
  const groups = groupsWithin([...pairs].sort(byLength), options);
  const random = new Random(seed).fork("pairs");
  let known: { readonly epoch: number; readonly sorted: readonly EncodedPair[] } | undefined;
  const sortedIn = (epoch: number): readonly EncodedPair[] => {
    // A stable sort of a shuffled list: ties are in random order.
    if (known?.epoch !== epoch) {
      const shuffled = [...random.fork(epoch).permutation(pairs.length)].map((index) => pairs[index]!);
      known = { epoch, sorted: shuffled.sort(byLength) };
    }
    return known.sorted;
  };
  return from(groups)
    .shuffle({ seed })
    .map(({ start, end }, { epoch }) => pairBatch(sortedIn(epoch).slice(start, end), options));
}
