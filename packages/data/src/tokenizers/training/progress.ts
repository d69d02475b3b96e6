/** What training a tokenizer tells while it works. */
export interface TokenizerProgress {
  /** read: texts are counted; merge: merges are learnt; seed, estimate: the parts of Unigram's training. */
  readonly stage: "read" | "merge" | "seed" | "estimate";
  readonly done: number;
  /** Undefined where no one knows. */
  readonly total: number | undefined;
  readonly unit: "bytes" | "merges" | "pieces";
}

export interface TrainingWatch {
  readonly progress?: ((progress: TokenizerProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Lets others run for a moment, and stops if it is to. */
export async function breathe({ signal }: TrainingWatch): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0));
  signal?.throwIfAborted();
}
