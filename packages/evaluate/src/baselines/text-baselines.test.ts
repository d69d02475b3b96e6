import { existsSync, readFileSync } from "node:fs";
import { Random } from "@nacre/random";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { runTextBaselines } from "../baselines.ts";
import fixtures from "../fixtures/text-baselines.json" with { type: "json" };
import { Bm25, characterTerms } from "./bm25.ts";
import { fitLinearSvm, linearScores } from "./linear-svm.ts";
import { fitMultinomialNaiveBayes } from "./multinomial-naive-bayes.ts";
import { NgramModel } from "./ngram-model.ts";
import { TextNgramModel } from "./text-ngram-model.ts";
import { suitableAnalyzer, TfIdf, type TfIdfOptions } from "./tf-idf.ts";

const shared = new URL("../../../../../shared/golden/metrics/sklearn_metrics_models.json", import.meta.url);
const sharedIsHere = existsSync(shared);
if (!sharedIsHere) console.log(`Skipped: no reference values at ${shared.pathname}`);

const tfIdfOptions = (given: Record<string, unknown>): TfIdfOptions => ({
  analyzer: given.analyzer === "char" ? "character" : "word",
  ngrams: (given.ngram_range ?? [1, 1]) as [number, number],
  lowercase: given.lowercase !== false,
  sublinear: Boolean(given.sublinear_tf),
  norm: given.norm === undefined ? "l2" : (given.norm as "l1" | null),
  smoothIdf: given.smooth_idf !== false,
  minTexts: (given.min_df ?? 1) as number,
});
const rowOf = ({ starts, columns, values }: ReturnType<TfIdf["transform"]>, row: number) =>
  Array.from(columns.subarray(starts[row]!, starts[row + 1]!), (column, at) => [column, values[starts[row]! + at]!]);

describe("TF-IDF", () => {
  it.each(fixtures.vectorizers)("equals scikit-learn's with $options", ({ documents, options, names, idf, rows }) => {
    const vectorizer = TfIdf.fit(documents, tfIdfOptions(options));
    expect([...vectorizer.vocabulary.keys()]).toEqual(names);
    idf.forEach((value, column) => expect(vectorizer.idf[column]).toBeCloseTo(value, 9));
    const matrix = vectorizer.transform(documents);
    rows.forEach((row, index) => {
      const ours = rowOf(matrix, index);
      expect(ours.map(([column]) => column)).toEqual(row.map(([column]) => column));
      ours.forEach(([, value], at) => expect(value).toBeCloseTo(row[at]![1]!, 9));
    });
  });

  it.skipIf(!sharedIsHere)("equals it on the shared texts (needs ../shared/golden)", () => {
    const { tfidf } = JSON.parse(readFileSync(shared, "utf8"));
    for (const [name, options] of [
      ["default", {}],
      ["sublinear_bigram_l1", { ngrams: [1, 2], sublinear: true, norm: "l1" }],
    ] as const) {
      const vectorizer = TfIdf.fit(tfidf.docs, options);
      const matrix = vectorizer.transform(tfidf.docs);
      expect(Object.fromEntries(vectorizer.vocabulary)).toEqual(tfidf[name].vocab);
      tfidf[name].matrix.forEach((row: number[], index: number) => {
        const ours = new Float64Array(row.length);
        for (const [column, value] of rowOf(matrix, index)) ours[column!] = value!;
        row.forEach((value, column) => expect(ours[column]).toBeCloseTo(value, 9));
      });
    }
  });

  it("says what it needs", () => {
    expect(() => TfIdf.fit(["a", "b"])).toThrow("Received 2 texts without.");
    expect(() => TfIdf.fit(["word"], { ngrams: [2, 1] })).toThrow("Received 2 to 1.");
    expect(suitableAnalyzer(["今天天气很好。", "我们 去 NBA"])).toBe("character");
    expect(suitableAnalyzer(["Wo ist der Bahnhof?", "The 東京 express is late again today"])).toBe("word");
  });
});

describe("classifiers on TF-IDF", () => {
  const vectorizer = TfIdf.fit(fixtures.texts, { ngrams: [1, 2] });
  const features = vectorizer.transform(fixtures.texts);
  const asked = vectorizer.transform(fixtures.test);

  it.each(fixtures.svms)(
    "SVM finds LinearSVC's weights, C = $C",
    async ({ labels, C, intercept, coefficients, scores }) => {
      const classes = new Set(labels).size;
      const model = await fitLinearSvm(features, labels, { classes, penalty: C, tolerance: 1e-8, seed: 1 });
      const stride = model.width + 1;
      coefficients.forEach((row, each) => {
        expect(model.weights[each * stride + model.width]).toBeCloseTo(intercept[each]!, 5);
        row.forEach((value, column) => expect(model.weights[each * stride + column]).toBeCloseTo(value, 5));
      });
      linearScores(model, asked).forEach((row, index) => {
        const wanted = [scores[index]].flat() as number[];
        if (wanted.length === 1) expect(row[1]).toBeCloseTo(wanted[0]!, 5);
        else wanted.forEach((value, each) => expect(row[each]).toBeCloseTo(value, 5));
      });
    },
  );

  it("naive Bayes gives MultinomialNB's probabilities", () => {
    const counts = TfIdf.fit(fixtures.texts, { ngrams: [1, 2], idf: false, norm: null });
    const predict = fitMultinomialNaiveBayes(counts.transform(fixtures.texts), fixtures.bayes.labels, { classes: 3 });
    predict(counts.transform(fixtures.test)).forEach((row, index) =>
      row.forEach((value, each) => expect(value).toBeCloseTo(fixtures.bayes.probabilities[index]![each]!, 8)),
    );
  });

  it("run on texts, are the same for the same seed, and learn", async () => {
    const part = (start: number, end: number) => ({
      features: fixtures.texts.slice(start, end),
      labels: fixtures.bayes.labels.slice(start, end),
    });
    const options = {
      train: part(0, 40),
      test: part(40, 60),
      classes: ["sea", "kitchen", "rail"],
      seed: 1,
      resamples: 20,
    };
    const rows = await runTextBaselines(options);
    expect(rows.map(({ name }) => name)).toEqual(["majority", "naive Bayes", "TF-IDF + SVM"]);
    const accuracy = rows.map(({ scores }) => scores.find(({ name }) => name === "accuracy")!.value);
    expect(accuracy[2]).toBeGreaterThan(0.8);
    expect(accuracy[2]).toBeGreaterThan(accuracy[0]!);
    const again = await runTextBaselines(options);
    expect(again.map(({ predictions }) => predictions)).toEqual(rows.map(({ predictions }) => predictions));
  });
});

