import { existsSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AdditiveMetric, observeAll } from "../additive.ts";
import { approximateRandomisationTest, pairedBootstrapTest } from "../corpus-significance.ts";
import fixtures from "../fixtures/translation.json" with { type: "json" };
import { type BleuOptions, bleu, corpusBleu, sentenceBleu } from "./bleu.ts";
import { type ChrfOptions, chrf, corpusChrf, sentenceChrf } from "./chrf.ts";
import { corpusTer, editsBetween, sentenceTer, ter } from "./ter.ts";
import { segmentsOf, type TranslatedSegment } from "./translation.ts";
import {
  type TercomOptions,
  type TranslationTokenizer,
  tokenizeTercom,
  tokenizeTranslation,
  translationTokenizers,
} from "./translation-tokenizers.ts";

const shared = (name: string) => new URL(`../../../../../shared/golden/metrics/${name}.json`, import.meta.url);
const sharedIsHere = existsSync(shared("sacrebleu_cases"));
if (!sharedIsHere) console.log(`Skipped: no reference values at ${shared("sacrebleu_cases").pathname}`);
const golden = (name: string) => (sharedIsHere ? JSON.parse(readFileSync(shared(name), "utf8")) : { cases: [] });

/** sacreBLEU's arguments, as constructors take them and as metrics keep them, in our names. */
type Arguments = Record<string, unknown>;
const bleuOptions = (given: Arguments): BleuOptions => ({
  tokenize: (given.tokenize ?? given.tokenizer_signature ?? "13a") as TranslationTokenizer,
  lowercase: Boolean(given.lowercase),
  smoothMethod: (given.smooth_method ?? "exp") as "exp",
  smoothValue: (given.smooth_value ?? null) as number | null,
  maxNgramOrder: (given.max_ngram_order ?? 4) as number,
  effectiveOrder: Boolean(given.effective_order),
});
const chrfOptions = (given: Arguments): ChrfOptions => ({
  characterOrder: (given.char_order ?? 6) as number,
  wordOrder: (given.word_order ?? 0) as number,
  beta: (given.beta ?? 2) as number,
  lowercase: Boolean(given.lowercase),
  whitespace: Boolean(given.whitespace),
  epsSmoothing: Boolean(given.eps_smoothing),
});
const terOptions = (given: Arguments): TercomOptions => ({
  normalized: Boolean(given.normalized),
  noPunctuation: Boolean(given.no_punct),
  asianSupport: Boolean(given.asian_support),
  caseSensitive: Boolean(given.case_sensitive),
});

type Expected = { score: number } & Record<string, unknown>;
const agrees = (score: object, wanted: Expected): void => {
  const names: Record<string, string> = {
    score: "value",
    bp: "brevityPenalty",
    sys_len: "hypothesisLength",
    ref_len: "referenceLength",
    num_edits: "edits",
    ref_length: "referenceLength",
  };
  for (const [name, value] of Object.entries(wanted)) {
    if (name === "char_order" || name === "word_order" || name === "beta") continue;
    const ours = (score as Record<string, unknown>)[names[name] ?? name];
    [ours].flat().forEach((each, index) => {
      expect(each, name).toBeCloseTo(([value].flat() as number[])[index]!, 9);
    });
  }
};

const referenceSets: Record<string, (string | null)[][]> = {
  one: fixtures.references.slice(0, 1),
  two: fixtures.references,
  partial: fixtures.partial,
};

