import { type Dataset, from } from "@nacre/data";
import { slidingWindows } from "@nacre/evaluate";
import type { CausalLanguageModel } from "@nacre/models";
import type { Random } from "@nacre/random";
import { tf } from "@nacre/tensor";
import {
  ignored,
  type LossContext,
  type LossParts,
  sequenceLogProbabilities,
  type TokenBatch,
  type TokenExample,
  tokenBatch,
  tokenLoss,
} from "@nacre/train";

export interface CropOptions {
  /** Tokens that the model sees of a row; one more is read, to be predicted. */
  readonly context: number;
  /** Rows of a batch. */
  readonly batch: number;
  readonly random: Random;
}

/**
 * Batches of rows from random places of a long sequence, as many rows in a pass as fit side by side. The place of a row is
 * a function of its pass and number, so any batch can be had again.
 *
 * @throws RangeError when the sequence is not longer than a row.
 */
export function randomCrops(ids: Int32Array, { context, batch, random }: CropOptions): Dataset<TokenBatch> {
  if (ids.length <= context) {
    throw new RangeError(`Expected more than ${context} tokens, the context, to train on. Received ${ids.length}.`);
  }
  const count = Math.max(batch, Math.floor(ids.length / context));
  return from({ length: count - (count % batch), get: (index) => index })
    .map((row, { epoch }) => random.fork(epoch, row).integer(ids.length - context))
    .batch(batch)
    .map((starts) => {
      const rows = new Int32Array(starts.length * context);
      const labels = new Int32Array(starts.length * context);
      starts.forEach((start, row) => {
        rows.set(ids.subarray(start, start + context), row * context);
        labels.set(ids.subarray(start + 1, start + context + 1), row * context);
      });
      const mask = new Int32Array(rows.length).fill(1);
      return { size: starts.length, time: context, ids: rows, labels, mask, tokens: labels.length };
    });
}

export interface DocumentRowOptions {
  readonly context: number;
  readonly batch: number;
  readonly padding: number;
  readonly seed: number;
}

/** Batches of whole documents, a row each and padded at the right; longer ones in several rows. Shuffled anew in every pass. */
export function documentRows(
  documents: readonly Int32Array[],
  { context, batch, padding, seed }: DocumentRowOptions,
): Dataset<TokenBatch> & { readonly rows: number } {
  const rows = documents.flatMap((ids) => piecesOf(ids, context));
  const batches = from(rows)
    .shuffle({ seed })
    .batch(batch)
    .map((group) =>
      rowBatch(
        group.map((ids) => ({ ids, scored: 1 })),
        { padding, multipleOf: 8, most: context },
      ),
    );
  return Object.assign(batches, { rows: rows.length });
}

/** Pieces of at most context + 1 tokens, each beginning with the last one of the piece before. */
function piecesOf(ids: Int32Array, context: number): Int32Array[] {
  const pieces: Int32Array[] = [];
  for (let start = 0; start < ids.length - 1; start += context) pieces.push(ids.subarray(start, start + context + 1));
  return pieces;
}

interface RowBatchOptions {
  readonly padding: number;
  /** Makes rows a multiple of this long, so that few shapes occur, up to `most`. */
  readonly multipleOf: number;
  readonly most: number;
}

/** Inputs are all tokens but a row's last, labels those from `scored` on; what is shorter is padded at the right. */
function rowBatch(rows: readonly ScoredRow[], { padding, multipleOf, most }: RowBatchOptions): TokenBatch {
  const longest = Math.max(...rows.map(({ ids }) => ids.length - 1));
  const time = Math.max(longest, Math.min(most, Math.ceil(longest / multipleOf) * multipleOf));
  const ids = new Int32Array(rows.length * time).fill(padding);
  const labels = new Int32Array(rows.length * time).fill(ignored);
  const mask = new Int32Array(rows.length * time);
  let tokens = 0;
  rows.forEach(({ ids: own, scored }, row) => {
    ids.set(own.subarray(0, -1), row * time);
    labels.set(own.subarray(scored), row * time + scored - 1);
    mask.fill(1, row * time, row * time + own.length - 1);
    tokens += own.length - scored;
  });
  return { size: rows.length, time, ids, labels, mask, tokens };
}

/** Mean cross-entropy of next tokens. Rows are padded at the right, where a causal model does not look. */
export function nextTokenLoss({ labelSmoothing }: { readonly labelSmoothing: number }) {
  return (model: CausalLanguageModel, batch: TokenBatch, { training, random }: LossContext): LossParts => {
    const ids = tf.tensor2d(batch.ids, [batch.size, batch.time], "int32");
    return tokenLoss(model.forward(ids, { training, random }), batch.labels, { labelSmoothing });
  };
}

/** Tokens of which those from `scored` on are to be predicted. */
export interface ScoredRow {
  readonly ids: Int32Array;
  readonly scored: number;
}

/** Rows that score every token but the first of a sequence once; see `slidingWindows`. */
export function scoredRows(
  ids: Int32Array,
  { context, stride }: { readonly context: number; readonly stride: number },
): ScoredRow[] {
  // A window of context + 1 tokens has context of them as input.
  return slidingWindows(ids.length, { context: context + 1, stride }).map(({ start, end, scored }) => ({
    ids: ids.subarray(start, end),
    scored: scored - start,
  }));
}

export interface ScoreRowsOptions {
  readonly padding: number;
  /** Default 32. */
  readonly batch?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onRows?: (done: number) => void;
}

/** Log-likelihood of each row's scored tokens, in nats. Rows of like length go together. Leaves no tensors. */
export async function scoreRows(
  model: CausalLanguageModel,
  rows: readonly ScoredRow[],
  options: ScoreRowsOptions,
): Promise<Float64Array> {
  const batchOf = (group: readonly ScoredRow[]) =>
    rowBatch(group, { padding: options.padding, multipleOf: 1, most: 1 });
  return scoreGroups(model, rows, { ...options, batchOf });
}

/** The same of the tokens that examples say are to be learnt. */
export async function scoreExamples(
  model: CausalLanguageModel,
  examples: readonly TokenExample[],
  options: ScoreRowsOptions,
): Promise<Float64Array> {
  return scoreGroups(model, examples, { ...options, batchOf: (group) => tokenBatch(group, options) });
}

async function scoreGroups<Row extends { readonly ids: ArrayLike<number> }>(
  model: CausalLanguageModel,
  rows: readonly Row[],
  { batchOf, batch = 32, signal, onRows }: ScoreRowsOptions & { batchOf(group: readonly Row[]): TokenBatch },
): Promise<Float64Array> {
  const sums = new Float64Array(rows.length);
  const order = rows.map((_, index) => index).sort((one, other) => rows[one]!.ids.length - rows[other]!.ids.length);
  for (let at = 0; at < order.length; at += batch) {
    signal?.throwIfAborted();
    const group = order.slice(at, at + batch);
    const { size, time, ids, labels } = batchOf(group.map((index) => rows[index]!));
    const scores = tf.tidy(() => {
      const logits = model.forward(tf.tensor2d(ids, [size, time], "int32"), { training: false });
      return sequenceLogProbabilities(logits, labels);
    });
    const values = await scores.data();
    scores.dispose();
    group.forEach((index, row) => (sums[index] = values[row]!));
    onRows?.(Math.min(order.length, at + batch));
  }
  return sums;
}
