/** The model before fine-tuning against the one after it, on the same test part. */
export interface TunedComparison {
  /** Whether the model before would do. */
  readonly answer: "no" | "yes" | "undecided";
  /** Nats per answer token that the model needs less; or, of pairs, percentage points that it ranks right more often. */
  readonly difference: number;
  readonly low: number;
  readonly high: number;
  readonly of: "answers" | "pairs";
}

const words = {
  en: {
    answers: {
      no: "Fine-tuning has paid: the model needs {0} nats per answer token less than before ({1}).",
      yes: "Fine-tuning did harm: before, the model needed {0} nats per answer token less ({1}).",
      undecided:
        "Fine-tuning may have changed nothing: before and after cannot be told apart ({1}, nats per answer token).",
    },
    pairs: {
      no: "Fine-tuning has paid: the model ranks {0} percentage points more of the pairs right than before ({1}).",
      yes: "Fine-tuning did harm: before, the model ranked {0} percentage points more of the pairs right ({1}).",
      undecided: "Fine-tuning may have changed nothing: before and after cannot be told apart ({1}, points of pairs).",
    },
  },
  zh: {
    answers: {
      no: "微调见效：模型在回答的每个词元上比微调之前少用 {0} 奈特（{1}）。",
      yes: "微调有害：微调之前，模型在回答的每个词元上少用 {0} 奈特（{1}）。",
      undecided: "微调或许没有作用：前后难分高下（{1}，回答每词元的奈特数）。",
    },
    pairs: {
      no: "微调见效：模型判对的答案对比微调之前多 {0} 个百分点（{1}）。",
      yes: "微调有害：微调之前，模型判对的答案对多 {0} 个百分点（{1}）。",
      undecided: "微调或许没有作用：前后难分高下（{1}，判对答案对的百分点）。",
    },
  },
} as const;

/** In words: did fine-tuning help? */
export function verdictOf({ answer, difference, low, high, of }: TunedComparison, language: "en" | "zh"): string {
  const digits = of === "pairs" ? 1 : 3;
  const range = `95 %: ${[low, high].map((value) => value.toFixed(digits)).join(" – ")}`;
  return words[language][of][answer].replace("{0}", Math.abs(difference).toFixed(digits)).replace("{1}", range);
}
