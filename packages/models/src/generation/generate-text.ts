import type { GenerativeModel } from "./causal-decoder.ts";
import { type GenerateOptions, generate } from "./generate.ts";
import type { TokenProbability } from "./log-probabilities.ts";
import type { FinishReason, GenerationPiece } from "./piece.ts";

/** A whole text. */
export interface GeneratedText {
  /** `prompt * samples + sample`. */
  readonly row: number;
  readonly text: string;
  /** An end token included. */
  readonly ids: readonly number[];
  readonly logProbabilities: readonly number[];
  readonly topAlternatives: readonly (readonly TokenProbability[])[];
  readonly finishReason: FinishReason;
  readonly speculation?: GenerationPiece["speculation"];
}

export interface GenerateTextOptions extends GenerateOptions {
  /**
   * Draw this many texts for each prompt and keep the `samples` whose tokens are likeliest on average (by the model's own
   * probabilities).
   */
  readonly bestOf?: number;
}

/** `generate`, gathered: every text whole, in order of row. */
export async function generateText(model: GenerativeModel, options: GenerateTextOptions): Promise<GeneratedText[]> {
  const { bestOf, ...rest } = options;
  const { samples = 1 } = options.config ?? {};
  if (bestOf === undefined) return gather(generate(model, rest));
  if (!Number.isInteger(bestOf) || bestOf < samples || (options.config?.beams ?? 1) > 1) {
    throw new RangeError(`Expected bestOf to be at least samples, ${samples}, and no beams. Received ${bestOf}.`);
  }
  const config = { ...options.config, samples: bestOf, logProbabilities: true };
  const drawn = await gather(generate(model, { ...rest, config }));
  return options.prompts.flatMap((_, prompt) =>
    drawn
      .slice(prompt * bestOf, (prompt + 1) * bestOf)
      .sort((a, b) => mean(b.logProbabilities) - mean(a.logProbabilities) || a.row - b.row)
      .slice(0, samples)
      .map((text, sample) => ({ ...text, row: prompt * samples + sample })),
  );
}

async function gather(pieces: AsyncIterable<GenerationPiece>): Promise<GeneratedText[]> {
  const rows = new Map<number, GenerationPiece[]>();
  for await (const piece of pieces) rows.set(piece.row, [...(rows.get(piece.row) ?? []), piece]);
  return [...rows]
    .sort(([a], [b]) => a - b)
    .map(([row, parts]) => {
      const { finishReason, speculation } = parts.at(-1)!;
      return {
        row,
        text: parts.map(({ text }) => text).join(""),
        ids: parts.flatMap(({ ids }) => ids),
        logProbabilities: parts.flatMap(({ logProbabilities }) => logProbabilities),
        topAlternatives: parts.flatMap(({ topAlternatives }) => topAlternatives),
        finishReason: finishReason!,
        ...(speculation && { speculation }),
      };
    });
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
