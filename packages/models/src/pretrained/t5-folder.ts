import { z } from "zod";
import { T5, T5Config } from "../t5.ts";
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

/** transformers' `T5Config`. */
const FolderConfig = z.looseObject({
  vocab_size: count.default(32_128),
  d_model: count.default(512),
  d_kv: count.default(64),
  d_ff: count.default(2048),
  num_layers: count.default(6),
  num_decoder_layers: count.optional(),
  num_heads: count.default(8),
  relative_attention_num_buckets: count.default(32),
  relative_attention_max_distance: count.default(128),
  dropout_rate: z.number().min(0).lt(1).default(0.1),
  layer_norm_epsilon: z.number().positive().default(1e-6),
  feed_forward_proj: z.string().default("relu"),
  tie_word_embeddings: z.boolean().default(true),
  scale_decoder_outputs: z.boolean().optional(),
  decoder_start_token_id: z.int().nonnegative().default(0),
  ...folderTokenFields,
  eos_token_id: folderTokenFields.eos_token_id.default(1),
  pad_token_id: folderTokenFields.pad_token_id.default(0),
});

export const t5Family: PretrainedFamily<T5> = {
  modelTypes: ["t5"],
  owns: (model): model is T5 => model instanceof T5,

  build(config, { random }) {
    const folder = parseFolderConfig(FolderConfig, config, "T5");
    return new T5(
      T5Config.parse({
        family: "t5",
        vocabulary: folder.vocab_size,
        encoderLayers: folder.num_layers,
        decoderLayers: folder.num_decoder_layers ?? folder.num_layers,
        heads: folder.num_heads,
        headSize: folder.d_kv,
        width: folder.d_model,
        hidden: folder.d_ff,
        ...feedForwardFrom(folder.feed_forward_proj),
        // transformers 5 writes `tie_word_embeddings` true for version 1.1 too, and says by the other what is meant.
        tiedOutput: folder.scale_decoder_outputs ?? folder.tie_word_embeddings,
        buckets: folder.relative_attention_num_buckets,
        distance: folder.relative_attention_max_distance,
        dropout: folder.dropout_rate,
        attentionDropout: folder.dropout_rate,
        epsilon: folder.layer_norm_epsilon,
        specialTokens: specialTokensFrom(folder),
        start: folder.decoder_start_token_id,
      }),
      random,
    );
  },

  describe({ config }) {
    return {
      architectures: ["T5ForConditionalGeneration"],
      model_type: "t5",
      is_encoder_decoder: true,
      vocab_size: config.vocabulary,
      d_model: config.width,
      d_kv: config.headSize,
      d_ff: config.hidden,
      num_layers: config.encoderLayers,
      num_decoder_layers: config.decoderLayers,
      num_heads: config.heads,
      relative_attention_num_buckets: config.buckets,
      relative_attention_max_distance: config.distance,
      dropout_rate: config.dropout,
      layer_norm_epsilon: config.epsilon,
      feed_forward_proj: feedForwardName(config),
      tie_word_embeddings: config.tiedOutput,
      decoder_start_token_id: config.start,
      ...folderTokens(config.specialTokens),
    };
  },

  tensors: (model) => [
    { name: "shared.weight", parameters: ["tokens.weight"] },
    ...stack("encoder", model),
    ...stack("decoder", model),
    ...(model.output ? [{ name: "lm_head.weight", parameters: ["output.weight"] }] : []),
  ],

  // Embeddings and a tied head that some folders write again, and a bias that the first checkpoints have and nothing uses.
  ignored: [
    /^(encoder|decoder)\.embed_tokens\.weight$/,
    /^lm_head\.weight$/,
    /^decoder\.block\.0\.layer\.1\.EncDecAttention\.relative_attention_bias\.weight$/,
  ],
};

/** "relu" or "gated-gelu", which means the approximation by tanh. */
function feedForwardFrom(name: string): Pick<T5Config, "activation" | "gated"> {
  const gated = name.startsWith("gated-");
  const activation = gated ? name.slice("gated-".length) : name;
  return { gated, activation: FolderActivation.parse(name === "gated-gelu" ? "gelu_new" : activation) };
}

function feedForwardName({ activation, gated }: T5Config): string {
  if (!gated) return folderActivation(activation);
  if (activation === "gelu") {
    throw new Error('Expected a gated T5 with "geluTanh", all that its folders can say. Received "gelu".');
  }
  return activation === "geluTanh" ? "gated-gelu" : `gated-${folderActivation(activation)}`;
}

function stack(side: "encoder" | "decoder", model: T5): StoredTensor[] {
  return [
    weight(`${side}.block.0.layer.0.SelfAttention.relative_attention_bias`, `${side}.bias`),
    ...model[side].blocks.flatMap((_, index) => {
      const [there, here] = [`${side}.block.${index}.layer`, `${side}.blocks.${index}`];
      const last = side === "encoder" ? 1 : 2;
      const projections = model.config.gated ? ["gate", "up"] : ["up"];
      return [
        ...attention(`${there}.0.SelfAttention`, `${here}.attention`),
        weight(`${there}.0.layer_norm`, `${here}.attentionNorm`),
        ...(side === "encoder"
          ? []
          : [
              ...attention(`${there}.1.EncDecAttention`, `${here}.crossAttention`),
              weight(`${there}.1.layer_norm`, `${here}.crossAttentionNorm`),
            ]),
        ...projections.map((name, place) => {
          const wi = model.config.gated ? `wi_${place}` : "wi";
          return weight(`${there}.${last}.DenseReluDense.${wi}`, `${here}.feedForward.${name}`);
        }),
        weight(`${there}.${last}.DenseReluDense.wo`, `${here}.feedForward.down`),
        weight(`${there}.${last}.layer_norm`, `${here}.feedForwardNorm`),
      ];
    }),
    weight(`${side}.final_layer_norm`, `${side}.norm`),
  ];
}

function attention(name: string, path: string): StoredTensor[] {
  return [
    weight(`${name}.q`, `${path}.query`),
    weight(`${name}.k`, `${path}.key`),
    weight(`${name}.v`, `${path}.value`),
    weight(`${name}.o`, `${path}.output`),
  ];
}

function weight(name: string, path: string): StoredTensor {
  return { name: `${name}.weight`, parameters: [`${path}.weight`] };
}
