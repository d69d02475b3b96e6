/** Every text of the report, in both languages with the same keys. */
const en = {
  report: "Evaluation",
  examples: "test examples",
  verdict_no: "The model is worth it: {0} percentage points more accurate than the best simple algorithm, {1} ({2}).",
  verdict_yes: "A simple algorithm does better: {1} is {0} percentage points more accurate ({2}).",
  verdict_undecided: "A simple algorithm may do: the model and {1} cannot be told apart ({2}).",
  test: "McNemar's exact test on the {0} examples that both predicted.",
  scores: "Scores",
  scoresHint: "With 95 % intervals from {0} bootstrap resamples. Hover a name for what exactly it is.",
  baselines: "Would a simple algorithm do?",
  baselinesHint: "The same training and test parts, classical algorithms.",
  model: "this model",
  algorithm: "algorithm",
  accuracy: "accuracy",
  seconds: "seconds",
  note: "note",
  confusion: "Confusion matrix",
  confusionHint: "Rows: what it is. Columns: what the model says.",
  is: "is",
  predicted: "predicted",
  curves: "ROC and precision-recall",
  curvesHint: "Each class against all others.",
  falsePositive: "false-positive rate",
  truePositive: "true-positive rate",
  recall: "recall",
  precision: "precision",
  calibration: "Calibration",
  calibrationHint: "On the diagonal, 80 % sure means right 80 % of the time. Bars: how many examples. ECE {0}.",
  confidence: "confidence",
  right: "right",
  perClass: "Per class",
  class: "class",
  support: "examples",
  worst: "Worst examples",
  worstHint: "Greatest loss first.",
  truth: "probability of the truth {0}",
  facts: "The run",
} as const;

export type ReportText = Readonly<Record<keyof typeof en, string>>;
export type ReportLanguage = "en" | "zh";

const zh: ReportText = {
  report: "评估报告",
  examples: "个测试样本",
  verdict_no: "这个模型物有所值：比最好的简单算法（{1}）准确率高 {0} 个百分点（{2}）。",
  verdict_yes: "简单算法更好：{1} 的准确率高出 {0} 个百分点（{2}）。",
  verdict_undecided: "简单算法或许就够了：模型与 {1} 难分高下（{2}）。",
  test: "对双方共同预测的 {0} 个样本做 McNemar 精确检验。",
  scores: "得分",
  scoresHint: "95% 区间来自 {0} 次自助重采样；悬停在名称上可查看确切定义。",
  baselines: "简单算法够用吗？",
  baselinesHint: "在相同的训练集与测试集上运行的经典算法。",
  model: "本模型",
  algorithm: "算法",
  accuracy: "准确率",
  seconds: "秒",
  note: "说明",
  confusion: "混淆矩阵",
  confusionHint: "行：真实类别；列：模型的判断。",
  is: "真实",
  predicted: "预测",
  curves: "ROC 与精确率-召回率曲线",
  curvesHint: "每个类别相对于其余所有类别。",
  falsePositive: "假阳性率",
  truePositive: "真阳性率",
  recall: "召回率",
  precision: "精确率",
  calibration: "校准",
  calibrationHint: "落在对角线上：八成把握时，确有八成正确。柱：样本数。ECE {0}。",
  confidence: "置信度",
  right: "正确率",
  perClass: "各类别",
  class: "类别",
  support: "样本数",
  worst: "最严重的错误",
  worstHint: "损失从大到小。",
  truth: "真实类别的概率 {0}",
  facts: "运行信息",
};

export function reportText(language: ReportLanguage): ReportText {
  return language === "zh" ? zh : en;
}

/** `{0}`, `{1}` … filled in. */
export function fill(template: string, ...values: readonly (string | number)[]): string {
  return template.replace(/\{(\d)\}/g, (_, index) => String(values[Number(index)] ?? ""));
}
