import type { GenerationConfig } from "./config.ts";
import { logSumExp } from "./exponential.ts";
import type { Generation } from "./generate.ts";
import { History } from "./history.ts";
import { likeliest } from "./log-probabilities.ts";
import type { FinishReason, GenerationPiece } from "./piece.ts";
import { batchPrompts } from "./prompts.ts";
import { Sampler } from "./sampler.ts";
import { TextStream } from "./text-stream.ts";

/** A way to go on. */
interface Beam {
  readonly ids: readonly number[];
  /** Sum of log-probabilities. */
  readonly score: number;
  /** The beam it comes from. */
  readonly parent: number;
  readonly state: NonNullable<Generation["constraint"]>["start"] | undefined;
  readonly finishReason: FinishReason | undefined;
}

/** A finished text; its score is divided by length^lengthPenalty. */
export interface Hypothesis {
  readonly ids: readonly number[];
  readonly score: number;
  readonly finishReason: FinishReason;
}

/**
 * The likeliest texts by beam search, for each prompt at most `beams`, the best first. The same texts and scores as transformers'
 * (its `length_penalty`, `early_stopping` and candidates (end tokens + 1) × beams per step). Nothing is drawn: temperature and
 * the filters do not count, penalties and the constraint do.
 */
export async function beamSearch(generation: Generation): Promise<Hypothesis[][]> {
  const { decoder, settings, prompts, signal } = generation;
  const { ids, padding, most } = batchPrompts(decoder, { prompts, most: settings.maxNewTokens });
  const sampler = new Sampler(settings, decoder.vocabulary);
  const searches = prompts.map((prompt) => new Search(generation, { prompt, most, sampler }));
  const session = decoder.open({ padding, capacity: padding[0]! + prompts[0]!.length + most });
  try {
    let logits = await session.advance(ids);
    let open = searches;
    // The first step has one row for each prompt, each later one a row for each beam.
    let firstRows = prompts.map((_, row) => row);
    while (open.length > 0) {
      signal?.throwIfAborted();
      const survivors: number[] = [];
      const next: Search[] = [];
      open.forEach((search, at) => {
        const first = firstRows[at]!;
        search.step(logits.subarray(first * decoder.vocabulary));
        if (search.done) return;
        next.push(search);
        survivors.push(...search.beams.map(({ parent }) => first + parent));
      });
      open = next;
      if (open.length === 0) break;
      session.reorder(survivors);
      const counts = open.map(({ beams }) => beams.length);
      firstRows = counts.map((_, at) => counts.slice(0, at).reduce((sum, count) => sum + count, 0));
      logits = await session.advance(
        Int32Array.from(open.flatMap(({ beams }) => beams.map((beam) => beam.ids.at(-1)!))),
      );
    }
    return searches.map(({ finished }) => finished);
  } finally {
    session.dispose();
  }
}

/** Beam search as one piece for each text: it is only known at the end. */
export async function* beamPieces(generation: Generation): AsyncGenerator<GenerationPiece, void> {
  const { settings, decode, prompts } = generation;
  if (settings.samples > settings.beams) {
    throw new Error(`Expected at most as many samples as beams, ${settings.beams}. Received ${settings.samples}.`);
  }
  if (settings.stop.length > 0) throw new Error("Expected `endTokens` to end a beam search. Received stop strings.");
  const found = await beamSearch(generation);
  for (const [prompt, hypotheses] of found.entries()) {
    for (const [sample, { ids, finishReason }] of hypotheses.slice(0, settings.samples).entries()) {
      const stream = decode && new TextStream(decode, prompts[prompt]);
      const shown = finishReason === "end" ? ids.slice(0, -1) : ids;
      const text = stream ? shown.map((id) => stream.push(id)).join("") + stream.end() : "";
      const row = prompt * settings.samples + sample;
      yield { row, text, ids, logProbabilities: [], topAlternatives: [], finishReason };
    }
  }
}

interface SearchOptions {
  readonly prompt: readonly number[];
  readonly most: number;
  readonly sampler: Sampler;
}

