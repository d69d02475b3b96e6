import { z } from "zod";
import { Llama, LlamaConfig, type RotaryDecoder, type RotaryDecoderConfig } from "../llama.ts";
import {
  FolderActivation,
  folderActivation,
  folderTokenFields,
  folderTokens,
  parseFolderConfig,
  specialTokensFrom,
} from "./config.ts";
import type { FolderConfig, PretrainedFamily, StoredTensor } from "./family.ts";
import { rotaryFolderFields, rotaryFrom, rotaryToFolder } from "./rotary-folder.ts";

const size = z.int().positive();

/** What the configurations of Llama, Mistral, Qwen2, Qwen3 and the mixtures on their frame have in common. */
export const frameFolderFields = {
  model_type: z.string(),
  vocab_size: size.default(32_000),
  hidden_size: size.default(4096),
  intermediate_size: size.default(11_008),
  num_hidden_layers: size.default(32),
  num_attention_heads: size.default(32),
  num_key_value_heads: size.optional(),
  head_dim: size.optional(),
  hidden_act: FolderActivation.default("silu"),
  rms_norm_eps: z.number().positive().default(1e-6),
  attention_dropout: z.number().min(0).lt(1).default(0),
  // Llama's own code has none; the name is Phi's.
  resid_pdrop: z.number().min(0).lt(1).default(0),
  tie_word_embeddings: z.boolean().default(false),
  sliding_window: z.int().nonnegative().optional(),
  use_sliding_window: z.boolean().optional(),
  max_window_layers: z.int().nonnegative().optional(),
  layer_types: z.array(z.enum(["full_attention", "sliding_attention"])).optional(),
  attention_bias: z.boolean().default(false),
  pretraining_tp: z.literal(1).optional(),
  ...rotaryFolderFields,
  ...folderTokenFields,
};

const LlamaFolder = z.looseObject({ ...frameFolderFields, mlp_bias: z.boolean().default(false) });
type FrameFolder = z.output<z.ZodObject<typeof frameFolderFields>>;

/** What the kinds differ in. */
export type FrameTraits = Pick<RotaryDecoderConfig, "bias" | "queryKeyNorm" | "window" | "headSize">;

/** What a folder says about everything but the feed-forward layers. */
export function frameFrom(folder: FrameFolder, traits: FrameTraits): RotaryDecoderConfig {
  const { family: _, ...frame } = LlamaConfig.parse({
    family: "llama",
    vocabulary: folder.vocab_size,
    context: folder.max_position_embeddings,
    layers: folder.num_hidden_layers,
    heads: folder.num_attention_heads,
    keyValueHeads: folder.num_key_value_heads,
    width: folder.hidden_size,
    hidden: folder.intermediate_size,
    activation: folder.hidden_act,
    ...rotaryFrom(folder),
    dropout: folder.resid_pdrop,
    attentionDropout: folder.attention_dropout,
    epsilon: folder.rms_norm_eps,
    tied: folder.tie_word_embeddings,
    specialTokens: specialTokensFrom(folder),
    ...traits,
  });
  return frame;
}

function traitsOf(folder: FrameFolder): FrameTraits {
  const { head_dim: headSize, attention_bias } = folder;
  const bias = attention_bias ? "all" : "none";
  switch (folder.model_type) {
    case "mistral":
      return { headSize, bias: "none", queryKeyNorm: false, window: plainWindow(folder) };
    case "qwen2":
      return { headSize, bias: "queryKeyValue", queryKeyNorm: false, window: qwenWindow(folder) };
    case "qwen3":
      // Where none is set, transformers has 128.
      return { headSize: headSize ?? 128, bias, queryKeyNorm: true, window: qwenWindow(folder) };
    default:
      return { headSize, bias, queryKeyNorm: false, window: undefined };
  }
}

/** A window in every layer. */
export function plainWindow({ sliding_window: size }: FrameFolder): RotaryDecoderConfig["window"] {
  return size ? { size, from: 0 } : undefined;
}

/** A window in the later layers. */
export function qwenWindow(folder: FrameFolder): RotaryDecoderConfig["window"] {
  const { sliding_window: size, layer_types: types, num_hidden_layers: layers } = folder;
  if (!size || !folder.use_sliding_window) return undefined;
  const from = types ? types.indexOf("sliding_attention") : (folder.max_window_layers ?? 28);
  if (from === -1 || from >= layers) return undefined;
  if (types?.slice(from).includes("full_attention")) {
    throw new Error(
      `config.json: expected \`layer_types\` with a window in every layer after the first one. Received ${types.join(", ")}.`,
    );
  }
  return { size, from };
}

/** The frame's part of config.json. */
export function frameToFolder(config: RotaryDecoderConfig): FolderConfig {
  return {
    vocab_size: config.vocabulary,
    hidden_size: config.width,
    intermediate_size: config.hidden,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    num_key_value_heads: config.keyValueHeads ?? config.heads,
    // Qwen3 has a default of its own.
    ...((config.headSize || config.queryKeyNorm) && { head_dim: config.headSize ?? config.width / config.heads }),
    hidden_act: folderActivation(config.activation),
    max_position_embeddings: config.context,
    rms_norm_eps: config.epsilon,
    initializer_range: 0.02,
    ...(config.dropout > 0 && { resid_pdrop: config.dropout }),
    attention_dropout: config.attentionDropout,
    tie_word_embeddings: config.tied,
    use_cache: true,
    ...rotaryToFolder({ rotaryBase: config.rotaryBase, rotaryScaling: config.rotaryScaling }),
    ...folderTokens(config.specialTokens),
  };
}

