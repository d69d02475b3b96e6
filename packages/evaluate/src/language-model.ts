import { type AdditiveMetric, observeAll } from "./additive.ts";
import { bootstrap } from "./bootstrap.ts";
import type { Score } from "./classification.ts";
import {
  bitsPerByte,
  bitsPerCharacter,
  perplexity,
  type ScoredText,
  tokenLoss,
  wordPerplexity,
} from "./metrics/likelihood.ts";

/** Everything about how a language model predicts a text: JSON. */
export interface LanguageModelEvaluation {
  readonly kind: "language-model";
  /** Texts, or parts of one. */
  readonly examples: number;
  readonly tokens: number;
  readonly bytes: number;
  readonly characters: number;
  /** Loss in nats per token, perplexity, bits per character and byte and, where there are words, perplexity per word. */
  readonly scores: readonly Score[];
  /** How tokens were scored. */
  readonly window: WindowNote | null;
  /** Most bits per character first. */
  readonly worst: readonly LikelihoodExample[];
  readonly resamples: number;
  readonly seed: number;
}

export interface WindowNote {
  readonly context: number;
  readonly stride: number;
}

export interface LikelihoodExample {
  readonly index: number;
  readonly text: string | null;
  readonly bitsPerCharacter: number;
  readonly loss: number;
}

export interface LanguageModelOptions {
  /** What the model gave each text; `scoredText` makes one. Texts, or parts of one long text that resamples draw from. */
  readonly texts: readonly (ScoredText & { readonly text?: string })[];
  readonly window?: WindowNote;
  readonly seed: number;
  /** Bootstrap resamples. Default 1000. */
  readonly resamples?: number;
  /** Default 24. */
  readonly shown?: number;
}

/** Loss, perplexity and bits per byte with bootstrap intervals over texts. @throws RangeError without texts or tokens. */
export function evaluateLanguageModel(options: LanguageModelOptions): LanguageModelEvaluation {
  const { texts, window = null, seed, resamples = 1000, shown = 24 } = options;
  const sum = (unit: "tokens" | "bytes" | "characters" | "words"): number =>
    texts.reduce((total, text) => total + text[unit], 0);
  if (sum("tokens") === 0) throw new RangeError("Expected texts with scored tokens. Received none.");
  const metrics: readonly (readonly [string, AdditiveMetric<ScoredText, { readonly value: number }>])[] = [
    ["loss", tokenLoss()],
    ["perplexity", perplexity()],
    ["bits per character", bitsPerCharacter()],
    ["bits per byte", bitsPerByte()],
    // Text without spaces has no words to count.
    ...(sum("words") * 20 > sum("characters") ? ([["perplexity per word", wordPerplexity()]] as const) : []),
  ];
  const tables = metrics.map(([, metric]) => observeAll(metric, texts));
  const intervals = bootstrap(texts.length, (weights) => tables.map((table) => table.score(weights).value), {
    seed,
    resamples,
  });
  const windows = window === null ? "" : `|context:${window.context}|stride:${window.stride}`;
  return {
    kind: "language-model",
    examples: texts.length,
    tokens: sum("tokens"),
    bytes: sum("bytes"),
    characters: sum("characters"),
    scores: metrics.map(([name, { signature }], which) => ({
      name,
      value: tables[which]!.score().value,
      ...intervals[which]!,
      signature: `${signature}${windows}|bs:${resamples}|seed:${seed}`,
    })),
    window,
    worst: texts
      .map((text, index) => ({
        index,
        text: text.text ?? null,
        bitsPerCharacter: -text.logLikelihood / text.characters / Math.LN2,
        loss: -text.logLikelihood / text.tokens,
      }))
      .filter(({ bitsPerCharacter }) => Number.isFinite(bitsPerCharacter))
      .sort((one, other) => other.bitsPerCharacter - one.bitsPerCharacter || one.index - other.index)
      .slice(0, shown),
    resamples,
    seed,
  };
}
