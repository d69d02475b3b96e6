export { Activation, ActivationName, activation, initializerFor } from "./activations.ts";
export { BatchNorm, type BatchNormOptions } from "./batch-norm.ts";
export { buildClassifier, type Classifier, ClassifierConfig } from "./classifier.ts";
export type { ClassifierShape } from "./classifier-shape.ts";
export { Conv2d, type ConvolutionOptions, type Padding } from "./convolution.ts";
export { Dense, type DenseOptions } from "./dense.ts";
export { Dropout } from "./dropout.ts";
export { Flatten } from "./flatten.ts";
export {
  constant,
  convolutionFans,
  denseFans,
  type Fans,
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
export { type ForwardContext, inference, type Layer } from "./layer.ts";
export { LeNet, LeNetConfig, lenet5, lenetWide } from "./lenet.ts";
export { Mlp, MlpConfig, mlp } from "./mlp.ts";
export { AveragePool2d, GlobalAveragePool2d, MaxPool2d, type PoolingOptions } from "./pooling.ts";
export { Sequential } from "./sequential.ts";
