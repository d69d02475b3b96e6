export { type AdditiveMetric, observeAll, StatisticsTable } from "./additive.ts";
export {
  type AnswerExample,
  type AnswersEvaluation,
  type AnswersOptions,
  type AskedQuestion,
  evaluateAnswers,
  type Place,
  type Threshold,
} from "./answers.ts";
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
export {
  approximateRandomisationTest,
  type CorpusComparison,
  type CorpusTestOptions,
  pairedBootstrapTest,
} from "./corpus-significance.ts";
export {
  type ContaminationNote,
  contamination,
  type FewShotOptions,
  fewShotPrompts,
  type Shot,
} from "./few-shot.ts";
export { type BaselineVerdict, type JudgeOptions, judgeBaselines } from "./judge.ts";
export {
  evaluateLanguageModel,
  type LanguageModelEvaluation,
  type LanguageModelOptions,
  type LikelihoodExample,
  type WindowNote,
} from "./language-model.ts";
export type { Metric } from "./metric.ts";
export {
  type AnsweredQuestion,
  type AnswerRule,
  answerF1,
  answerRules,
  answerScores,
  exactMatch,
  mixedSegmentation,
  normalizeAnswer,
} from "./metrics/answers.ts";
export {
  type BleuOptions,
  type BleuScore,
  type BleuSmoothing,
  bleu,
  corpusBleu,
  sentenceBleu,
} from "./metrics/bleu.ts";
export { type ChrfOptions, type ChrfScore, chrf, corpusChrf, sentenceChrf } from "./metrics/chrf.ts";
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
  bitsPerByte,
  bitsPerCharacter,
  perplexity,
  type ScoredText,
  type SlidingWindow,
  scoredText,
  slidingWindows,
  tokenLoss,
  wordPerplexity,
} from "./metrics/likelihood.ts";
export {
  coverageError,
  hammingLoss,
  labelNdcg,
  labelRankingAveragePrecision,
  type ScoredLabels,
  sampleJaccard,
} from "./metrics/multilabel.ts";
export {
  type ChoiceRule,
  choiceAccuracy,
  type GeneratedAnswer,
  type GenerationMatchOptions,
  generationMatch,
  likeliestChoice,
  type MultipleChoice,
} from "./metrics/multiple-choice.ts";
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
export {
  meanAveragePrecision,
  mrrAt,
  ndcgAt,
  precisionAt,
  type RetrievedQuery,
  recallAt,
} from "./metrics/retrieval.ts";
export {
  type AggregatedRouge,
  aggregateRouge,
  type RougeOptions,
  type RougeScore,
  type RougeType,
  rouge,
  rougeScore,
} from "./metrics/rouge.ts";
export {
  type Span,
  type SpanScore,
  type SpanScoreOptions,
  spanF1,
  spansOf,
  type TaggedText,
  type TagScheme,
  tagSchemes,
} from "./metrics/spans.ts";
export { corpusTer, sentenceTer, type TerOptions, type TerScore, ter } from "./metrics/ter.ts";
export { type ReferenceCount, segmentsOf, type TranslatedSegment } from "./metrics/translation.ts";
export {
  type TercomOptions,
  type TranslationTokenizer,
  tokenizeTercom,
  tokenizeTranslation,
  translationTokenizers,
} from "./metrics/translation-tokenizers.ts";
export {
  alignSequences,
  alignTexts,
  characterErrorRate,
  countErrors,
  type EditRun,
  type ErrorCounts,
  type ErrorRates,
  type Transcribed,
  wordErrorRate,
} from "./metrics/word-errors.ts";
export {
  evaluateMultipleChoice,
  type MultipleChoiceEvaluation,
  type MultipleChoiceOptions,
} from "./multiple-choice.ts";
export { evaluateRegression, type RegressionEvaluation, type RegressionOptions } from "./regression.ts";
export type { AttentionMap } from "./report/attention-maps.ts";
export {
  type LanguageEvaluation,
  type LanguageReportInput,
  type RivalSystem,
  renderLanguageReport,
  type ScoredComparison,
} from "./report/language-report.ts";
export { type ReportInput, renderReport } from "./report/report.ts";
export { evaluateRetrieval, type RetrievalEvaluation, type RetrievalOptions } from "./retrieval.ts";
export { approximateRandomisation, type Comparison, mcnemar, pairedBootstrap } from "./significance.ts";
export { term } from "./terms.ts";
export {
  compareTranslations,
  evaluateTranslation,
  type TranslationComparisonOptions,
  type TranslationEvaluation,
  type TranslationExample,
  type TranslationOptions,
} from "./translation.ts";
