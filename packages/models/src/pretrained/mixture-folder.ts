import { z } from "zod";
import { type MixtureConfig, MixtureOfExperts, SparseMixture } from "../mixture-of-experts.ts";
import { parseFolderConfig } from "./config.ts";
import type { PretrainedFamily, StoredTensor } from "./family.ts";
import {
  type FrameTraits,
  frameFolderFields,
  frameFrom,
  frameTensors,
  frameToFolder,
  llamaFamily,
  parts,
  plainWindow,
  qwenWindow,
  qwenWindowToFolder,
} from "./llama-folder.ts";

const count = z.int().positive();

/** transformers' `MixtralConfig`, `Qwen2MoeConfig` and `Qwen3MoeConfig`. */
const MixtureFolder = z.looseObject({
  ...frameFolderFields,
  num_local_experts: count.optional(),
  num_experts: count.optional(),
  num_experts_per_tok: count.default(2),
  moe_intermediate_size: count.optional(),
  shared_expert_intermediate_size: count.optional(),
  norm_topk_prob: z.boolean().default(false),
  decoder_sparse_step: count.default(1),
  mlp_only_layers: z.array(z.int().nonnegative()).default([]),
  qkv_bias: z.boolean().default(true),
  router_aux_loss_coef: z.number().min(0).default(0.001),
  router_jitter_noise: z.literal(0).default(0),
});
type MixtureFolder = z.output<z.ZodObject<(typeof MixtureFolder)["shape"]>>;

export const mixtureFamily: PretrainedFamily<MixtureOfExperts> = {
  modelTypes: ["mixtral", "qwen2_moe", "qwen3_moe"],
  owns: (model): model is MixtureOfExperts => model instanceof MixtureOfExperts,

  build(config, { random }) {
    const folder: MixtureFolder = parseFolderConfig(MixtureFolder, config, "a mixture of experts");
    const { model_type: kind, num_hidden_layers: layers, decoder_sparse_step: step } = folder;
    const experts = folder.num_local_experts ?? folder.num_experts;
    const expertHidden = kind === "mixtral" ? folder.intermediate_size : folder.moe_intermediate_size;
    if (experts === undefined || expertHidden === undefined) {
      throw new Error("config.json: expected the number of experts and their size. Received a mixture without.");
    }
    const dense = (layer: number) => folder.mlp_only_layers.includes(layer) || (layer + 1) % step !== 0;
    const settings: MixtureConfig = {
      ...frameFrom(folder, traitsOf(folder)),
      family: "mixture",
      experts,
      expertsPerToken: folder.num_experts_per_tok,
      expertHidden,
      normalized: kind === "mixtral" || folder.norm_topk_prob,
      sharedHidden: kind === "qwen2_moe" ? folder.shared_expert_intermediate_size : undefined,
      denseLayers: kind === "mixtral" ? [] : Array.from({ length: layers }, (_, layer) => layer).filter(dense),
      balance: folder.router_aux_loss_coef,
    };
    return new MixtureOfExperts(settings, random);
  },

  /** The kind with what the model has: a shared expert is Qwen2's, norms of queries are Qwen3's. */
  describe({ config }) {
    const kind = kindOf(config);
    const common = {
      ...frameToFolder(config),
      num_experts_per_tok: config.expertsPerToken,
      router_aux_loss_coef: config.balance,
    };
    if (kind === "mixtral") {
      const own = { intermediate_size: config.expertHidden, num_local_experts: config.experts };
      const window = { sliding_window: config.window?.size ?? null };
      return { architectures: ["MixtralForCausalLM"], model_type: kind, ...common, ...own, ...window };
    }
    const qwen = {
      num_experts: config.experts,
      moe_intermediate_size: config.expertHidden,
      norm_topk_prob: config.normalized,
      decoder_sparse_step: 1,
      mlp_only_layers: config.denseLayers,
      ...qwenWindowToFolder(config),
    };
    if (kind === "qwen2_moe") {
      const own = { shared_expert_intermediate_size: config.sharedHidden, qkv_bias: config.bias === "queryKeyValue" };
      return { architectures: ["Qwen2MoeForCausalLM"], model_type: kind, ...common, ...qwen, ...own };
    }
    const own = { num_local_experts: config.experts, attention_bias: config.bias === "all" };
    return { architectures: ["Qwen3MoeForCausalLM"], model_type: kind, ...common, ...qwen, ...own };
  },

  tensors(model) {
    const kind = kindOf(model.config);
    return frameTensors(model, (layer) => {
      const { feedForward } = model.blocks[layer]!;
      const path = `blocks.${layer}.feedForward`;
      if (feedForward instanceof SparseMixture) return mixtureTensors(feedForward, { kind, layer, path });
      return gated(`model.layers.${layer}.mlp`, path);
    });
  },

  prefix: "model.",
  ...(llamaFamily.ignored && { ignored: llamaFamily.ignored }),
};

