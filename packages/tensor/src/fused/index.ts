/** Operations that a backend may compute in one kernel. Each has a way with plain operations, and a gradient either way. */
export { type FusedActivation, fusedActivations, gelu, silu, swiglu } from "./activations.ts";
export { type AttentionOptions, attention, type RotaryOptions, rotary } from "./attention.ts";
export { type ConvolutionOptions, convolution } from "./convolution.ts";
export { type SoftmaxCrossEntropyOptions, softmaxCrossEntropy } from "./cross-entropy.ts";
export { type DropoutOptions, dropout } from "./dropout.ts";
export { type LinearOptions, linear } from "./linear.ts";
export { batchNormTraining, groupNorm, layerNorm, rmsNorm } from "./normalization.ts";
export {
  type AdamStepOptions,
  adamStep,
  globalNorm,
  type LionStepOptions,
  lionStep,
  type SgdStepOptions,
  type StepOptions,
  sgdStep,
  updatesInPlace,
} from "./optimizers.ts";
export { orthogonalize } from "./orthogonalize.ts";
export { dequantize, type QuantizedWeights, quantizedMatMul, quantizedRows, quantizeWeights } from "./quantized.ts";
export { quantizedLinear } from "./quantized-linear.ts";
export {
  type AttentionParts,
  type AttentionPlace,
  attentionResidual,
  type FeedForwardParts,
  feedForwardResidual,
  hasResidualParts,
  type KeyValueRows,
  type Normalization,
  type Projection,
} from "./residual-parts.ts";
