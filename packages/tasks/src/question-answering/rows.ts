import { type Dataset, from } from "@nacre/data";
import type { SpanClassifier } from "@nacre/models";
import { Random } from "@nacre/random";
import { tf } from "@nacre/tensor";
import { type LossContext, type LossParts, spanLoss } from "@nacre/train";
import { type AnswerCandidate, bestSpans, type SpanOptions } from "./best-spans.ts";
import { type QuestionWindow, type WindowOptions, windowsOf } from "./windows.ts";

/** A window and the tokens of its answer. */
export interface LabelledWindow {
  readonly window: QuestionWindow;
  readonly start: number;
  readonly end: number;
}

/** Rows of B windows, padded at the right to T tokens, [B, T]. */
export interface WindowBatch {
  readonly size: number;
  readonly time: number;
  readonly ids: Int32Array;
  readonly types: Int32Array;
  /** 1 for tokens, 0 for padding. */
  readonly mask: Float32Array;
  /** [B] */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

interface Padding {
  /** The id that fills rows. */
  readonly padding: number;
  /** Rows are at most so long. */
  readonly length: number;
}

/**
 * Batches of windows of like length: each pass shuffles them, sorts runs of 16 batches by length, and shuffles the batches.
 * What a batch holds is a function of seed, pass and number.
 */
export function windowBatches(
  rows: readonly LabelledWindow[],
  { batch, seed, ...padding }: Padding & { readonly batch: number; readonly seed: number },
): Dataset<WindowBatch> {
  let known: { epoch: number; groups: number[][] } | undefined;
  const groupsOf = (epoch: number): number[][] => {
    if (known?.epoch === epoch) return known.groups;
    const random = new Random(seed).fork("windows", epoch);
    const order = [...random.fork("rows").permutation(rows.length)];
    const groups: number[][] = [];
    for (let at = 0; at < order.length; at += 16 * batch) {
      const run = order.slice(at, at + 16 * batch);
      run.sort((one, other) => lengthOf(rows[one]!) - lengthOf(rows[other]!));
      for (let row = 0; row < run.length; row += batch) groups.push(run.slice(row, row + batch));
    }
    const shuffled = [...random.fork("batches").permutation(groups.length)].map((index) => groups[index]!);
    known = { epoch, groups: shuffled };
    return shuffled;
  };
  const count = Math.ceil(rows.length / batch);
  return from({ length: count, get: (index) => index }).map((index, { epoch }) =>
    windowBatch(
      groupsOf(epoch)[index]!.map((row) => rows[row]!),
      padding,
    ),
  );
}

const lengthOf = ({ window }: LabelledWindow): number => window.ids.length;

/** Lengths are multiples of 16, so that few shapes occur. */
function windowBatch(rows: readonly LabelledWindow[], { padding, length }: Padding): WindowBatch {
  const longest = Math.max(...rows.map(lengthOf));
  const time = Math.max(longest, Math.min(length, Math.ceil(longest / 16) * 16));
  const ids = new Int32Array(rows.length * time).fill(padding);
  const types = new Int32Array(rows.length * time);
  const mask = new Float32Array(rows.length * time);
  rows.forEach(({ window }, row) => {
    ids.set(window.ids, row * time);
    types.set(window.types, row * time);
    mask.fill(1, row * time, row * time + window.ids.length);
  });
  const starts = Int32Array.from(rows, ({ start }) => start);
  const ends = Int32Array.from(rows, ({ end }) => end);
  return { size: rows.length, time, ids, types, mask, starts, ends };
}

/** [B, T] → logits of first and last tokens, [B, T] each; padding gets none of the probability. */
function spanLogits(
  model: SpanClassifier,
  { size, time, ids, types, mask }: WindowBatch,
  context: { readonly training: boolean; readonly random?: Random },
): { starts: tf.Tensor2D; ends: tf.Tensor2D } {
  const shape = [size, time] as [number, number];
  const present = tf.tensor2d(mask, shape);
  const tokenTypes = tf.tensor2d(types, shape, "int32");
  const logits = model.forward(tf.tensor2d(ids, shape, "int32"), { ...context, mask: present, tokenTypes }); // [B, T, 2]
  const away = tf.mul(tf.sub(present, 1), 1e4); // 0 for tokens, −10,000 for padding
  const [starts, ends] = tf.unstack(logits, 2).map((part) => tf.add(part, away));
  return { starts: starts as tf.Tensor2D, ends: ends as tf.Tensor2D };
}

/** Mean cross-entropy of first and last tokens; see `spanLoss`. */
export function answerLoss(model: SpanClassifier, batch: WindowBatch, { training, random }: LossContext): LossParts {
  const { starts, ends } = spanLogits(model, batch, { training, random });
  return spanLoss(starts, ends, batch);
}

export interface AskOptions extends WindowOptions, SpanOptions {
  /** Rows at once. */
  readonly batch: number;
  readonly signal?: AbortSignal | undefined;
  readonly onRows?: ((done: number, total: number) => void) | undefined;
}

/** Each question's answers, likeliest first; none for a passage without tokens. Leaves no tensors. */
export async function answerQuestions(
  model: SpanClassifier,
  questions: readonly { readonly question: string; readonly passage: string }[],
  { batch, signal, onRows, ...options }: AskOptions,
): Promise<AnswerCandidate[][]> {
  const windows = questions.map(({ question, passage }) => windowsOf(question, passage, options));
  const rows = windows.flat().map((window) => ({ window, start: 0, end: 0 }));
  const logits = rows.map(() => ({ starts: new Float32Array(), ends: new Float32Array() }));
  const order = rows.map((_, index) => index);
  order.sort((one, other) => lengthOf(rows[one]!) - lengthOf(rows[other]!) || one - other);
  for (let at = 0; at < order.length; at += batch) {
    signal?.throwIfAborted();
    const group = order.slice(at, at + batch);
    const padded = windowBatch(
      group.map((index) => rows[index]!),
      { padding: model.encoder.config.padding, length: options.length },
    );
    const both = tf.tidy(() => {
      const { starts, ends } = spanLogits(model, padded, { training: false });
      return tf.stack([starts, ends]); // [2, B, T]
    });
    const values = (await both.data()) as Float32Array;
    both.dispose();
    const { size, time } = padded;
    group.forEach((index, row) => {
      logits[index]!.starts = values.slice(row * time, (row + 1) * time);
      logits[index]!.ends = values.slice((size + row) * time, (size + row + 1) * time);
    });
    onRows?.(Math.min(order.length, at + batch), order.length);
  }
  let at = 0;
  return questions.map(({ passage }, index) =>
    bestSpans(
      passage,
      windows[index]!.map((window) => ({ ...window, ...logits[at++]! })),
      options,
    ),
  );
}