describe("BM25", () => {
  const { queries, okapi, lucene } = fixtures.bm25;

  it.each([
    ["okapi", okapi],
    ["lucene", lucene],
  ] as const)("%s gives the reference's scores", (variant, expected) => {
    const index = new Bm25(fixtures.texts, { variant });
    queries.forEach((query, which) => {
      const scores = index.scores(query);
      // bm25s counts in single precision.
      expected[which]!.forEach((value, document) => expect(scores[document]).toBeCloseTo(value, 5));
      const best = index.search(query, 5);
      expect(best.map(({ score }) => score)).toEqual(
        [...scores]
          .filter((score) => score !== 0)
          .sort((a, b) => b - a)
          .slice(0, 5),
      );
    });
  });

  it("finds Chinese by characters", () => {
    const index = new Bm25(["床前明月光", "春眠不觉晓", "月落乌啼霜满天"], { terms: characterTerms });
    expect(index.search("明月", 2).map(({ document }) => document)).toEqual([0, 2]);
    expect(() => new Bm25([])).toThrow("Received none");
  });
});

describe("n-gram models", () => {
  it.each(fixtures.kneserNey)(
    "Kneser–Ney equals its definition: $unit, order $order, boundaries $boundaries",
    ({ unit, order, boundaries, asked, scores }) => {
      const lines = fixtures.lines[unit as "character" | "word"];
      const model = TextNgramModel.fit(lines, { unit: unit as "character", order, boundaries });
      asked.forEach((text, index) => {
        const { logLikelihood, tokens } = model.score(text);
        expect(tokens).toBe(scores[index]!.length);
        expect(logLikelihood).toBeCloseTo(
          scores[index]!.reduce((sum, value) => sum + value, 0),
          8,
        );
      });
    },
  );

  it("give probabilities that sum to 1 after any history", () => {
    const sequences = fc.array(fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 8 }), {
      minLength: 1,
      maxLength: 6,
    });
    const cases = fc.record({
      sequences,
      history: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 5 }),
      order: fc.integer({ min: 1, max: 4 }),
      boundaries: fc.boolean(),
      smoothing: fc.constantFrom("kneser-ney" as const, 0.5),
    });
    fc.assert(
      fc.property(cases, ({ sequences: known, history, ...options }) => {
        const model = new NgramModel(known, { ...options, symbols: 4, unknown: true });
        const sum = model.next(history).reduce((total, value) => total + value, 0);
        expect(sum).toBeCloseTo(1, 9);
      }),
    );
  });

  it("with 1 added to every count, a bigram's loss is that of plain counting", () => {
    const names = ["emma", "olivia", "ava", "mia", "ada"];
    const model = TextNgramModel.fit(names, { order: 2, smoothing: 1, unknown: false });
    const symbols = new Set(names.join("")).size + 1;
    let [sum, count] = [0, 0];
    const pairs = names.flatMap((name) => [...`.${name}.`].slice(0, -1).map((from, at) => from + `${name}.`[at]!));
    for (const pair of pairs) {
      const same = pairs.filter((other) => other === pair).length;
      const from = pairs.filter((other) => other[0] === pair[0]).length;
      sum -= Math.log((same + 1) / (from + symbols));
      count++;
    }
    const scores = names.map((name) => model.score(name));
    const total = scores.reduce((all, { logLikelihood }) => all - logLikelihood, 0);
    expect(total / scores.reduce((all, { tokens }) => all + tokens, 0)).toBeCloseTo(sum / count, 12);
  });

  it("draw texts of their own kind", () => {
    const model = TextNgramModel.fit(["abab", "ababab", "ab"], { order: 3, unknown: false });
    const random = new Random(1);
    const drawn = Array.from({ length: 20 }, () => model.sample(random, 30));
    expect(drawn.filter((text) => /^(ab)*$/.test(text)).length).toBeGreaterThan(8);
    expect(() => TextNgramModel.fit([""])).toThrow("Received none");
    expect(() => TextNgramModel.fit(["a"], { smoothing: 0 })).toThrow("Received 0");
  });
});
