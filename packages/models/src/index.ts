export { Activation, ActivationName, activation, initializerFor } from "./activations.ts";
export {
  AdapterConfig,
  adaptersOf,
  attachAdapters,
  mergeAdapters,
  quantizeBase,
  removeAdapters,
  unmergeAdapters,
  withoutAdapters,
} from "./adapters/attach.ts";
export { LowRank, type LowRankOptions } from "./adapters/low-rank.ts";
export { loadAdapters, type SaveAdaptersOptions, saveAdapters } from "./adapters/peft.ts";
export { BatchNorm, type BatchNormOptions } from "./batch-norm.ts";
export { Bert, BertConfig, bertBase, bertLarge, bertMini } from "./bert.ts";
export { buildClassifier, type Classifier, ClassifierConfig } from "./classifier.ts";
export type { ClassifierShape } from "./classifier-shape.ts";
export {
  Conv1d,
  Conv2d,
  type ConvolutionOptions,
  DepthwiseConv2d,
  type DepthwiseConvolutionOptions,
  type Padding,
} from "./convolution.ts";
export { crossAttention } from "./cross-attention.ts";
export { Dense, type DenseAdapter, type DenseOptions } from "./dense.ts";
export { Dropout } from "./dropout.ts";
export { Embedding, type EmbeddingOptions } from "./embedding.ts";
export type { Encoder, EncoderContext } from "./encoder.ts";
export {
  type ClassifierHeadOptions,
  type MaskedLanguageContext,
  MaskedLanguageModel,
  SequenceClassifier,
  SpanClassifier,
  TokenClassifier,
} from "./encoder-heads.ts";
export { Flatten } from "./flatten.ts";
export {
  causalDecoder,
  type GenerativeModel,
} from "./generation/causal-decoder.ts";
export {
  GenerationConfig,
  type GenerationConfigInput,
  readGenerationConfig,
} from "./generation/config.ts";
export { jsonSchemaConstraint, regexConstraint } from "./generation/constraint/constraints.ts";
export type { JsonSchemaOptions } from "./generation/constraint/json-schema.ts";
export type { WhiteSpace } from "./generation/constraint/json-text.ts";
export type { RegexSource } from "./generation/constraint/regex.ts";
export type { JsonSchema } from "./generation/constraint/schema-merge.ts";
export { TokenConstraint } from "./generation/constraint/token-constraint.ts";
export { TokenTrie } from "./generation/constraint/token-trie.ts";
export type { Decoder, DecodingSession, OpenOptions } from "./generation/decoder.ts";
export { type GenerateOptions, generate } from "./generation/generate.ts";
export { type GeneratedText, type GenerateTextOptions, generateText } from "./generation/generate-text.ts";
export type { TokenProbability } from "./generation/log-probabilities.ts";
export type { FinishReason, GenerationPiece } from "./generation/piece.ts";
export { type Score, type ScoreOptions, score, scoreContinuations } from "./generation/score.ts";
export { sequenceDecoder } from "./generation/sequence-decoder.ts";
export type { Speculation } from "./generation/speculative.ts";
export type { Decode } from "./generation/text-stream.ts";
export {
  Gpt2,
  Gpt2Config,
  gpt2ExtraLarge,
  gpt2Large,
  gpt2Medium,
  gpt2Parameters,
  gpt2Small,
  gpt3,
} from "./gpt2.ts";
export {
  constant,
  convolutionFans,
  denseFans,
  type Fans,
  gaussian,
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  type Initializer,
  lecunNormal,
  ones,
  orthogonal,
  truncatedNormal,
  zeros,
} from "./initializers.ts";
export {
  type CacheOptions,
  type CausalLanguageModel,
  isCausalLanguageModel,
  type LanguageModelContext,
  SpecialTokens,
} from "./language-model.ts";
export { type ForwardContext, inference, type Layer, through } from "./layer.ts";
export { LeNet, LeNetConfig, lenet5, lenetNormalized } from "./lenet.ts";
export { Llama, LlamaConfig, llamaParameters } from "./llama.ts";
export {
  llama2Of7B,
  llama3Of1B,
  llama3Of8B,
  mistral7B,
  qwen2Of500M,
  qwen2Of1500M,
  qwen3Of600M,
  smolLm135M,
  tinyLlama,
} from "./llama-sizes.ts";
export {
  balanceLoss,
  MixtureConfig,
  MixtureOfExperts,
  mixtral8x7B,
  mixtureParameters,
  qwen2MixtureOf14B,
  qwen3MixtureOf30B,
  SparseMixture,
  type SparseMixtureOptions,
} from "./mixture-of-experts.ts";
export { Mlp, MlpConfig, mlp } from "./mlp.ts";
export { GroupNorm, type GroupNormOptions, LayerNorm, RmsNorm } from "./normalization.ts";
export { AveragePool2d, GlobalAveragePool2d, MaxPool2d, type PoolingOptions } from "./pooling.ts";
export type { BuildOptions, FolderConfig, PretrainedFamily, StoredTensor } from "./pretrained/family.ts";
export {
  type FromPretrainedOptions,
  fromPretrained,
  fromPretrainedParts,
  languageModelFromPretrained,
  type PretrainedParts,
} from "./pretrained/read.ts";
export { saveSentenceEncoder, sentenceEncoderFromPretrained } from "./pretrained/sentence-folder.ts";
export { type SavePretrainedOptions, savePretrained } from "./pretrained/write.ts";
export { quantizeModel } from "./quantize.ts";
export { ResNet, ResNetConfig, resnet8, resnet20 } from "./resnet.ts";
export { Roberta, RobertaConfig, robertaBase, robertaLarge } from "./roberta.ts";
export { type EmbedOptions, SentenceEncoder, type SentenceEncoderOptions } from "./sentence-encoder.ts";
export { normalizeRows, poolSentences, SentencePooling } from "./sentence-pooling.ts";
export {
  type DecodeContext,
  type EncodeContext,
  isSequenceToSequenceModel,
  type SequenceToSequenceContext,
  type SequenceToSequenceModel,
  shiftRight,
} from "./sequence-to-sequence.ts";
export { Sequential } from "./sequential.ts";
export { settle } from "./settle.ts";
export { describeModel, type LayerSummary, type SummarizeOptions, summarize } from "./summary.ts";
export { T5, T5Config, t5Base, t5Small, t5v11Base, t5v11Small } from "./t5.ts";
export {
  type AttentionContext,
  MultiHeadAttention,
  type MultiHeadAttentionOptions,
  type ObserveAttention,
} from "./transformer/attention.ts";
export {
  type BlockContext,
  TransformerBlock,
  type TransformerBlockOptions,
  type TransformerBlockParts,
} from "./transformer/block.ts";
export { FeedForward, type FeedForwardOptions, GatedFeedForward } from "./transformer/feed-forward.ts";
export { type KeysAndValues, KeyValueCache, type KeyValueCacheOptions } from "./transformer/key-value-cache.ts";
export { bandMask, type CausalMaskOptions, causalMasks, maskedPositions, paddingMask } from "./transformer/masks.ts";
export {
  type RelativeBuckets,
  RelativePositionBias,
  type RelativePositionBiasOptions,
  relativeBucket,
} from "./transformer/relative-position-bias.ts";
export {
  type RotaryAngles,
  RotaryScaling,
  RotaryTable,
  type RotaryTableOptions,
  rotaryFrequencies,
} from "./transformer/rotary-table.ts";
export { type SinusoidOrder, sinusoidalPositions } from "./transformer/sinusoidal-positions.ts";
export { Transformer, TransformerConfig, transformerBase, transformerBig, transformerSmall } from "./transformer.ts";
