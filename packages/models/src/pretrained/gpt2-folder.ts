import { z } from "zod";
import { Gpt2, Gpt2Config } from "../gpt2.ts";
import {
  FolderActivation,
  folderActivation,
  folderTokenFields,
  folderTokens,
  parseFolderConfig,
  specialTokensFrom,
} from "./config.ts";
import type { PretrainedFamily, StoredTensor } from "./family.ts";

const dropout = z.number().min(0).lt(1);

/** transformers' `GPT2Config`. `nacre_window` is ours, under a model type of our own. */
const Gpt2Folder = z.looseObject({
  vocab_size: z.int().positive().default(50_257),
  n_positions: z.int().positive().default(1024),
  n_layer: z.int().positive().default(12),
  n_head: z.int().positive().default(12),
  n_embd: z.int().positive().default(768),
  n_inner: z.int().positive().optional(),
  activation_function: FolderActivation.default("geluTanh"),
  resid_pdrop: dropout.default(0.1),
  embd_pdrop: dropout.default(0.1),
  attn_pdrop: dropout.default(0.1),
  layer_norm_epsilon: z.number().positive().default(1e-5),
  scale_attn_weights: z.literal(true).default(true),
  scale_attn_by_inverse_layer_idx: z.literal(false).default(false),
  add_cross_attention: z.literal(false).default(false),
  tie_word_embeddings: z.boolean().default(true),
  nacre_window: z.int().positive().optional(),
  ...folderTokenFields,
});

/** Python must not open a banded model as a dense one. */
const banded = "nacre_gpt3";

export const gpt2Family: PretrainedFamily<Gpt2> = {
  modelTypes: ["gpt2", banded],
  owns: (model): model is Gpt2 => model instanceof Gpt2,

  build(config, { random }) {
    const folder = parseFolderConfig(Gpt2Folder, config, "GPT-2");
    return new Gpt2(
      Gpt2Config.parse({
        family: "gpt2",
        vocabulary: folder.vocab_size,
        context: folder.n_positions,
        layers: folder.n_layer,
        heads: folder.n_head,
        width: folder.n_embd,
        hidden: folder.n_inner,
        activation: folder.activation_function,
        window: folder.nacre_window,
        dropout: folder.resid_pdrop,
        attentionDropout: folder.attn_pdrop,
        epsilon: folder.layer_norm_epsilon,
        tied: folder.tie_word_embeddings,
        specialTokens: specialTokensFrom(folder),
      }),
      random,
    );
  },

  describe({ config }) {
    return {
      architectures: ["GPT2LMHeadModel"],
      model_type: config.window === undefined ? "gpt2" : banded,
      vocab_size: config.vocabulary,
      n_positions: config.context,
      n_ctx: config.context,
      n_layer: config.layers,
      n_head: config.heads,
      n_embd: config.width,
      n_inner: config.hidden ?? null,
      activation_function: folderActivation(config.activation),
      resid_pdrop: config.dropout,
      embd_pdrop: config.dropout,
      attn_pdrop: config.attentionDropout,
      layer_norm_epsilon: config.epsilon,
      initializer_range: 0.02,
      scale_attn_weights: true,
      tie_word_embeddings: config.tied,
      ...(config.window !== undefined && { nacre_window: config.window }),
      ...folderTokens(config.specialTokens),
    };
  },

  tensors(model) {
    return [
      { name: "transformer.wte.weight", parameters: ["tokens.weight"] },
      { name: "transformer.wpe.weight", parameters: ["positions.weight"] },
      ...model.blocks.flatMap((_, layer) => blockTensors(layer)),
      ...both("transformer.ln_f", "norm"),
      ...(model.output ? [{ name: "lm_head.weight", parameters: ["output.weight"] }] : []),
    ];
  },

  prefix: "transformer.",
  // Causal masks that old folders carry, and the tied head that some write twice.
  ignored: [/(^|\.)h\.\d+\.attn\.(masked_)?bias$/, /^lm_head\.weight$/],
};

function blockTensors(layer: number): StoredTensor[] {
  const [here, there] = [`transformer.h.${layer}`, `blocks.${layer}`];
  const projections = ["query", "key", "value"].map((name) => `${there}.attention.${name}`);
  return [
    ...both(`${here}.ln_1`, `${there}.attentionNorm`),
    // One product for queries, keys and values, and every weight with inputs first (transformers' Conv1D).
    {
      name: `${here}.attn.c_attn.weight`,
      parameters: projections.map((projection) => `${projection}.weight`),
      transposed: true,
    },
    { name: `${here}.attn.c_attn.bias`, parameters: projections.map((projection) => `${projection}.bias`) },
    ...both(`${here}.attn.c_proj`, `${there}.attention.output`, true),
    ...both(`${here}.ln_2`, `${there}.feedForwardNorm`),
    ...both(`${here}.mlp.c_fc`, `${there}.feedForward.up`, true),
    ...both(`${here}.mlp.c_proj`, `${there}.feedForward.down`, true),
  ];
}

/** Weight and bias of a layer. */
function both(name: string, path: string, transposed = false): StoredTensor[] {
  return [
    { name: `${name}.weight`, parameters: [`${path}.weight`], transposed },
    { name: `${name}.bias`, parameters: [`${path}.bias`] },
  ];
}
