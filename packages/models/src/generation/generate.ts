import { Random } from "@nacre/random";
import { beamPieces } from "./beam-search.ts";
import { decoderOf, type GenerativeModel } from "./causal-decoder.ts";
import { type GenerationConfig, type GenerationConfigInput, parseGenerationConfig } from "./config.ts";
import type { TokenConstraint } from "./constraint/token-constraint.ts";
import type { Decoder } from "./decoder.ts";
import type { GenerationPiece } from "./piece.ts";
import { batchPrompts } from "./prompts.ts";
import { Row } from "./row.ts";
import { Sampler } from "./sampler.ts";
import { type Speculation, speculativePieces } from "./speculative.ts";
import type { Decode } from "./text-stream.ts";

export interface GenerateOptions {
  /** Token ids of each prompt; at least one each, so a model's begin token where there is no text. */
  readonly prompts: readonly (readonly number[])[];
  readonly config?: GenerationConfigInput;
  /** Which tokens may come: see `regexConstraint` and `jsonSchemaConstraint`. */
  readonly constraint?: TokenConstraint | undefined;
  /** Turns ids into text; without it pieces have ids only. */
  readonly decode?: Decode | undefined;
  /** Who guesses tokens ahead; for one text at a time. */
  readonly speculation?: Speculation | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What the ways of generating share. */
export interface Generation extends GenerateOptions {
  readonly decoder: Decoder;
  readonly settings: GenerationConfig;
}

/**
 * Continues prompts, piece by piece as it goes: pull to generate, `break` to stop; either frees everything. Prompts of
 * different lengths are padded at the left, rows that have ended leave the batch, and with one seed a row's text is the same
 * whatever its neighbours are.
 *
 * @param model a decoder-only model, or `sequenceDecoder(model, sources)` of an encoder–decoder one
 * @throws the signal's reason once it is aborted.
 */
export async function* generate(
  model: GenerativeModel,
  options: GenerateOptions,
): AsyncGenerator<GenerationPiece, void> {
  const decoder = decoderOf(model);
  const settings = parseGenerationConfig(options.config ?? {});
  const generation: Generation = { ...options, decoder, settings };
  check(generation);
  if (settings.beams > 1) yield* beamPieces(generation);
  else if (options.speculation) yield* speculativePieces(generation, options.speculation);
  else yield* plainPieces(generation);
}

async function* plainPieces(generation: Generation): AsyncGenerator<GenerationPiece, void> {
  const { decoder, settings, prompts, signal } = generation;
  const { ids, padding, most } = batchPrompts(decoder, { prompts, most: settings.maxNewTokens });
  let rows = rowsOf(generation, most);
  const session = decoder.open({ padding, capacity: padding[0]! + prompts[0]!.length + most });
  try {
    let logits = await session.advance(ids);
    // Samples of one prompt begin with the same logits.
    let places = rows.map((row) => Math.floor(row.index / settings.samples));
    if (settings.samples > 1) session.reorder(places);
    while (rows.length > 0) {
      signal?.throwIfAborted();
      const scratch = places.length > new Set(places).size;
      for (const [at, row] of rows.entries()) {
        const place = places[at]! * decoder.vocabulary;
        const own = logits.subarray(place, place + decoder.vocabulary);
        row.step(scratch ? own.slice() : own);
        const piece = row.piece();
        if (piece) yield piece;
      }
      const active = rows.flatMap(({ finishReason }, at) => (finishReason === undefined ? [at] : []));
      if (active.length === 0) return;
      if (active.length < rows.length) session.reorder(active);
      rows = active.map((at) => rows[at]!);
      places = rows.map((_, at) => at);
      signal?.throwIfAborted();
      logits = await session.advance(Int32Array.from(rows, ({ history }) => history.ids.at(-1)!));
    }
  } finally {
    session.dispose();
  }
}

/** A row for each sample of each prompt. */
export function rowsOf({ settings, prompts, decoder, constraint, decode }: Generation, most: number): Row[] {
  const sampler = new Sampler(settings, decoder.vocabulary);
  const random = new Random(settings.seed);
  return prompts.flatMap((prompt, at) =>
    Array.from({ length: settings.samples }, (_, sample) => {
      const index = at * settings.samples + sample;
      return new Row({ index, prompt, sampler, random: random.fork("row", index), most, constraint, decode });
    }),
  );
}

function check({ settings, decode, constraint, decoder, speculation, prompts }: Generation): void {
  if (settings.stop.length > 0 && !decode) {
    throw new Error("Expected `decode` with `stop`: stop strings are looked for in the text. Received ids only.");
  }
  if (constraint && constraint.trie.vocabulary > decoder.vocabulary) {
    throw new Error(
      `Expected a constraint over at most the model's ${decoder.vocabulary} tokens. Received one over ${constraint.trie.vocabulary}.`,
    );
  }
  if (speculation && (prompts.length * settings.samples > 1 || settings.beams > 1)) {
    throw new Error(
      "Expected one prompt and one sample with `speculation`. Rows would accept different numbers of tokens.",
    );
  }
}
