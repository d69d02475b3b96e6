import type { BaselineContext, LabelledRows } from "./baselines/baseline.ts";
import { decisionTree, randomForest } from "./baselines/forest.ts";
import { logisticRegression } from "./baselines/logistic-regression.ts";
import { majority, naiveBayes, nearestNeighbours } from "./baselines/simple.ts";
import { type LabelledTexts, textBaselines } from "./baselines/text.ts";
import { evaluateClassification, type Score } from "./classification.ts";
import { type ClassifiedExample, mostProbable } from "./metrics/probability.ts";

export { type AnswerableQuestion, AnswerFinder, type AnswerFinderOptions } from "./baselines/answer-finder.ts";
export type { LabelledRows } from "./baselines/baseline.ts";
export { Bm25, type Bm25Options, characterTerms, type Hit } from "./baselines/bm25.ts";
export { fitLinearSvm, type LinearModel, type LinearSvmOptions, linearScores } from "./baselines/linear-svm.ts";
export { fitMultinomialNaiveBayes } from "./baselines/multinomial-naive-bayes.ts";
export { NgramModel, type NgramModelOptions } from "./baselines/ngram-model.ts";
export { type FoundAnswer, slidingWindowAnswer } from "./baselines/sliding-window.ts";
export type { LabelledTexts } from "./baselines/text.ts";
export { TextNgramModel, type TextNgramOptions } from "./baselines/text-ngram-model.ts";
export {
  type NgramOptions,
  ngramsOf,
  type SparseMatrix,
  suitableAnalyzer,
  TfIdf,
  type TfIdfOptions,
} from "./baselines/tf-idf.ts";
export { WordTranslator, type WordTranslatorOptions } from "./baselines/word-translator.ts";

/** The simple algorithms, cheapest first. */
export const baselines = [majority, naiveBayes, logisticRegression, nearestNeighbours(5), decisionTree, randomForest];

/** How one simple algorithm did. */
export interface BaselineRow {
  readonly name: string;
  readonly scores: readonly Score[];
  readonly seconds: number;
  /** What was limited to stay within seconds. */
  readonly note?: string;
  /** Predicted classes of the first test examples; of all of them unless the note says otherwise. */
  readonly predictions: readonly number[];
}

/** Examples and classes; what an example is depends on the algorithms. */
interface Labelled<Example> {
  readonly features: readonly Example[];
  readonly labels: ArrayLike<number>;
}

interface Algorithm<Example> {
  readonly name: string;
  readonly limits: { readonly train: number; readonly test: number };
  fit(
    train: Labelled<Example>,
    context: BaselineContext,
  ): Promise<(features: readonly Example[]) => Promise<readonly Float64Array[]>>;
}

/** What algorithms learn from, and what they are scored on. */
interface Fold<Example> {
  readonly train: Labelled<Example>;
  readonly test: Labelled<Example>;
}

interface Setting {
  readonly classes: readonly string[];
  readonly seed: number;
  /** Rows of the whole training part, where `train` is only some of it; the notes say so. */
  readonly available?: number;
  /** Most training rows for any of them. */
  readonly limit?: number;
  /** Bootstrap resamples. Default 200. */
  readonly resamples?: number;
  /** `done` of `total` algorithms, and the one at work. */
  readonly progress?: (done: number, total: number, name: string) => void;
  readonly signal?: AbortSignal;
}

export interface BaselineOptions extends Setting {
  readonly train: LabelledRows;
  readonly test: LabelledRows;
}

/** Texts to learn from, and others to be scored on. */
export interface TextFold {
  readonly train: LabelledTexts;
  readonly test: LabelledTexts;
}

export interface TextBaselineOptions extends Setting, TextFold {}

export interface TextFoldOptions extends Omit<Setting, "available"> {
  /** Each algorithm is trained anew for each. */
  readonly folds: readonly TextFold[];
}

