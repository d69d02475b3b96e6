export { documentMask, documentPositions } from "./documents.ts";
export { fromLayersModel, type LayersModelLike, type TrainableLayersModel } from "./layers-model.ts";
export { type ContrastiveLossOptions, contrastiveLoss } from "./losses/contrastive.ts";
export { type CrossEntropyOptions, crossEntropy } from "./losses/cross-entropy.ts";
export { type MaskedTokens, type MaskingOptions, maskTokens } from "./losses/masking.ts";
export { mixedLoss, type Objective } from "./losses/mixed.ts";
export { binaryCrossEntropy, huber, klDivergence, meanAbsoluteError, meanSquaredError } from "./losses/other.ts";
export { type PreferenceLossOptions, type PreferencePair, preferenceLoss } from "./losses/preference.ts";
export { type Spans, sequenceLogProbabilities, spanLoss, type TokenLossOptions, tokenLoss } from "./losses/tokens.ts";
export {
  OptimizerConfig,
  optimizerFrom,
  ScheduleConfig,
  scheduleFrom,
  type TrainingLength,
} from "./optimizer-config.ts";
export {
  adadelta,
  adafactor,
  adagrad,
  adam,
  adamw,
  lamb,
  lion,
  type MuonConfiguration,
  momentum,
  muon,
  nadam,
  nesterov,
  rmsprop,
  scaleByLearningRate,
  sgd,
} from "./optimizers.ts";
export type { Checkpointing, LossContext, LossParts, TrainOptions, Validation } from "./options.ts";
export { partition } from "./partition.ts";
export {
  constant,
  cosine,
  exponential,
  type LearningRate,
  type OneCycleOptions,
  oneCycle,
  type PlateauOptions,
  plateau,
  type Schedule,
  type StableDecayOptions,
  stableDecay,
  stepDecay,
  warmUp,
} from "./schedules.ts";
export type { Step } from "./step.ts";
export { type StepLog, stepLog } from "./step-log.ts";
export { type TensorBoard, tensorBoard } from "./tensorboard.ts";
export {
  ignored,
  type LabelOptions,
  nextTokenLabels,
  shiftRight,
  type TokenBatch,
  type TokenBatchOptions,
  type TokenExample,
  tokenBatch,
} from "./token-batch.ts";
export { train } from "./train.ts";
export {
  chain,
  type NamedTensors,
  stateless,
  type TensorTree,
  type Transform,
  type TransformContext,
} from "./transform.ts";
export {
  scaleByAdadelta,
  scaleByAdagrad,
  scaleByAdam,
  scaleByLion,
  scaleByNadam,
  scaleByRms,
} from "./transforms/adaptive.ts";
export { clipByGlobalNorm, clipByValue } from "./transforms/clip.ts";
export { scaleByFactoredRms, scaleByParameterRms } from "./transforms/factored.ts";
export { type MuonOptions, scaleByMuon } from "./transforms/muon.ts";
export {
  decayWeights,
  hiddenMatrices,
  layerwiseDecay,
  matricesOnly,
  type ParameterFilter,
  type RateOf,
  scaleByParameter,
  scaleByTrustRatio,
  trace,
} from "./transforms/weights.ts";