/** The search for one prompt. */
class Search {
  beams: Beam[];
  finished: Hypothesis[] = [];
  done = false;
  readonly #generation: Generation;
  readonly #settings: GenerationConfig;
  readonly #options: SearchOptions;
  #length = 0;

  constructor(generation: Generation, options: SearchOptions) {
    this.#generation = generation;
    this.#settings = generation.settings;
    this.#options = options;
    const state = generation.constraint?.start;
    this.beams = [{ ids: [], score: 0, parent: 0, state, finishReason: undefined }];
  }

  /** `logits` [beams, V], which it changes. */
  step(logits: Float32Array): void {
    const { beams: width, lengthPenalty, earlyStopping } = this.#settings;
    const candidates = this.#continuations(logits);
    this.#length++;
    candidates.slice(0, width).forEach(({ ids, score, finishReason }) => {
      if (finishReason) this.finished.push({ ids, score: score / this.#length ** lengthPenalty, finishReason });
    });
    this.finished = this.finished.sort((a, b) => b.score - a.score).slice(0, width);
    this.beams = candidates.filter(({ finishReason }) => finishReason === undefined).slice(0, width);
    const full = this.finished.length >= width;
    this.done = this.beams.length === 0 || (full && (earlyStopping === true || !this.#mayImprove()));
  }

  #mayImprove(): boolean {
    const { lengthPenalty, earlyStopping } = this.#settings;
    const length = earlyStopping === "never" && lengthPenalty > 0 ? this.#options.most : this.#length;
    return this.beams[0]!.score / length ** lengthPenalty > this.finished.at(-1)!.score;
  }

  /** The best ways to go on, the best first: enough of them that `beams` remain when each end token is among them. */
  #continuations(logits: Float32Array): Beam[] {
    const { beams: width, endTokens } = this.#settings;
    const count = Math.max(2, 1 + endTokens.length) * width;
    const { sampler } = this.#options;
    const { vocabulary } = sampler;
    const found = this.beams.flatMap((beam, parent) => {
      const row = logits.subarray(parent * vocabulary, (parent + 1) * vocabulary);
      const normalizer = logSumExp(row);
      for (let i = 0; i < row.length; i++) row[i]! -= normalizer;
      if (!this.#process(row, beam)) {
        const length = Math.max(1, this.#length) ** this.#settings.lengthPenalty;
        this.finished.push({ ids: beam.ids, score: beam.score / length, finishReason: "complete" });
        return [];
      }
      return likeliest(row, sampler.candidates, { count, normalizer: 0 }).map(({ id, logProbability }) => ({
        id,
        parent,
        score: beam.score + logProbability,
      }));
    });
    if (found.length === 0 && this.finished.length === 0) {
      throw new Error("Expected at least one token that may come next. Every token is ruled out in every beam.");
    }
    return found
      .sort((a, b) => b.score - a.score || a.parent - b.parent || a.id - b.id)
      .slice(0, count)
      .map((candidate) => this.#extend(candidate));
  }

  /** Rules tokens out; false when the constraint leaves none: the beam is a whole text. */
  #process(row: Float32Array, beam: Beam): boolean {
    const { sampler, prompt, most } = this.#options;
    const { constraint } = this.#generation;
    let any = true;
    sampler.process(row, new History(prompt, beam.ids), (logits) => {
      if (!constraint || !beam.state) return;
      const remaining = most - this.#length;
      any = constraint.apply(logits, beam.state, { endTokens: this.#settings.endTokens, remaining });
    });
    return any;
  }

  #extend({ id, parent, score }: { id: number; parent: number; score: number }): Beam {
    const { constraint } = this.#generation;
    const from = this.beams[parent]!;
    const ended = this.#settings.endTokens.includes(id);
    const state = constraint && from.state && !ended ? (constraint.next(from.state, id) ?? undefined) : undefined;
    let finishReason: FinishReason | undefined;
    if (ended) finishReason = "end";
    else if (state && !constraint!.continues(state)) finishReason = "complete";
    else if (this.#length + 1 >= this.#options.most) finishReason = "length";
    return { ids: [...from.ids, id], score, parent, state, finishReason };
  }
}
