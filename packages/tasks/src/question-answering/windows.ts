import type { Encoding, Tokenizer } from "@nacre/data";

export interface WindowOptions {
  readonly tokenizer: Tokenizer;
  /** Tokens of a row at most. */
  readonly length: number;
  /** Tokens after which the next window begins. */
  readonly stride: number;
  /** Tokens of a question at most. */
  readonly question: number;
}

/** A question with a part of its passage, as tokens. */
export interface QuestionWindow {
  /** `[CLS] question [SEP] passage [SEP]`, or what the tokenizer has instead. */
  readonly ids: Int32Array;
  readonly types: Int32Array;
  /** The passage's tokens: from, and up to, in the row. */
  readonly from: number;
  readonly to: number;
  /** Where each token of the row is in the passage, in UTF-16 units: start at 2i, end at 2i + 1. */
  readonly places: Int32Array;
  /** Where the passage's first token in this window stands among all its tokens. */
  readonly offset: number;
}

/** Where an answer is in its passage, in UTF-16 units. */
export interface AnswerPlace {
  readonly start: number;
  readonly end: number;
}

/**
 * The rows of a question (Devlin et al. 2019, section 4.2, and the sliding window of their code): its passage in windows as
 * long as a row allows, each beginning `stride` tokens after the one before.
 *
 * @throws RangeError when a row has no room for the stride, Error for a tokenizer that puts nothing between the two texts
 */
export function windowsOf(question: string, passage: string, options: WindowOptions): QuestionWindow[] {
  const { tokenizer, length, stride } = options;
  const asked = shortened(question, options);
  const own = tokenizer.encodeIds(asked, { special: false, truncation: false, padding: false }).length;
  const added = tokenizer.encodeIds("", { pair: "", truncation: false, padding: false }).length;
  if (added < 2) {
    throw new Error(
      `Expected a tokenizer that puts special tokens around a text and its pair, as [CLS] and [SEP]. It adds ${added}.`,
    );
  }
  const room = length - own - added;
  if (room < stride) {
    throw new RangeError(
      `Expected rows with room for a stride of ${stride} tokens beside the question. ${length} tokens leave ${Math.max(0, room)}: ` +
        "make rows longer or the stride shorter.",
    );
  }
  const truncation = { length, stride: room - stride, strategy: "only-second" } as const;
  const first = tokenizer.encode(asked, { pair: passage, truncation, padding: false });
  return [first, ...first.overflowing].map((encoding, index) => windowOf(encoding, index * stride));
}

function windowOf({ ids, typeIds, sequences, places }: Encoding, offset: number): QuestionWindow {
  const from = sequences.indexOf(1);
  if (from === -1) return { ids, types: typeIds, from: ids.length, to: ids.length, places, offset };
  return { ids, types: typeIds, from, to: sequences.lastIndexOf(1) + 1, places, offset };
}

/** The question's first tokens, as text. */
function shortened(question: string, { tokenizer, question: most }: WindowOptions): string {
  const { places, length } = tokenizer.encode(question, { special: false, truncation: false, padding: false });
  return length <= most ? question : question.slice(0, places[2 * most - 1]);
}

/** The tokens of an answer in a window, both included; both 0, the first token, where the window does not hold all of it. */
export function labelsOf(
  window: QuestionWindow,
  answer: AnswerPlace,
): { readonly start: number; readonly end: number } {
  const { from, to, places } = window;
  const nothing = { start: 0, end: 0 };
  if (from === to || places[2 * from]! > answer.start || places[2 * to - 1]! < answer.end) return nothing;
  let [start, end] = [from, to - 1];
  while (start < to - 1 && places[2 * start + 1]! <= answer.start) start++;
  while (end > start && places[2 * end]! >= answer.end) end--;
  return { start, end };
}

/**
 * For each of the passage's tokens in each window whether this window shows most around it: the smaller of what stands
 * before and behind it, and a hundredth of the window's length (Devlin et al. 2019, `_check_is_max_context`). Answers may
 * only begin where that is so; every token belongs to one window.
 */
export function mostContext(windows: readonly Pick<QuestionWindow, "from" | "to" | "offset">[]): Uint8Array[] {
  const all = windows.map(({ from, to }) => new Uint8Array(to - from));
  const total = Math.max(0, ...windows.map(({ from, to, offset }) => offset + to - from));
  for (let token = 0; token < total; token++) {
    let [best, most] = [-1, Number.NEGATIVE_INFINITY];
    windows.forEach(({ from, to, offset }, index) => {
      const count = to - from;
      if (token < offset || token >= offset + count) return;
      const score = Math.min(token - offset, offset + count - 1 - token) + 0.01 * count;
      if (score > most) [best, most] = [index, score];
    });
    if (best >= 0) all[best]![token - windows[best]!.offset] = 1;
  }
  return all;
}
