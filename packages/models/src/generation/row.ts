import type { Random } from "@nacre/random";
import type { GenerationConfig } from "./config.ts";
import type { TokenConstraint } from "./constraint/token-constraint.ts";
import { logSumExp } from "./exponential.ts";
import { History } from "./history.ts";
import { likeliest, type TokenProbability } from "./log-probabilities.ts";
import type { FinishReason, GenerationPiece } from "./piece.ts";
import type { Sampler } from "./sampler.ts";
import { StopStrings } from "./stop-strings.ts";
import { type Decode, TextStream } from "./text-stream.ts";

export interface RowOptions {
  readonly index: number;
  readonly prompt: readonly number[];
  readonly sampler: Sampler;
  /** The row's own stream: its draws do not depend on its neighbours. */
  readonly random: Random;
  /** Most tokens to generate. */
  readonly most: number;
  readonly constraint: TokenConstraint | undefined;
  readonly decode: Decode | undefined;
}

/** A token that someone guessed, with the distribution it was drawn from. */
export interface Proposal {
  readonly token: number;
  /** Ids in ascending order with their probabilities; undefined when the token was certain. */
  readonly distribution: { readonly ids: Int32Array; readonly probabilities: Float64Array } | undefined;
}

/** One text in the making: chooses its tokens from rows of logits, and cuts what it has into pieces. */
export class Row {
  readonly history: History;
  finishReason: FinishReason | undefined;
  readonly #options: RowOptions;
  readonly #config: GenerationConfig;
  readonly #text: TextStream | undefined;
  readonly #stops: StopStrings;
  readonly #raw: Float32Array | undefined;
  #state: TokenConstraint["start"] | undefined;
  #normalizer = 0;
  #alternatives: TokenProbability[] = [];
  #shown = "";
  #ids: number[] = [];
  #logProbabilities: number[] = [];
  #topAlternatives: TokenProbability[][] = [];

  constructor(options: RowOptions) {
    const { prompt, sampler, constraint, decode, most } = options;
    this.#options = options;
    this.#config = sampler.config;
    this.history = new History(prompt);
    this.#text = decode && new TextStream(decode, prompt);
    this.#stops = new StopStrings(this.#config.stop);
    const { logProbabilities, alternatives } = this.#config;
    if (logProbabilities || alternatives > 0) this.#raw = new Float32Array(sampler.vocabulary);
    this.#state = constraint?.start;
    if (constraint && constraint.start.distance > most) {
      throw new Error(
        `Expected room for ${constraint.start.distance} tokens, which the shortest text under the constraint may need. ` +
          `There is room for ${most}: raise maxNewTokens, or shorten the prompt.`,
      );
    }
  }

  get index(): number {
    return this.#options.index;
  }

  /** Tokens that may still come. */
  get remaining(): number {
    return this.#options.most - this.history.generated;
  }

  /** Takes the next token from its logits [V], which it changes. */
  step(logits: Float32Array): void {
    if (!this.#prepare(logits)) return;
    const random = this.#random();
    this.#take(this.#options.sampler.choose(logits, () => random.uniform()));
  }

  /**
   * Takes a guessed token with probability min(1, p / q), else one of what p has over q (Leviathan et al. 2023, algorithm 1),
   * so that the token taken is distributed as p. Gives whether the guess was right.
   */
  verify(logits: Float32Array, { token, distribution }: Proposal): boolean {
    if (!this.#prepare(logits)) return false;
    const random = this.#random();
    const candidates = this.#options.sampler.weigh(logits);
    const guessed = distribution === undefined ? 1 : (distribution.probabilities[distribution.ids.indexOf(token)] ?? 0);
    if (random.uniform() * guessed < candidates.probability(token)) {
      this.#take(token);
      return true;
    }
    candidates.subtract(distribution ?? { ids: Int32Array.of(token), probabilities: Float64Array.of(1) });
    this.#take(candidates.draw(random.uniform()));
    return false;
  }

  /** What has come since the last piece; undefined when there is nothing to show yet. */
  piece(speculation?: GenerationPiece["speculation"]): GenerationPiece | undefined {
    const hidden = this.#text !== undefined && this.#shown === "";
    if (this.finishReason === undefined && (hidden || this.#ids.length === 0)) return undefined;
    const piece: GenerationPiece = {
      row: this.index,
      text: this.#shown,
      ids: this.#ids,
      logProbabilities: this.#logProbabilities,
      topAlternatives: this.#topAlternatives,
      finishReason: this.finishReason,
      ...(speculation && this.finishReason && { speculation }),
    };
    this.#shown = "";
    this.#ids = [];
    this.#logProbabilities = [];
    this.#topAlternatives = [];
    return piece;
  }

  /** Rules tokens out; false when the constraint leaves none, and the text is done. */
  #prepare(logits: Float32Array): boolean {
    const { sampler, constraint } = this.#options;
    if (this.#raw) {
      this.#raw.set(logits);
      this.#normalizer = logSumExp(logits);
      const { candidates } = sampler;
      this.#alternatives = likeliest(logits, candidates, {
        count: this.#config.alternatives,
        normalizer: this.#normalizer,
      });
    }
    let any = true;
    sampler.process(logits, this.history, (row) => {
      if (!constraint || !this.#state) return;
      any = constraint.apply(row, this.#state, { endTokens: this.#config.endTokens, remaining: this.remaining });
    });
    if (!any) this.#finish("complete");
    return any;
  }

  #random(): Random {
    return this.#options.random.fork("step", this.history.generated);
  }

  #take(token: number): void {
    const { constraint } = this.#options;
    this.history.push(token);
    this.#ids.push(token);
    if (this.#raw) {
      this.#logProbabilities.push(this.#raw[token]! - this.#normalizer);
      if (this.#config.alternatives > 0) this.#topAlternatives.push(this.#alternatives);
    }
    const ended = this.#config.endTokens.includes(token);
    if (!ended && this.#text && this.#show(this.#text.push(token))) return;
    if (!ended && constraint && this.#state) this.#state = constraint.next(this.#state, token)!;
    if (ended) this.#finish("end");
    else if (constraint && this.#state && !constraint.continues(this.#state)) this.#finish("complete");
    else if (this.remaining === 0) this.#finish("length");
  }

  /** Lets text through; true when a stop string ended it. */
  #show(text: string): boolean {
    const { text: shown, stopped } = this.#stops.push(text);
    this.#shown += shown;
    if (stopped) this.finishReason = "stop";
    return stopped;
  }

  #finish(reason: FinishReason): void {
    this.finishReason = reason;
    if (this.#text && !this.#show(this.#text.end())) this.#shown += this.#stops.end();
  }
}