/**
 * Would a simple algorithm do? Trains each on the same features and scores it on the same test part, as the model. Training
 * rows beyond a limit are left out (the first ones stay; shuffle beforehand), which the row's note says.
 *
 * @throws RangeError when features and labels do not fit; the signal's reason.
 */
export async function runBaselines({ train, test, ...setting }: BaselineOptions): Promise<BaselineRow[]> {
  return runAll(baselines, [{ train, test }], setting);
}

/**
 * As `runBaselines`, for texts: majority, multinomial naive Bayes, and TF-IDF with a linear support vector machine, on n-grams of
 * words, or of characters where texts have no spaces.
 */
export async function runTextBaselines({ train, test, ...setting }: TextBaselineOptions): Promise<BaselineRow[]> {
  return runAll(textBaselines, [{ train, test }], setting);
}

/**
 * As `runTextBaselines`, by cross-validation: the predictions of the folds are pooled, fold after fold, and scored together.
 *
 * @throws RangeError without folds, or as `runBaselines`.
 */
export async function crossValidateTextBaselines({ folds, ...setting }: TextFoldOptions): Promise<BaselineRow[]> {
  if (folds.length === 0) throw new RangeError("Expected folds to cross-validate in. Received none.");
  return runAll(textBaselines, folds, setting);
}

async function runAll<Example>(
  algorithms: readonly Algorithm<Example>[],
  folds: readonly Fold<Example>[],
  setting: Setting,
): Promise<BaselineRow[]> {
  const { classes, seed, limit = Number.POSITIVE_INFINITY, resamples = 200, available, progress, signal } = setting;
  for (const [name, part] of folds.flatMap((fold) => Object.entries(fold) as [string, Labelled<Example>][])) {
    if (part.features.length > 0 && part.features.length === part.labels.length) continue;
    throw new RangeError(
      `Expected features and labels of the ${name} part. Received ${part.features.length} and ${part.labels.length}.`,
    );
  }
  const rows: BaselineRow[] = [];
  for (const [done, baseline] of algorithms.entries()) {
    const started = performance.now();
    let rested = started;
    progress?.(done, algorithms.length, baseline.name);
    const examples: ClassifiedExample[] = [];
    const notes = new Set<string>();
    for (const [fold, { train, test }] of folds.entries()) {
      const context: BaselineContext = {
        classes: classes.length,
        seed,
        async pause(share) {
          if (performance.now() - rested < 15) return;
          await new Promise((resolve) => setTimeout(resolve));
          rested = performance.now();
          signal?.throwIfAborted();
          if (Number.isNaN(share)) return;
          progress?.(done + Math.min((fold + share) / folds.length, 0.99), algorithms.length, baseline.name);
        },
      };
      const known = first(train, Math.min(limit, baseline.limits.train));
      const asked = first(test, baseline.limits.test);
      const probabilities = await (await baseline.fit(known, context))(asked.features);
      probabilities.forEach((each, index) => examples.push({ probabilities: each, label: asked.labels[index]! }));
      const all = available ?? train.features.length;
      if (known.features.length < all) notes.add(`trained on ${known.features.length} of ${all}`);
      if (asked.features.length < test.features.length) {
        notes.add(`tested on ${asked.features.length} of ${test.features.length}`);
      }
    }
    const { scores } = evaluateClassification({ classes, examples, seed, resamples, worst: 0 });
    rows.push({
      name: baseline.name,
      scores,
      seconds: (performance.now() - started) / 1000,
      ...(notes.size > 0 ? { note: [...notes].join(", ") } : {}),
      predictions: examples.map(({ probabilities }) => mostProbable(probabilities)),
    });
  }
  progress?.(algorithms.length, algorithms.length, "");
  return rows;
}

function first<Example>({ features, labels }: Labelled<Example>, count: number): Labelled<Example> {
  if (features.length <= count) return { features, labels };
  return { features: features.slice(0, count), labels: Array.prototype.slice.call(labels, 0, count) };
}
