import { decoderOf, type GenerativeModel } from "./causal-decoder.ts";
import { argMax, logSumExp } from "./exponential.ts";
import { batchPrompts } from "./prompts.ts";

export interface Score {
  /** Σ log p(token | tokens before) over the tokens that were scored, in nats. */
  readonly logLikelihood: number;
  /** Of each scored token. */
  readonly logProbabilities: Float64Array;
  /** Whether each scored token is the likeliest one: greedy decoding would have written them. */
  readonly greedy: boolean;
}

export interface ScoreOptions {
  /** The first token to score; those before it are context. At least 1. Default: 1. */
  readonly from?: number;
  /**
   * How far the window moves where the text is longer than the model's context. Every token is scored once, after at least
   * context − stride others. Default: half the context.
   */
  readonly stride?: number;
  readonly signal?: AbortSignal | undefined;
}

/** Logits are downloaded for this many positions at a time. */
const chunk = 64;

/** How likely a model finds a text, for perplexity: exp(−logLikelihood / tokens). Longer texts than the context are strided. */
export async function score(
  model: GenerativeModel,
  ids: readonly number[],
  options: ScoreOptions = {},
): Promise<Score> {
  const decoder = decoderOf(model);
  const { from = 1, signal } = options;
  const window = Math.min(decoder.context, ids.length);
  const stride = options.stride ?? Math.max(1, Math.floor(window / 2));
  if (!Number.isInteger(from) || from < 1 || from >= ids.length) {
    throw new RangeError(
      `Expected \`from\` from 1 to ${ids.length - 1}, behind which there is a token. Received ${from}.`,
    );
  }
  if (!Number.isInteger(stride) || stride < 1 || stride >= decoder.context) {
    throw new RangeError(`Expected a stride from 1 to ${decoder.context - 1}, under the context. Received ${stride}.`);
  }
  const logProbabilities = new Float64Array(ids.length - from);
  let greedy = true;
  for (let scored = from, end = Math.max(window, from + 1); ; end = Math.min(end + stride, ids.length)) {
    const start = Math.max(0, end - window);
    const session = decoder.open({ padding: [0], capacity: end - start });
    try {
      // The logits after token i say what token i + 1 is.
      for (let at = start; at < end - 1; ) {
        signal?.throwIfAborted();
        const until = at < scored - 1 ? scored - 1 : Math.min(at + chunk, end - 1);
        const count = until - at;
        if (count > 0 && until < scored) {
          await session.advance(Int32Array.from(ids.slice(at, until)));
        } else {
          const logits = await session.advance(Int32Array.from(ids.slice(at, until)), count);
          for (let i = 0; i < count; i++) {
            const row = logits.subarray(i * decoder.vocabulary, (i + 1) * decoder.vocabulary);
            const token = ids[at + i + 1]!;
            logProbabilities[at + i + 1 - from] = row[token]! - logSumExp(row);
            greedy &&= argMax(row) === token;
          }
        }
        at = until;
      }
    } finally {
      session.dispose();
    }
    scored = end;
    if (end === ids.length) break;
  }
  return { logLikelihood: logProbabilities.reduce((sum, value) => sum + value, 0), logProbabilities, greedy };
}

/**
 * How likely a model finds each of some continuations of one context, for multiple choice. The context is read once, and the
 * continuations go through together.
 */
export async function scoreContinuations(
  model: GenerativeModel,
  { context, continuations }: { context: readonly number[]; continuations: readonly (readonly number[])[] },
): Promise<Score[]> {
  const decoder = decoderOf(model);
  const longest = Math.max(...continuations.map((continuation) => continuation.length));
  if (continuations.some((continuation) => continuation.length === 0)) {
    throw new Error("Expected continuations of at least one token each. Received an empty one.");
  }
  const { ids, most } = batchPrompts(decoder, { prompts: [context], most: longest - 1 });
  if (most < longest - 1) {
    throw new RangeError(
      `Expected context and continuation within the model's ${decoder.context} tokens. Received ${context.length + longest - 1}.`,
    );
  }
  const session = decoder.open({ padding: [0], capacity: context.length + longest });
  const scores = continuations.map((continuation) => ({ values: new Float64Array(continuation.length), greedy: true }));
  const read = (logits: Float32Array, row: number, { at, token }: { at: number; token: number }): void => {
    const values = logits.subarray(row * decoder.vocabulary, (row + 1) * decoder.vocabulary);
    scores[row]!.values[at] = values[token]! - logSumExp(values);
    scores[row]!.greedy &&= argMax(values) === token;
  };
  try {
    const first = await session.advance(ids);
    continuations.forEach((continuation, row) => {
      scores[row]!.values[0] = first[continuation[0]!]! - logSumExp(first);
      scores[row]!.greedy = argMax(first) === continuation[0];
    });
    session.reorder(continuations.map(() => 0));
    for (let at = 1; at < longest; at++) {
      const logits = await session.advance(Int32Array.from(continuations, (tokens) => tokens[at - 1] ?? 0));
      continuations.forEach((tokens, row) => at < tokens.length && read(logits, row, { at, token: tokens[at]! }));
    }
  } finally {
    session.dispose();
  }
  return scores.map(({ values, greedy }) => ({
    logLikelihood: values.reduce((sum, value) => sum + value, 0),
    logProbabilities: values,
    greedy,
  }));
}
