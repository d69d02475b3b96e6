import { z } from "zod";
import { RotaryScaling } from "../transformer/rotary-table.ts";
import type { FolderConfig } from "./family.ts";

/** How transformers writes rotary positions: `rope_theta` and `rope_scaling`, from version 5 on one `rope_parameters`. */
const positive = z.number().positive();

const FolderScaling = z.looseObject({
  rope_type: z.string().optional(),
  type: z.string().optional(),
  rope_theta: positive.optional(),
  partial_rotary_factor: z.literal(1).optional(),
  factor: z.number().min(1).optional(),
  original_max_position_embeddings: z.int().positive().optional(),
  low_freq_factor: positive.optional(),
  high_freq_factor: positive.optional(),
  beta_fast: positive.optional(),
  beta_slow: positive.optional(),
  attention_factor: positive.optional(),
  mscale: z.number().optional(),
  mscale_all_dim: z.number().optional(),
  truncate: z.boolean().optional(),
});

export const rotaryFolderFields = {
  max_position_embeddings: z.int().positive().default(2048),
  rope_theta: positive.default(10_000),
  rope_scaling: FolderScaling.optional(),
  rope_parameters: FolderScaling.optional(),
};

interface RotaryFields {
  max_position_embeddings: number;
  rope_theta: number;
  rope_scaling?: z.infer<typeof FolderScaling> | undefined;
  rope_parameters?: z.infer<typeof FolderScaling> | undefined;
}

export interface RotarySettings {
  rotaryBase: number;
  rotaryScaling: RotaryScaling | undefined;
}

/** @throws Error for scalings that are not known here. */
export function rotaryFrom(folder: RotaryFields): RotarySettings {
  const given = folder.rope_parameters ?? folder.rope_scaling;
  const rotaryBase = given?.rope_theta ?? folder.rope_theta;
  const type = given?.rope_type ?? given?.type ?? "default";
  if (given === undefined || type === "default") return { rotaryBase, rotaryScaling: undefined };
  const originalContext = given.original_max_position_embeddings;
  const fields: Record<string, Record<string, unknown>> = {
    linear: { factor: given.factor },
    dynamic: { factor: given.factor },
    llama3: {
      factor: given.factor,
      lowFrequencyFactor: given.low_freq_factor,
      highFrequencyFactor: given.high_freq_factor,
      originalContext: originalContext ?? folder.max_position_embeddings,
    },
    yarn: {
      factor: given.factor ?? folder.max_position_embeddings / (originalContext ?? folder.max_position_embeddings),
      originalContext: originalContext ?? folder.max_position_embeddings,
      betaFast: given.beta_fast,
      betaSlow: given.beta_slow,
      attentionFactor: given.attention_factor ?? attentionFactor(given),
      truncate: given.truncate,
    },
  };
  if (!(type in fields)) {
    throw new Error(
      `config.json: expected rotary scaling of ${["default", ...Object.keys(fields)].join(", ")}. Received "${type}".`,
    );
  }
  return { rotaryBase, rotaryScaling: RotaryScaling.parse({ type, ...fields[type] }) };
}

/** DeepSeek's way to say the attention factor. */
function attentionFactor({
  factor = 1,
  mscale,
  mscale_all_dim: all,
}: z.infer<typeof FolderScaling>): number | undefined {
  if (!mscale || !all || factor <= 1) return undefined;
  return (0.1 * mscale * Math.log(factor) + 1) / (0.1 * all * Math.log(factor) + 1);
}

/** The older form, which every version of transformers reads. */
export function rotaryToFolder({ rotaryBase, rotaryScaling }: RotarySettings): FolderConfig {
  return { rope_theta: rotaryBase, rope_scaling: rotaryScaling ? scalingToFolder(rotaryScaling) : null };
}

function scalingToFolder(scaling: RotaryScaling): FolderConfig {
  const named = { rope_type: scaling.type, factor: scaling.factor };
  switch (scaling.type) {
    case "linear":
    case "dynamic":
      return named;
    case "llama3":
      return {
        ...named,
        low_freq_factor: scaling.lowFrequencyFactor,
        high_freq_factor: scaling.highFrequencyFactor,
        original_max_position_embeddings: scaling.originalContext,
      };
    case "yarn":
      return {
        ...named,
        original_max_position_embeddings: scaling.originalContext,
        beta_fast: scaling.betaFast,
        beta_slow: scaling.betaSlow,
        truncate: scaling.truncate,
        ...(scaling.attentionFactor !== undefined && { attention_factor: scaling.attentionFactor }),
      };
  }
}
