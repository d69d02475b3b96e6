import { z } from "zod";
import type { PaddingSpecification, TruncationSpecification } from "./specification.ts";

const side = z.enum(["left", "right"]).default("right");

export const TruncationOptions = z.strictObject({
  length: z.int().positive().describe("tokens that stay, special ones among them"),
  stride: z.int().nonnegative().default(0).describe("tokens that a window has in common with the one before"),
  strategy: z
    .enum(["longest-first", "only-first", "only-second"])
    .default("longest-first")
    .describe("which of a pair is cut"),
  side: side.describe("where tokens are cut off"),
});

export const PaddingOptions = z.strictObject({
  length: z
    .union([z.int().positive(), z.literal("longest")])
    .describe("tokens, or as many as the longest of the batch has"),
  side: side.describe("where padding goes"),
  multipleOf: z.int().positive().optional().describe("lengths are rounded up to a multiple"),
  token: z.string().optional().describe("the padding token; else the tokenizer's own"),
  typeId: z.int().nonnegative().default(0),
});

export interface EncodeOptions {
  /** A second text: encoded after the first, as the post-processor says. */
  readonly pair?: string;
  /** Adds the special tokens of the post-processor (default true). */
  readonly special?: boolean;
  /** Overrules the tokenizer's own truncation; false turns it off. */
  readonly truncation?: z.input<typeof TruncationOptions> | false;
  /** Overrules the tokenizer's own padding; false turns it off. */
  readonly padding?: z.input<typeof PaddingOptions> | false;
}

const strategies = {
  "longest-first": "LongestFirst",
  "only-first": "OnlyFirst",
  "only-second": "OnlySecond",
} as const;
const sides = { left: "Left", right: "Right" } as const;

/** As `tokenizer.json` says it. */
export function truncationOf(options: z.input<typeof TruncationOptions>): TruncationSpecification {
  const checked = check(TruncationOptions, options, "truncation");
  return {
    max_length: checked.length,
    stride: checked.stride,
    strategy: strategies[checked.strategy],
    direction: sides[checked.side],
  };
}

/** As `tokenizer.json` says it. `idOf` looks padding tokens up. */
export function paddingOf(
  options: z.input<typeof PaddingOptions>,
  own: PaddingSpecification | undefined,
  idOf: (token: string) => number | undefined,
): PaddingSpecification {
  const checked = check(PaddingOptions, options, "padding");
  const candidates =
    checked.token === undefined ? [own?.pad_token, "[PAD]", "<pad>", "<|endoftext|>"] : [checked.token];
  const token = candidates.find((candidate) => candidate !== undefined && idOf(candidate) !== undefined);
  if (token === undefined) {
    throw new Error(
      checked.token === undefined
        ? "Expected a padding token: this tokenizer has none of [PAD], <pad>, <|endoftext|>. Name one as padding.token."
        : `Expected a padding token of the vocabulary, got ${JSON.stringify(checked.token)}.`,
    );
  }
  return {
    strategy: checked.length === "longest" ? "BatchLongest" : { Fixed: checked.length },
    direction: sides[checked.side],
    pad_to_multiple_of: checked.multipleOf ?? null,
    pad_id: idOf(token)!,
    pad_type_id: checked.typeId,
    pad_token: token,
  };
}

function check<Schema extends z.ZodType>(schema: Schema, value: unknown, place: string): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new Error(`${place}: ${z.prettifyError(result.error)}`);
}
