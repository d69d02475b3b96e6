import { checkRows } from "./documents.ts";

/** A label that does not count. */
export const ignored = -100;

/** A text as tokens, for a model that predicts the next one. */
export interface TokenExample {
  readonly ids: ArrayLike<number>;
  /** Which tokens are to be learnt, as those of a conversation's answers: 1 or true. Default: all. */
  readonly learned?: ArrayLike<number | boolean> | undefined;
  /** A number for each token's document, where several are packed into one row. Default: one document. */
  readonly documents?: ArrayLike<number> | undefined;
}

/** Token sequences of one length, one row after another. Shapes: B rows, T tokens. */
export interface TokenBatch {
  /** Rows, B. */
  readonly size: number;
  /** Tokens of a row, padding included: T. */
  readonly time: number;
  /** [B, T] */
  readonly ids: Int32Array;
  /** [B, T]: the token that is to follow each, or -100 where none is to be learnt. */
  readonly labels: Int32Array;
  /** [B, T]: 1 for tokens, 0 for padding. */
  readonly mask: Int32Array;
  /** [B, T]: numbers of the documents in packed rows, -1 for padding. */
  readonly documents?: Int32Array;
  /** Labels that count. */
  readonly tokens: number;
}

export interface TokenBatchOptions {
  /** Fills shorter rows, on the right. */
  readonly padding: number;
  /** Longest row: what is longer is cut, at the end. Default: the longest example. */
  readonly longest?: number;
  /** Makes T a multiple of this, so that few shapes occur. Default: 1. */
  readonly multipleOf?: number;
}

/**
 * Rows for next-token training: ids padded to one length, and as labels the same ids one place ahead, without padding, tokens
 * that are not to be learnt and the first tokens of further documents.
 */
export function tokenBatch(
  examples: readonly TokenExample[],
  { padding, longest = Number.POSITIVE_INFINITY, multipleOf = 1 }: TokenBatchOptions,
): TokenBatch {
  if (examples.length === 0) throw new Error("tokenBatch: expected examples. Received none.");
  for (const [index, example] of examples.entries()) checkExample(example, index);
  const lengths = examples.map(({ ids }) => Math.min(ids.length, longest));
  const time = Math.ceil(Math.max(1, ...lengths) / multipleOf) * multipleOf;
  const size = examples.length;
  const ids = new Int32Array(size * time).fill(padding);
  const mask = new Int32Array(size * time);
  const documents = new Int32Array(size * time).fill(-1);
  const learned = new Uint8Array(size * time);
  for (const [row, example] of examples.entries()) {
    for (let place = 0; place < lengths[row]!; place++) {
      const at = row * time + place;
      ids[at] = example.ids[place]!;
      mask[at] = 1;
      documents[at] = example.documents?.[place] ?? 0;
      learned[at] = Number(example.learned?.[place] ?? 1);
    }
  }
  const labels = nextTokenLabels(ids, time, { documents, learned });
  const packed = examples.some((example) => example.documents !== undefined);
  const tokens = labels.reduce((count, label) => count + Number(label !== ignored), 0);
  return { size, time, ids, labels, mask, tokens, ...(packed ? { documents } : {}) };
}

export interface LabelOptions {
  /** [B, T]: what is 0 is not to be learnt. Default: all is. */
  readonly learned?: ArrayLike<number | boolean> | undefined;
  /** [B, T]: numbers of the tokens' documents, below 0 for padding. No label crosses from one to the next. */
  readonly documents?: ArrayLike<number> | undefined;
}

/** For each token the one after it, or -100: at the end of a row or document, and where it is not to be learnt. [B, T] → [B, T] */
export function nextTokenLabels(
  ids: ArrayLike<number>,
  time: number,
  { learned, documents }: LabelOptions = {},
): Int32Array {
  checkRows("nextTokenLabels", ids.length, time);
  const labels = new Int32Array(ids.length).fill(ignored);
  for (let at = 0; at < ids.length; at++) {
    if ((at + 1) % time === 0) continue;
    if (learned !== undefined && !learned[at + 1]) continue;
    if (documents !== undefined && (documents[at + 1]! < 0 || documents[at] !== documents[at + 1])) continue;
    labels[at] = ids[at + 1]!;
  }
  return labels;
}

/**
 * What a decoder reads when it is to write `labels`: the same one place later, after `start`; ignored labels become padding.
 *
 * @param labels [B, T]
 */
export function shiftRight(
  labels: ArrayLike<number>,
  time: number,
  { start, padding }: { readonly start: number; readonly padding: number },
): Int32Array {
  checkRows("shiftRight", labels.length, time);
  return Int32Array.from({ length: labels.length }, (_, at) => {
    if (at % time === 0) return start;
    const before = labels[at - 1]!;
    return before === ignored ? padding : before;
  });
}

function checkExample({ ids, learned, documents }: TokenExample, index: number): void {
  for (const [name, values] of Object.entries({ learned, documents })) {
    if (values === undefined || values.length === ids.length) continue;
    throw new Error(
      `tokenBatch: expected as many values in \`${name}\` as ids, ${ids.length}, in example ${index}. Received ${values.length}.`,
    );
  }
}
