import { type BaselineContext, classCounts, softmax } from "./baseline.ts";
import { fitLinearSvm, linearScores } from "./linear-svm.ts";
import { fitMultinomialNaiveBayes } from "./multinomial-naive-bayes.ts";
import { suitableAnalyzer, TfIdf, type TfIdfOptions } from "./tf-idf.ts";

/** Texts and classes. */
export interface LabelledTexts {
  readonly features: readonly string[];
  /** From 0. */
  readonly labels: ArrayLike<number>;
}

/** A simple algorithm on texts; gives class probabilities [N, K]. */
export interface TextBaseline {
  readonly name: string;
  readonly limits: { readonly train: number; readonly test: number };
  fit(train: LabelledTexts, context: BaselineContext): Promise<(texts: readonly string[]) => Promise<Float64Array[]>>;
}

const unlimited = { train: Number.POSITIVE_INFINITY, test: Number.POSITIVE_INFINITY };

/** N-grams of one and two words; for text without spaces, of one to three characters. */
function ngramOptions(texts: readonly string[]): TfIdfOptions {
  const analyzer = suitableAnalyzer(texts);
  return { analyzer, ngrams: [1, analyzer === "word" ? 2 : 3], sublinear: true };
}

const textMajority: TextBaseline = {
  name: "majority",
  limits: unlimited,
  async fit({ labels }, { classes }) {
    const shares = classCounts(labels, classes).map((count) => count / labels.length);
    return async (texts) => texts.map(() => shares);
  },
};

/** Multinomial naive Bayes on counts of n-grams. */
const textNaiveBayes: TextBaseline = {
  name: "naive Bayes",
  limits: unlimited,
  async fit({ features, labels }, { classes, pause }) {
    await pause(0);
    const counts = TfIdf.fit(features, { ...ngramOptions(features), idf: false, norm: null, sublinear: false });
    const predict = fitMultinomialNaiveBayes(counts.transform(features), labels, { classes });
    return async (texts) => predict(counts.transform(texts));
  },
};

/** TF-IDF and a linear support vector machine. It has no probabilities: these are the softmax of its scores. */
const textSvm: TextBaseline = {
  name: "TF-IDF + SVM",
  limits: { train: 100_000, test: Number.POSITIVE_INFINITY },
  async fit({ features, labels }, { classes, seed, pause }) {
    const vectorizer = TfIdf.fit(features, ngramOptions(features));
    const model = await fitLinearSvm(vectorizer.transform(features), labels, { classes, seed, pause });
    return async (texts) => linearScores(model, vectorizer.transform(texts)).map((scores) => softmax(scores));
  },
};

/** The simple algorithms for texts, cheapest first. */
export const textBaselines: readonly TextBaseline[] = [textMajority, textNaiveBayes, textSvm];
