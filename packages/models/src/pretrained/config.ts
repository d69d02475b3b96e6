import { z } from "zod";
import type { ActivationName } from "../activations.ts";
import type { SpecialTokens } from "../language-model.ts";
import type { FolderConfig } from "./family.ts";

/**
 * A folder's configuration under a family's schema. A setting that the family cannot compute is a literal there, so that
 * another value is an error and not a wrong result.
 *
 * @throws Error that lists every setting that does not fit.
 */
export function parseFolderConfig<Schema extends z.ZodType>(
  schema: Schema,
  config: FolderConfig,
  family: string,
): z.output<Schema> {
  // transformers writes null for what is not set.
  const given = Object.fromEntries(Object.entries(config).filter(([, value]) => value !== null));
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new Error(
    `config.json: expected settings that ${family} here has. Received:\n${z.prettifyError(parsed.error)}`,
  );
}

const activations: Readonly<Record<string, ActivationName>> = {
  gelu: "gelu",
  gelu_new: "geluTanh",
  gelu_pytorch_tanh: "geluTanh",
  gelu_fast: "geluTanh",
  relu: "relu",
  silu: "silu",
  swish: "silu",
  tanh: "tanh",
};

/** An activation by transformers' name, as ours. */
export const FolderActivation = z
  .enum(Object.keys(activations) as [string, ...string[]])
  .transform((name) => activations[name]!);

/** An activation's name in transformers. */
export function folderActivation(name: ActivationName): string {
  if (name === "geluTanh") return "gelu_new";
  if (name in activations) return name;
  throw new Error(`Expected an activation that folders name: ${Object.keys(activations)}. Received ${name}.`);
}

const Id = z.int().nonnegative();

/** The fields of special tokens in config.json. A padding id of -1 is none. */
export const folderTokenFields = {
  bos_token_id: Id.optional(),
  eos_token_id: z.union([Id, z.array(Id)]).optional(),
  pad_token_id: z.int().optional(),
};

interface FolderTokens {
  bos_token_id?: number | undefined;
  eos_token_id?: number | number[] | undefined;
  pad_token_id?: number | undefined;
}

export function specialTokensFrom({ bos_token_id, eos_token_id, pad_token_id }: FolderTokens): SpecialTokens {
  return {
    begin: bos_token_id,
    end: eos_token_id === undefined ? [] : [eos_token_id].flat(),
    padding: pad_token_id !== undefined && pad_token_id >= 0 ? pad_token_id : undefined,
  };
}

/** null for what is not set, so that transformers does not put its own defaults there. */
export function folderTokens({ begin, end, padding }: SpecialTokens): FolderConfig {
  const ends = end.length === 1 ? end[0] : end.length === 0 ? null : end;
  return { bos_token_id: begin ?? null, eos_token_id: ends, pad_token_id: padding ?? null };
}
