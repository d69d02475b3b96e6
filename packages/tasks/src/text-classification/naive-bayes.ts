/** A text as counted n-grams: bucket i weighs `weights[i]`; a bucket may come twice. */
export interface WeightedText {
  readonly buckets: Int32Array;
  readonly weights: Float32Array;
  readonly label: number;
}

export interface NaiveBayesOptions {
  readonly buckets: number;
  readonly classes: number;
  /** Added to every n-gram's weight in every class, above 0. */
  readonly smoothing: number;
  /** Standard deviation of the texts' logits over classes and texts; 0 leaves them as they are. */
  readonly spread: number;
}

/**
 * Votes of each bucket for each class, [buckets, classes] row by row: complement naive Bayes (Rennie et al. 2003, "Tackling the
 * Poor Assumptions of Naive Bayes Text Classifiers", table 4 without steps 1–3 and 8). A class's vote is -ln of how common the
 * n-gram is in all other classes: estimates from much text, where a rare class of its own has little. Votes are moved to the mean
 * 0 over the classes, which changes no prediction, and then scaled to `spread`.
 */
export function complementNaiveBayes(
  texts: readonly WeightedText[],
  { buckets, classes, smoothing, spread }: NaiveBayesOptions,
): Float32Array {
  const counts = new Float64Array(buckets * classes);
  for (const { buckets: found, weights, label } of texts) {
    for (const [at, bucket] of found.entries()) counts[bucket * classes + label]! += weights[at]!;
  }
  const inAll = Float64Array.from({ length: buckets }, (_, bucket) =>
    counts.subarray(bucket * classes, (bucket + 1) * classes).reduce((sum, count) => sum + count, 0),
  );
  const seen = inAll.reduce((count, sum) => count + (sum > 0 ? 1 : 0), 0);
  const total = new Float64Array(classes).fill(smoothing * seen);
  for (let at = 0; at < counts.length; at++) total[at % classes]! += inAll[Math.floor(at / classes)]! - counts[at]!;
  const votes = new Float64Array(buckets * classes);
  for (let bucket = 0; bucket < buckets; bucket++) {
    if (inAll[bucket] === 0) continue;
    const row = votes.subarray(bucket * classes, (bucket + 1) * classes);
    for (let each = 0; each < classes; each++) {
      row[each] = Math.log(total[each]! / (smoothing + inAll[bucket]! - counts[bucket * classes + each]!));
    }
    const mean = row.reduce((sum, vote) => sum + vote, 0) / classes;
    for (let each = 0; each < classes; each++) row[each]! -= mean;
  }
  const none = new Float64Array(classes);
  const factor = spread > 0 ? spread / (spreadOf({ table: votes, bias: none }, texts) || 1) : 1;
  return Float32Array.from(votes, (vote) => vote * factor);
}

/** Root mean square of the texts' logits, whose mean over the classes is 0: of votes [buckets, K] and a bias [K]. */
export function spreadOf(
  { table, bias }: { readonly table: Float64Array; readonly bias: Float64Array },
  texts: readonly WeightedText[],
): number {
  let squares = 0;
  const classes = bias.length;
  const logits = new Float64Array(classes);
  for (const { buckets, weights } of texts) {
    logits.set(bias);
    for (const [at, bucket] of buckets.entries()) {
      for (let each = 0; each < classes; each++) logits[each]! += weights[at]! * table[bucket * classes + each]!;
    }
    for (const logit of logits) squares += logit * logit;
  }
  return Math.sqrt(squares / Math.max(1, texts.length * classes));
}
