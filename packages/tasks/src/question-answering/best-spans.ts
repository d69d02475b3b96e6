import { mostContext, type QuestionWindow } from "./windows.ts";

/** A part of a passage as an answer. */
export interface AnswerCandidate {
  readonly text: string;
  /** UTF-16 units of the passage: `passage.slice(start, end)` is the text. */
  readonly start: number;
  readonly end: number;
  /** Share of probability among the answers that were compared. */
  readonly score: number;
}

/** What the model says of a window's tokens. */
export interface WindowLogits {
  /** [T], of the answer's first token. */
  readonly starts: ArrayLike<number>;
  /** [T], of its last. */
  readonly ends: ArrayLike<number>;
}

export interface SpanOptions {
  /** Tokens of an answer at most. */
  readonly longestAnswer: number;
  /** First and last tokens that are tried with each other in each window; and answers that are compared. */
  readonly candidates: number;
}

/**
 * The answers of highest logit of their first plus that of their last token, over all windows (Devlin et al. 2019, section 4.2,
 * with the choices of their code: the n likeliest first and last tokens of each window; no answer longer than so many
 * tokens; one begins in the window that shows most around its first token). There is always an answer if the passage has a
 * token: none is not one of them.
 */
export function bestSpans(
  passage: string,
  windows: readonly (QuestionWindow & WindowLogits)[],
  { longestAnswer, candidates }: SpanOptions,
): AnswerCandidate[] {
  const allowed = mostContext(windows);
  const found: { start: number; end: number; logit: number }[] = [];
  windows.forEach(({ from, to, places, starts, ends }, index) => {
    const lasts = likeliest(ends, { from, to, count: candidates });
    for (const start of likeliest(starts, { from, to, count: candidates })) {
      if (allowed[index]![start - from] !== 1) continue;
      for (const end of lasts) {
        if (end < start || end >= start + longestAnswer) continue;
        const logit = starts[start]! + ends[end]!;
        found.push({ start: places[2 * start]!, end: places[2 * end + 1]!, logit });
      }
    }
  });
  if (found.length === 0) found.push(...likeliestTokens(windows));
  found.sort((one, other) => other.logit - one.logit);
  const kept = new Map<string, (typeof found)[number]>();
  for (const span of found) {
    if (kept.size === candidates) break;
    const { start, end } = trimmed(passage, span);
    const key = `${start}:${end}`;
    if (end > start && !kept.has(key)) kept.set(key, { ...span, start, end });
  }
  const most = found[0]?.logit ?? 0;
  const sum = [...kept.values()].reduce((total, { logit }) => total + Math.exp(logit - most), 0);
  return [...kept.values()].map(({ start, end, logit }) => ({
    text: passage.slice(start, end),
    start,
    end,
    score: Math.exp(logit - most) / sum,
  }));
}

/** Without white space at its ends, which tokens of bytes have. */
function trimmed(passage: string, { start, end }: { readonly start: number; readonly end: number }) {
  const text = passage.slice(start, end);
  const from = start + text.length - text.trimStart().length;
  return { start: from, end: Math.max(from, start + text.trimEnd().length) };
}

/** The numbers of the largest logits of the tokens from `from` up to `to`, largest first. */
function likeliest(
  logits: ArrayLike<number>,
  { from, to, count }: { readonly from: number; readonly to: number; readonly count: number },
): number[] {
  const tokens = Array.from({ length: to - from }, (_, index) => from + index);
  return tokens.sort((one, other) => logits[other]! - logits[one]! || one - other).slice(0, count);
}

/** Where no pair is possible: single tokens. */
function likeliestTokens(windows: readonly (QuestionWindow & WindowLogits)[]) {
  return windows.flatMap(({ from, to, places, starts, ends }) =>
    Array.from({ length: to - from }, (_, index) => {
      const token = from + index;
      return { start: places[2 * token]!, end: places[2 * token + 1]!, logit: starts[token]! + ends[token]! };
    }),
  );
}
