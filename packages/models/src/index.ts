export { Activation, ActivationName, activation, initializerFor } from "./activations.ts";
export { BatchNorm, type BatchNormOptions } from "./batch-norm.ts";
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
export { Dense, type DenseOptions } from "./dense.ts";
export { Dropout } from "./dropout.ts";
export { Embedding, type EmbeddingOptions } from "./embedding.ts";
export { Flatten } from "./flatten.ts";
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
export { type ForwardContext, inference, type Layer, through } from "./layer.ts";
export { LeNet, LeNetConfig, lenet5, lenetNormalized } from "./lenet.ts";
export { Mlp, MlpConfig, mlp } from "./mlp.ts";
export { GroupNorm, type GroupNormOptions, LayerNorm, RmsNorm } from "./normalization.ts";
export { AveragePool2d, GlobalAveragePool2d, MaxPool2d, type PoolingOptions } from "./pooling.ts";
export { ResNet, ResNetConfig, resnet8, resnet20 } from "./resnet.ts";
export { normalizeRows, poolSentences, SentencePooling } from "./sentence-pooling.ts";
export { Sequential } from "./sequential.ts";
export { describeModel, type LayerSummary, summarize } from "./summary.ts";
export {
  type RelativeBuckets,
  RelativePositionBias,
  type RelativePositionBiasOptions,
  relativeBucket,
} from "./transformer/relative-position-bias.ts";
export { type SinusoidOrder, sinusoidalPositions } from "./transformer/sinusoidal-positions.ts";