function traitsOf(folder: MixtureFolder): FrameTraits {
  const { head_dim: headSize } = folder;
  switch (folder.model_type) {
    case "qwen2_moe": {
      const bias = folder.qkv_bias ? "queryKeyValue" : "none";
      return { headSize, bias, queryKeyNorm: false, window: qwenWindow(folder) };
    }
    case "qwen3_moe": {
      const window = folder.use_sliding_window ? plainWindow(folder) : undefined;
      return { headSize, bias: folder.attention_bias ? "all" : "none", queryKeyNorm: true, window };
    }
    default:
      return { headSize, bias: "none", queryKeyNorm: false, window: plainWindow(folder) };
  }
}

/** @throws Error when transformers has none that computes the same. */
function kindOf(config: MixtureConfig): "mixtral" | "qwen2_moe" | "qwen3_moe" {
  const { bias, queryKeyNorm, window, sharedHidden, denseLayers, normalized, feedForwardBias } = config;
  const everywhere = window === undefined || window.from === 0;
  if (!feedForwardBias) {
    if (queryKeyNorm && bias !== "queryKeyValue" && sharedHidden === undefined && everywhere) return "qwen3_moe";
    if (!queryKeyNorm && bias !== "all" && sharedHidden !== undefined) return "qwen2_moe";
    const plain = !queryKeyNorm && bias === "none" && sharedHidden === undefined && denseLayers.length === 0;
    if (plain && normalized && everywhere) return "mixtral";
  }
  const traits = { bias, queryKeyNorm, window, sharedHidden, denseLayers, normalized, feedForwardBias };
  throw new Error(
    `Expected what one of Mixtral, Qwen2-MoE and Qwen3-MoE has. Received a mixture with ${JSON.stringify(traits)}.`,
  );
}

function mixtureTensors(
  { experts, shared }: SparseMixture,
  { kind, layer, path }: { kind: string; layer: number; path: string },
): StoredTensor[] {
  const mixtral = kind === "mixtral";
  const here = `model.layers.${layer}.${mixtral ? "block_sparse_moe" : "mlp"}`;
  const names = mixtral ? { w1: "gate", w2: "down", w3: "up" } : undefined;
  return [
    ...parts(`${here}.gate`, `${path}.router`),
    ...experts.flatMap((_, expert) => gated(`${here}.experts.${expert}`, `${path}.experts.${expert}`, names)),
    ...(shared ? gated(`${here}.shared_expert`, `${path}.shared`) : []),
    ...(shared ? parts(`${here}.shared_expert_gate`, `${path}.sharedGate`) : []),
  ];
}

function gated(
  name: string,
  path: string,
  names: Record<string, string> = { gate_proj: "gate", up_proj: "up", down_proj: "down" },
): StoredTensor[] {
  return Object.entries(names).flatMap(([theirs, ours]) => parts(`${name}.${theirs}`, `${path}.${ours}`));
}
