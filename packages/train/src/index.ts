export { fromLayersModel, type LayersModelLike, type TrainableLayersModel } from "./layers-model.ts";
export { type CrossEntropyOptions, crossEntropy } from "./losses/cross-entropy.ts";
export { binaryCrossEntropy, huber, klDivergence, meanAbsoluteError, meanSquaredError } from "./losses/other.ts";
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
  momentum,
  nadam,
  nesterov,
  rmsprop,
  scaleByLearningRate,
  sgd,
} from "./optimizers.ts";
export type { Checkpointing, LossContext, TrainOptions, Validation } from "./options.ts";
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
  stepDecay,
  warmUp,
} from "./schedules.ts";
export type { Step } from "./step.ts";
export { type StepLog, stepLog } from "./step-log.ts";
export { type TensorBoard, tensorBoard } from "./tensorboard.ts";
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
export { decayWeights, matricesOnly, type ParameterFilter, scaleByTrustRatio, trace } from "./transforms/weights.ts";
