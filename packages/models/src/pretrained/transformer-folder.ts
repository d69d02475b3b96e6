import { z } from "zod";
import { Transformer, TransformerConfig } from "../transformer.ts";
import {
  FolderActivation,
  folderActivation,
  folderTokenFields,
  folderTokens,
  parseFolderConfig,
  specialTokensFrom,
} from "./config.ts";
import type { PretrainedFamily, StoredTensor } from "./family.ts";

const count = z.int().positive();
const share = z.number().min(0).lt(1);

/**
 * transformers' `MarianConfig`, whose network is the original Transformer (Junczys-Dowmunt et al. 2018). What Marian cannot be
 * (`nacre_…`) lies under a model type of our own, which Python does not open.
 */
const FolderConfig = z.looseObject({
  vocab_size: count.default(58_101),
  decoder_vocab_size: count.optional(),
  max_position_embeddings: count.default(1024),
  encoder_layers: count.default(12),
  decoder_layers: count.default(12),
  encoder_attention_heads: count.default(16),
  decoder_attention_heads: count.default(16),
  encoder_ffn_dim: count.default(4096),
  decoder_ffn_dim: count.default(4096),
  d_model: count.default(1024),
  activation_function: FolderActivation.default("gelu"),
  dropout: share.default(0.1),
  attention_dropout: share.default(0),
  activation_dropout: z.literal(0).default(0),
  scale_embedding: z.boolean().default(false),
  share_encoder_decoder_embeddings: z.boolean().default(true),
  tie_word_embeddings: z.boolean().default(true),
  decoder_start_token_id: z.int().nonnegative().default(58_100),
  nacre_normalize: z.enum(["after", "before"]).default("after"),
  nacre_positions: z.enum(["halves", "interleaved"]).default("halves"),
  nacre_epsilon: z.number().positive().default(1e-5),
  nacre_output_bias: z.boolean().default(true),
  ...folderTokenFields,
  eos_token_id: folderTokenFields.eos_token_id.default(0),
  pad_token_id: folderTokenFields.pad_token_id.default(58_100),
});

const own = "nacre_transformer";

export const transformerFamily: PretrainedFamily<Transformer> = {
  modelTypes: ["marian", own],
  owns: (model): model is Transformer => model instanceof Transformer,

  build(config, { random }) {
    const folder = parseFolderConfig(FolderConfig, config, "the Transformer");
    return new Transformer(
      TransformerConfig.parse({
        family: "transformer",
        vocabulary: folder.vocab_size,
        targetVocabulary: folder.share_encoder_decoder_embeddings
          ? undefined
          : (folder.decoder_vocab_size ?? folder.vocab_size),
        context: folder.max_position_embeddings,
        encoderLayers: folder.encoder_layers,
        decoderLayers: folder.decoder_layers,
        heads: folder.encoder_attention_heads,
        decoderHeads: folder.decoder_attention_heads,
        width: folder.d_model,
        hidden: folder.encoder_ffn_dim,
        decoderHidden: folder.decoder_ffn_dim,
        activation: folder.activation_function,
        normalize: folder.nacre_normalize,
        positions: folder.nacre_positions,
        epsilon: folder.nacre_epsilon,
        tiedOutput: folder.tie_word_embeddings,
        outputBias: folder.nacre_output_bias,
        scaleEmbedding: folder.scale_embedding,
        dropout: folder.dropout,
        attentionDropout: folder.attention_dropout,
        specialTokens: specialTokensFrom(folder),
        start: folder.decoder_start_token_id,
      }),
      random,
    );
  },

  describe({ config }) {
    const { normalize, positions, epsilon } = config;
    const marian = normalize === "after" && positions === "halves" && epsilon === 1e-5;
    return {
      architectures: [marian ? "MarianMTModel" : "NacreTransformer"],
      model_type: marian ? "marian" : own,
      ...(!marian && { nacre_normalize: normalize, nacre_positions: positions, nacre_epsilon: epsilon }),
      is_encoder_decoder: true,
      vocab_size: config.vocabulary,
      decoder_vocab_size: config.targetVocabulary ?? config.vocabulary,
      max_position_embeddings: config.context,
      encoder_layers: config.encoderLayers,
      decoder_layers: config.decoderLayers,
      encoder_attention_heads: config.heads,
      decoder_attention_heads: config.decoderHeads ?? config.heads,
      encoder_ffn_dim: config.hidden,
      decoder_ffn_dim: config.decoderHidden ?? config.hidden,
      d_model: config.width,
      activation_function: folderActivation(config.activation),
      dropout: config.dropout,
      attention_dropout: config.attentionDropout,
      activation_dropout: 0,
      ...(!config.outputBias && { nacre_output_bias: false }),
      scale_embedding: config.scaleEmbedding,
      share_encoder_decoder_embeddings: config.targetVocabulary === undefined,
      tie_word_embeddings: config.tiedOutput,
      decoder_start_token_id: config.start,
      forced_eos_token_id: null,
      ...folderTokens(config.specialTokens),
    };
  },

  tensors(model) {
    const shared = model.target === model.source;
    return [
      { name: shared ? "model.shared.weight" : "model.encoder.embed_tokens.weight", parameters: ["source.weight"] },
      ...(shared ? [] : [{ name: "model.decoder.embed_tokens.weight", parameters: ["target.weight"] }]),
      ...model.encoder.flatMap((_, layer) => blockTensors("encoder", layer)),
      ...model.decoder.flatMap((_, layer) => blockTensors("decoder", layer)),
      ...(model.encoderNorm ? both("model.encoder.layer_norm", "encoderNorm") : []),
      ...(model.decoderNorm ? both("model.decoder.layer_norm", "decoderNorm") : []),
      ...(model.output ? [{ name: "lm_head.weight", parameters: ["output.weight"] }] : []),
      ...(model.outputBias ? [{ name: "final_logits_bias", parameters: ["outputBias"] }] : []),
    ];
  },

  // Tables of positions, which are computed, and embeddings and a tied head that some folders write again; Python adds biases of
  // 0 to the folders of models that have none.
  ignored: [
    /\.embed_positions\.weight$/,
    /^model\.(encoder|decoder)\.embed_tokens\.weight$/,
    /^lm_head\.weight$/,
    /^final_logits_bias$/,
  ],
};

function blockTensors(side: "encoder" | "decoder", layer: number): StoredTensor[] {
  const [there, here] = [`model.${side}.layers.${layer}`, `${side}.${layer}`];
  return [
    ...attention(`${there}.self_attn`, `${here}.attention`),
    ...both(`${there}.self_attn_layer_norm`, `${here}.attentionNorm`),
    ...(side === "encoder"
      ? []
      : [
          ...attention(`${there}.encoder_attn`, `${here}.crossAttention`),
          ...both(`${there}.encoder_attn_layer_norm`, `${here}.crossAttentionNorm`),
        ]),
    ...both(`${there}.fc1`, `${here}.feedForward.up`),
    ...both(`${there}.fc2`, `${here}.feedForward.down`),
    ...both(`${there}.final_layer_norm`, `${here}.feedForwardNorm`),
  ];
}

function attention(name: string, path: string): StoredTensor[] {
  return [
    ...both(`${name}.q_proj`, `${path}.query`),
    ...both(`${name}.k_proj`, `${path}.key`),
    ...both(`${name}.v_proj`, `${path}.value`),
    ...both(`${name}.out_proj`, `${path}.output`),
  ];
}

/** Weight and bias of a layer. */
function both(name: string, path: string): StoredTensor[] {
  return ["weight", "bias"].map((part) => ({ name: `${name}.${part}`, parameters: [`${path}.${part}`] }));
}
