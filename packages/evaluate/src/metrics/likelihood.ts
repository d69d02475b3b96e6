import { type AdditiveMetric, additive } from "../additive.ts";
import { words } from "./whitespace.ts";

/** What a language model gave a text, and how long that text is in units that no tokenizer decides. */
export interface ScoredText {
  /** Sum over the scored tokens of the natural logarithm of their probability. */
  readonly logLikelihood: number;
  /** How many tokens were scored. */
  readonly tokens: number;
  /** Of the text that those tokens make: bytes of UTF-8, code points, and words between whitespace. */
  readonly bytes: number;
  readonly characters: number;
  readonly words: number;
}

/** A scored text from the text itself. */
export function scoredText(text: string, logLikelihood: number, tokens: number): ScoredText {
  const count = words(text).length;
  return {
    logLikelihood,
    tokens,
    bytes: new TextEncoder().encode(text).length,
    characters: [...text].length,
    words: count,
  };
}

type LikelihoodMetric = AdditiveMetric<ScoredText, { readonly value: number }>;
type Unit = "tokens" | "bytes" | "characters" | "words";

function per(signature: string, unit: Unit, value: (nats: number) => number): LikelihoodMetric {
  return additive({
    signature,
    size: 2,
    observe: (text) => {
      if (!(text.logLikelihood <= 0)) {
        throw new RangeError(`Expected a log-likelihood of 0 or less. Received ${text.logLikelihood}.`);
      }
      return [-text.logLikelihood, text[unit]];
    },
    score: ([nats, units]) => ({ value: value(nats! / units!) }),
  });
}

/** Mean negative log-likelihood of a token, in nats: the training loss. */
export function tokenLoss(): LikelihoodMetric {
  return per("loss|per:token|unit:nat", "tokens", (nats) => nats);
}

/** exp of the mean loss per token. Comparable between models of one tokenizer only. */
export function perplexity(): LikelihoodMetric {
  return per("perplexity|per:token", "tokens", Math.exp);
}

/** exp of the loss per word between whitespace, whatever the tokens are (lm-evaluation-harness's `word_perplexity`). */
export function wordPerplexity(): LikelihoodMetric {
  return per("perplexity|per:word", "words", Math.exp);
}

/** Comparable between any two models of bytes, characters or tokens on the same text. */
export function bitsPerByte(): LikelihoodMetric {
  return per("bits|per:byte|encoding:utf-8", "bytes", (nats) => nats / Math.LN2);
}

export function bitsPerCharacter(): LikelihoodMetric {
  return per("bits|per:character|unit:code-point", "characters", (nats) => nats / Math.LN2);
}

/** One run of a model over part of a long sequence. */
export interface SlidingWindow {
  /** Inputs are the tokens from `start` up to `end`. */
  readonly start: number;
  readonly end: number;
  /** Tokens from here up to `end` are scored, each by what the model says after those before it in the window. */
  readonly scored: number;
}

/**
 * Windows that score each token of a sequence once: a window holds at most `context` tokens and begins `stride` after the one
 * before. All but the first window's tokens are scored with at least `context - stride` tokens before them; a smaller stride
 * costs more and is closer to what the model can do.
 *
 * The first token has nothing before it and is not scored; put a start token first when it should be the text's.
 *
 * @throws RangeError unless 1 ≤ stride ≤ context - 1, or for a sequence without a token to score.
 */
export function slidingWindows(
  tokens: number,
  { context, stride }: { readonly context: number; readonly stride: number },
): SlidingWindow[] {
  if (!Number.isInteger(context) || !Number.isInteger(stride) || stride < 1 || stride >= context) {
    throw new RangeError(
      `Expected a stride from 1 to less than the context. Received stride ${stride} and context ${context}.`,
    );
  }
  if (tokens < 2) throw new RangeError(`Expected two or more tokens, one to score. Received ${tokens}.`);
  const windows: SlidingWindow[] = [];
  let scored = 1;
  for (let start = 0; scored < tokens; start += stride) {
    const end = Math.min(start + context, tokens);
    windows.push({ start, end, scored });
    scored = end;
  }
  return windows;
}
