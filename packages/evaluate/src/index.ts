export { type BootstrapOptions, bootstrap, type Interval, percentiles, wilson } from "./bootstrap.ts";
export {
  type CalibrationBin,
  type ClassificationEvaluation,
  type ClassificationOptions,
  type ClassRow,
  type Curve,
  evaluateClassification,
  hits,
  type Score,
  type WorstExample,
} from "./classification.ts";
export { type BaselineVerdict, type JudgeOptions, judgeBaselines } from "./judge.ts";
export type { Metric } from "./metric.ts";
export {
  type Average,
  accuracy,
  balancedAccuracy,
  type ClassScores,
  type Confusion,
  confusionMatrix,
  type Decision,
  fScore,
  kappa,
  matthews,
  perClass,
  precision,
  recall,
} from "./metrics/confusion.ts";
export {
  brier,
  type ClassifiedExample,
  expectedCalibrationError,
  logLoss,
  mostProbable,
  topK,
} from "./metrics/probability.ts";
export {
  averagePrecision,
  precisionRecallCurve,
  type Ranked,
  type Ranking,
  rocAuc,
  rocCurve,
} from "./metrics/ranking.ts";
export {
  explainedVariance,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanSquaredError,
  medianAbsoluteError,
  type PredictedNumber,
  rootMeanSquaredError,
  rSquared,
} from "./metrics/regression.ts";
export { evaluateRegression, type RegressionEvaluation, type RegressionOptions } from "./regression.ts";
export { type ReportInput, renderReport } from "./report/report.ts";
export { approximateRandomisation, type Comparison, mcnemar, pairedBootstrap } from "./significance.ts";
export { term } from "./terms.ts";
