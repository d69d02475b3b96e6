import { Candidates } from "./candidates.ts";
import type { GenerationConfig } from "./config.ts";
import { argMax } from "./exponential.ts";
import type { History } from "./history.ts";
import {
  banRepeatedNgrams,
  banSequences,
  banTokens,
  biasLogits,
  penalizeOccurrence,
  penalizeRepetition,
} from "./penalties.ts";

/**
 * From one row of logits to a token. In this order: bias, repetition penalty, presence and frequency penalties, no repeated
 * n-grams, bad words, minimum length, constraint; then temperature, top-k, top-p, min-p, typical, epsilon, eta, each on the
 * renormalised rest of the one before (transformers' order); then a draw.
 */
export class Sampler {
  readonly config: GenerationConfig;
  readonly vocabulary: number;
  readonly candidates: Candidates;
  readonly #bias: readonly (readonly [number, number])[];

  constructor(config: GenerationConfig, vocabulary: number) {
    this.config = config;
    this.vocabulary = vocabulary;
    this.candidates = new Candidates(vocabulary);
    this.#bias = Object.entries(config.logitBias).map(([token, bias]) => [Number(token), bias]);
    const named = [...this.#bias.map(([token]) => token), ...config.badWords.flat(), ...config.endTokens];
    const strange = named.find((token) => token >= vocabulary);
    if (strange !== undefined) {
      throw new RangeError(
        `Expected token ids under the vocabulary's ${vocabulary} in logitBias, badWords and endTokens. Received ${strange}.`,
      );
    }
  }

  /** Changes a row of logits [V] in place; `constrain` rules out what a grammar does not allow. */
  process(logits: Float32Array, history: History, constrain?: (logits: Float32Array) => void): void {
    const { config } = this;
    if (this.#bias.length > 0) biasLogits(logits, this.#bias);
    if (config.repetitionPenalty !== 1) penalizeRepetition(logits, history.occurred, config.repetitionPenalty);
    if (config.presencePenalty !== 0 || config.frequencyPenalty !== 0) {
      const { presencePenalty: presence, frequencyPenalty: frequency } = config;
      penalizeOccurrence(logits, history.counts, { presence, frequency });
    }
    if (config.noRepeatNgramSize > 0) banRepeatedNgrams(logits, history.ids, config.noRepeatNgramSize);
    if (config.badWords.length > 0) banSequences(logits, history.ids, config.badWords);
    if (history.generated < config.minNewTokens) banTokens(logits, config.endTokens);
    constrain?.(logits);
  }

  /** The distribution that is drawn from, in `candidates`, of processed logits [V]. With temperature 0 it is one token. */
  weigh(logits: Float32Array): Candidates {
    const { candidates, config } = this;
    const greedy = config.temperature === 0;
    const { topK: k, topP: p, minP: share, temperature } = config;
    candidates.load(logits, greedy ? { k: 1 } : { k, p, share, temperature });
    if (candidates.count === 0) throw new Error(this.#nothingLeft());
    if (greedy) return candidates;
    if (config.typicalP < 1) candidates.keepTypical(config.typicalP);
    if (config.epsilonCutoff > 0) candidates.keepAbove(config.epsilonCutoff);
    if (config.etaCutoff > 0) candidates.keepEta(config.etaCutoff);
    return candidates;
  }

  /** A token of processed logits [V]; `uniform` gives a number from 0 to 1 and is not asked where nothing is drawn. */
  choose(logits: Float32Array, uniform: () => number): number {
    if (this.config.temperature > 0) return this.weigh(logits).draw(uniform());
    const token = argMax(logits);
    if (token < 0) throw new Error(this.#nothingLeft());
    return token;
  }

  #nothingLeft(): string {
    const { config } = this;
    const suspects = [
      config.badWords.length > 0 && "badWords",
      config.noRepeatNgramSize > 0 && "noRepeatNgramSize",
      Object.keys(config.logitBias).length > 0 && "logitBias",
      config.minNewTokens > 0 && "minNewTokens",
    ].filter((name) => name !== false);
    const cause =
      suspects.length > 0 ? `Loosen ${suspects.join(", ")} or the constraint.` : "The model gave -Infinity for all.";
    return `Expected at least one token that may come next. Every token is ruled out. ${cause}`;
  }
}
