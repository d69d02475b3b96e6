/** What scores, algorithms, their notes and a run's facts are called in Chinese. */
const chinese: Readonly<Record<string, string>> = {
  accuracy: "准确率",
  "balanced accuracy": "平衡准确率",
  precision: "精确率",
  recall: "召回率",
  "Matthews correlation": "Matthews 相关系数",
  kappa: "Kappa 系数",
  "average precision": "平均精度",
  "log loss": "对数损失",
  Brier: "Brier 分数",
  ECE: "期望校准误差 ECE",
  "explained variance": "可解释方差",
  "median AE": "绝对误差中位数",
  majority: "多数类",
  "naive Bayes": "朴素贝叶斯",
  "logistic regression": "逻辑回归",
  "decision tree": "决策树",
  "random forest": "随机森林",
  "TF-IDF + SVM": "TF-IDF + 支持向量机",
  loss: "损失",
  perplexity: "困惑度",
  "perplexity per word": "每词困惑度",
  "bits per character": "每字符比特数",
  "bits per byte": "每字节比特数",
  "block loss": "分块损失",
  "well-formed quatrains": "合格绝句占比",
  "character bigram": "字符二元模型",
  "Kneser–Ney 5-gram": "Kneser–Ney 五元模型",
  "before fine-tuning": "微调之前",
  "pairs ranked right": "判对的答案对占比",
  "preference accuracy": "偏好准确率",
  "reward accuracy": "奖励准确率",
  "reward margin": "奖励差",
  "BM25 on translated words": "逐词翻译后的 BM25",
  "word by word": "逐词翻译（IBM 模型 1）",
  "copy of the source": "照抄原文",
  "exact match": "精确匹配",
  "sliding window": "滑动窗口",
  "log-linear model": "对数线性模型",
  "accuracy per character": "按字符归一的准确率",
  "accuracy per byte": "按字节归一的准确率",
  "accuracy by mutual information": "按互信息的准确率",
  recipe: "配方",
  seed: "随机种子",
  model: "模型",
  updates: "更新次数",
  "seconds so far": "已用秒数",
};

const patterns: readonly (readonly [RegExp, (...parts: string[]) => string])[] = [
  [/^(micro|macro|weighted) (.+)$/, (kind, name) => `${averages[kind!]}${term(name!, "zh")}`],
  [/^(recall|precision)@(\d+)$/, (name, k) => `${term(name!, "zh")}@${k}`],
  [/^top-(\d+) accuracy$/, (k) => `top-${k} 准确率`],
  [/^(\d+) nearest neighbours$/, (k) => `${k} 近邻`],
  [/^trained on (\d+) of (\d+)$/, (some, all) => `用 ${all} 条中的 ${some} 条训练`],
  [/^tested on (\d+) of (\d+)$/, (some, all) => `用 ${all} 条中的 ${some} 条测试`],
  [
    /^(.+) \((answerable|unanswerable)\)$/,
    (name, kind) => `${term(name!, "zh")}（${kind === "answerable" ? "有答案" : "无答案"}）`,
  ],
  [/^(.+), (\S+) parameters$/, (name, count) => `${name}，${count} 个参数`],
  [/^(.+), ((?:trained|tested) on .+)$/, (left, right) => `${term(left!, "zh")}，${term(right!, "zh")}`],
];

const averages: Readonly<Record<string, string>> = { micro: "微平均", macro: "宏平均", weighted: "加权平均" };

/** The name of a score, an algorithm, a note or a fact as it is said in a language; what has no other name stays as it is. */
export function term(name: string, language: "en" | "zh"): string {
  if (language === "en") return name;
  const known = Object.hasOwn(chinese, name) ? chinese[name] : undefined;
  if (known !== undefined) return known;
  for (const [pattern, write] of patterns) {
    const parts = name.match(pattern);
    if (parts !== null) return write(...parts.slice(1));
  }
  return name;
}