describe("sacreBLEU's values", () => {
  it.each(translationTokenizers)("tokenizer %s", (name) => {
    const { cases } = golden("sacrebleu_tokenizers");
    for (const each of [...fixtures.tokenizers, ...cases]) {
      if (each[name] !== undefined) expect(tokenizeTranslation(each.text, name)).toBe(each[name]);
    }
  });

  it("Tercom's tokenizer", () => {
    for (const { text, options, tokens } of fixtures.tercom)
      expect(tokenizeTercom(text, terOptions(options))).toBe(tokens);
  });

  it.each(fixtures.bleu)("BLEU $options, $references", ({ options, references, corpus, signature, sentences }) => {
    const score = corpusBleu(fixtures.hypotheses, referenceSets[references]!, bleuOptions(options));
    agrees(score, corpus);
    expect(score.signature).toBe(signature);
    for (const [index, wanted] of sentences.entries()) {
      const each = fixtures.references.map((set) => set[index]!);
      expect(sentenceBleu(fixtures.hypotheses[index]!, each, bleuOptions(options)).value).toBeCloseTo(wanted, 9);
    }
  });

  it.each(fixtures.chrf)("chrF $options, $references", ({ options, references, corpus, signature, sentences }) => {
    const score = corpusChrf(fixtures.hypotheses, referenceSets[references]!, chrfOptions(options));
    agrees(score, corpus);
    expect(score.signature).toBe(signature);
    for (const [index, wanted] of sentences.entries()) {
      const each = fixtures.references.map((set) => set[index]!);
      expect(sentenceChrf(fixtures.hypotheses[index]!, each, chrfOptions(options)).value).toBeCloseTo(wanted, 9);
    }
  });

  it.each(fixtures.ter)("TER $options, $references", ({ options, references, corpus, signature, sentences }) => {
    const score = corpusTer(fixtures.hypotheses, referenceSets[references]!, terOptions(options));
    agrees(score, corpus);
    expect(score.signature).toBe(signature);
    for (const [index, wanted] of sentences.entries()) {
      const each = fixtures.references.map((set) => set[index]!);
      expect(sentenceTer(fixtures.hypotheses[index]!, each, terOptions(options)).value).toBeCloseTo(wanted, 9);
    }
  });

  it.skipIf(!sharedIsHere)("the recorded calls of its own tests (needs ../shared/golden)", () => {
    const { cases } = golden("sacrebleu_cases");
    expect(cases.length).toBeGreaterThan(30);
    for (const { metric, fn, hyp, refs, args, signature, result } of cases) {
      const corpus = fn === "corpus_score";
      const score =
        metric === "BLEU"
          ? (corpus ? corpusBleu : sentenceBleu)(hyp, refs, bleuOptions(args))
          : metric === "CHRF"
            ? (corpus ? corpusChrf : sentenceChrf)(hyp, refs, chrfOptions(args))
            : (corpus ? corpusTer : sentenceTer)(hyp, refs, terOptions(args));
      agrees(score, result);
      if (signature !== null) expect((score as unknown as { signature: string }).signature).toBe(signature);
    }
  });
});

describe("corpus metrics", () => {
  const segments = segmentsOf(fixtures.hypotheses, fixtures.references);

  it("merge in any order", () => {
    const metrics: AdditiveMetric<TranslatedSegment, { readonly value: number }>[] = [
      bleu(),
      chrf({ wordOrder: 2 }),
      ter(),
    ];
    for (const metric of metrics) {
      const whole = observeAll(metric, segments).score().value;
      const statistics = segments.map((segment) => metric.observe(segment));
      const halves = [statistics.slice(0, 9), statistics.slice(9)].map((part) =>
        part.reduceRight((sum, each) => metric.merge(each, sum), metric.empty),
      );
      expect(metric.score(metric.merge(halves[1]!, halves[0]!)).value).toBeCloseTo(whole, 9);
    }
  });

  it("count at most as many edits as plain edit distance, and none for the same text", () => {
    const text = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 14 }).map((words) => Int32Array.from(words));
    fc.assert(
      fc.property(text, text, (hypothesis, reference) => {
        const edits = editsBetween(hypothesis, reference);
        expect(edits).toBeLessThanOrEqual(Math.max(hypothesis.length, reference.length));
        expect(edits).toBeGreaterThanOrEqual(Math.abs(hypothesis.length - reference.length));
        expect(editsBetween(reference, reference)).toBe(0);
      }),
    );
  });

  it("say what they need", () => {
    expect(() => corpusBleu(["a"], [["a", "b"]])).toThrow(
      "Expected a reference for each of 1 hypotheses. Received 2 in set 0.",
    );
    expect(() => corpusBleu([], [[]])).toThrow("Received none");
    expect(() => corpusBleu(["a"], [[null]])).toThrow("at least one reference");
    expect(() => bleu({ tokenize: "spm" as "13a" }).observe(segments[0]!)).toThrow('Received "spm"');
    expect(() => bleu({ smoothMethod: "add" as "exp" })).toThrow('Received "add"');
  });
});

describe("paired tests over a corpus", () => {
  // Of 200 segments the better system gets more right.
  const references = Array.from(
    { length: 200 },
    (_, index) => `the ${index % 7} boats of ${index % 11} left at ${index} today`,
  );
  const system = (wrong: (index: number) => boolean) =>
    segmentsOf(
      references.map((line, index) => (wrong(index) ? line.replace("boats of", "ships from") : line)),
      [references],
    );
  const good = system((index) => index % 5 === 0);
  const better = system((index) => index % 9 === 0);

  it.each([
    ["paired bootstrap", pairedBootstrapTest, 300],
    ["approximate randomisation", approximateRandomisationTest, 1000],
  ] as const)("%s tells a difference from none", (_, test, resamples) => {
    const real = test(bleu(), { first: better, second: good, seed: 3, resamples });
    expect(real.difference).toBeCloseTo(real.first - real.second, 12);
    expect(real.pValue).toBeLessThan(0.05);
    const none = test(bleu(), { first: good, second: good, seed: 3, resamples });
    expect([none.difference, none.pValue]).toEqual([0, 1]);
    expect(test(bleu(), { first: better, second: good, seed: 3, resamples })).toEqual(real);
    expect(() => test(bleu(), { first: good.slice(1), second: good, seed: 3 })).toThrow("Received 199 and 200");
  });
});