/** The windows of Qwen's configurations. */
export function qwenWindowToFolder({ window, layers }: RotaryDecoderConfig): FolderConfig {
  return {
    use_sliding_window: window !== undefined,
    sliding_window: window?.size ?? null,
    max_window_layers: window?.from ?? layers,
  };
}

export const llamaFamily: PretrainedFamily<Llama> = {
  modelTypes: ["llama", "mistral", "qwen2", "qwen3"],
  owns: (model): model is Llama => model instanceof Llama,

  build(config, { random }) {
    const folder = parseFolderConfig(LlamaFolder, config, "Llama and its kin");
    const frame = frameFrom(folder, traitsOf(folder));
    return new Llama({ ...frame, family: "llama", feedForwardBias: folder.mlp_bias }, random);
  },

  /** The kind with what the model has: norms of queries are Qwen3's, biases Qwen2's, windows Mistral's. */
  describe({ config }) {
    const { bias, queryKeyNorm, window, feedForwardBias } = config;
    const frame = frameToFolder(config);
    if (queryKeyNorm && bias !== "queryKeyValue" && !feedForwardBias) {
      const own = { ...qwenWindowToFolder(config), attention_bias: bias === "all" };
      return { architectures: ["Qwen3ForCausalLM"], model_type: "qwen3", ...frame, ...own };
    }
    if (!queryKeyNorm && bias === "queryKeyValue" && !feedForwardBias) {
      return { architectures: ["Qwen2ForCausalLM"], model_type: "qwen2", ...frame, ...qwenWindowToFolder(config) };
    }
    if (!queryKeyNorm && bias === "none" && window?.from === 0 && !feedForwardBias) {
      return { architectures: ["MistralForCausalLM"], model_type: "mistral", ...frame, sliding_window: window.size };
    }
    if (!queryKeyNorm && bias !== "queryKeyValue" && !window) {
      const own = { attention_bias: bias === "all", mlp_bias: feedForwardBias };
      return { architectures: ["LlamaForCausalLM"], model_type: "llama", ...frame, ...own };
    }
    throw new Error(
      "savePretrained: expected what one of Llama, Mistral, Qwen2 and Qwen3 has. Received a model with " +
        `${JSON.stringify({ bias, queryKeyNorm, window, feedForwardBias })}, which is none of them.`,
    );
  },

  tensors: (model) => frameTensors(model, (layer) => gatedTensors(model.config.feedForwardBias, layer)),

  prefix: "model.",
  // Angles that old folders carry, and the tied head that some write twice.
  ignored: [/rotary_emb\.inv_freq$/, /^lm_head\.weight$/],
};

function gatedTensors(bias: boolean, layer: number): StoredTensor[] {
  return ["gate", "up", "down"].flatMap((name) =>
    parts(`model.layers.${layer}.mlp.${name}_proj`, `blocks.${layer}.feedForward.${name}`, bias),
  );
}

/** Every tensor of a decoder on this frame, with those of each layer's feed-forward part. */
export function frameTensors(
  model: RotaryDecoder,
  feedForward: (layer: number) => readonly StoredTensor[],
): StoredTensor[] {
  const { bias, queryKeyNorm } = model.config;
  const blocks = model.blocks.flatMap((_, layer) => {
    const [here, there] = [`model.layers.${layer}`, `blocks.${layer}`];
    const attention = Object.entries({ q: "query", k: "key", v: "value", o: "output" }).flatMap(([letter, name]) => {
      const biased = bias === "all" || (bias === "queryKeyValue" && name !== "output");
      return parts(`${here}.self_attn.${letter}_proj`, `${there}.attention.${name}`, biased);
    });
    const norms = queryKeyNorm
      ? [
          ...parts(`${here}.self_attn.q_norm`, `${there}.attention.queryNorm`),
          ...parts(`${here}.self_attn.k_norm`, `${there}.attention.keyNorm`),
        ]
      : [];
    return [
      ...parts(`${here}.input_layernorm`, `${there}.attentionNorm`),
      ...attention,
      ...norms,
      ...parts(`${here}.post_attention_layernorm`, `${there}.feedForwardNorm`),
      ...feedForward(layer),
    ];
  });
  const output = model.output ? parts("lm_head", "output") : [];
  return [...parts("model.embed_tokens", "tokens"), ...blocks, ...parts("model.norm", "norm"), ...output];
}

/** A layer's weight, and its bias if it has one. */
export function parts(name: string, path: string, bias = false): StoredTensor[] {
  const kinds = bias ? ["weight", "bias"] : ["weight"];
  return kinds.map((kind) => ({ name: `${name}.${kind}`, parameters: [`${path}.${kind}`] }));
}
