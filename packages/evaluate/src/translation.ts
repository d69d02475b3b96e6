import { observeAll, type StatisticsTable } from "./additive.ts";
import { bootstrap } from "./bootstrap.ts";
import type { Score } from "./classification.ts";
import { approximateRandomisationTest, type CorpusComparison, pairedBootstrapTest } from "./corpus-significance.ts";
import { type BleuOptions, type BleuScore, bleu } from "./metrics/bleu.ts";
import { chrf } from "./metrics/chrf.ts";
import { ter } from "./metrics/ter.ts";
import { referenceCount, segmentsOf, type TranslatedSegment, withSampling } from "./metrics/translation.ts";
import type { TranslationTokenizer } from "./metrics/translation-tokenizers.ts";

/** One segment with its own scores. */
export interface TranslationExample {
  /** Place in the evaluated segments. */
  readonly index: number;
  readonly source: string | null;
  readonly references: readonly string[];
  readonly hypothesis: string;
  /** Of this sentence alone: BLEU with effective order, chrF2, TER. */
  readonly bleu: number;
  readonly chrf: number;
  readonly ter: number;
}

/** Everything about translations of a set of segments: JSON. */
export interface TranslationEvaluation {
  readonly kind: "translation";
  readonly examples: number;
  /** BLEU, chrF2, chrF2++ and TER with sacreBLEU's signatures; in percent. */
  readonly scores: readonly Score[];
  readonly bleu: BleuScore;
  /** Lowest chrF2 first. */
  readonly worst: readonly TranslationExample[];
  /** Every so many segments, in order: what the output looks like. */
  readonly sample: readonly TranslationExample[];
  readonly resamples: number;
  readonly seed: number;
}

export interface TranslationOptions {
  readonly hypotheses: readonly string[];
  /** A list per set of references, as sacreBLEU takes them; null where a segment has none in a set. */
  readonly references: readonly (readonly (string | null)[])[];
  readonly sources?: readonly string[];
  /** "zh" for Chinese output. Default "13a". */
  readonly tokenize?: TranslationTokenizer;
  /** Default false; of BLEU and chrF (TER ignores case anyway). */
  readonly lowercase?: boolean;
  readonly seed: number;
  /** Bootstrap resamples. Default 1000. */
  readonly resamples?: number;
  /** Segments in `worst` and in `sample`. Default 24. */
  readonly shown?: number;
}

/** Corpus scores with bootstrap intervals, and segments with scores of their own. @throws RangeError for what does not fit. */
export function evaluateTranslation(options: TranslationOptions): TranslationEvaluation {
  const { hypotheses, references, sources, seed, resamples = 1000, shown = 24 } = options;
  const segments = segmentsOf(hypotheses, references);
  if (sources !== undefined && sources.length !== segments.length) {
    throw new RangeError(`Expected a source for each of ${segments.length} hypotheses. Received ${sources.length}.`);
  }
  const { named, tables } = metricsOf(segments, options);
  const values = named.map(([, metric], which) => ({
    signature: metric.signature,
    value: tables[which]!.score().value,
  }));
  const intervals = bootstrap(segments.length, (weights) => tables.map((table) => table.score(weights).value), {
    seed,
    resamples,
  });
  const alone = bleu({ ...bleuOptions(options), effectiveOrder: true });
  const examples = segments.map((segment, index): TranslationExample => {
    const of = (which: number): number => tables[which]!.scoreOf([...tables[which]!.row(index)]).value;
    return {
      index,
      source: sources?.[index] ?? null,
      references: segment.references.filter((reference) => reference !== null),
      hypothesis: segment.hypothesis,
      bleu: alone.score([...tables[0]!.row(index)]).value,
      chrf: of(1),
      ter: of(3),
    };
  });
  const stride = Math.max(1, Math.floor(examples.length / Math.max(1, shown)));
  return {
    kind: "translation",
    examples: segments.length,
    scores: named.map(([name], which) => ({
      name,
      value: values[which]!.value,
      ...intervals[which]!,
      signature: withSampling(values[which]!.signature, { bootstrap: resamples, seed }),
    })),
    bleu: tables[0]!.score() as BleuScore,
    worst: [...examples].sort((left, right) => left.chrf - right.chrf || left.index - right.index).slice(0, shown),
    sample: examples.filter((_, index) => index % stride === 0).slice(0, shown),
    resamples,
    seed,
  };
}

export interface TranslationComparisonOptions {
  readonly first: readonly string[];
  readonly second: readonly string[];
  readonly references: readonly (readonly (string | null)[])[];
  readonly tokenize?: TranslationTokenizer;
  readonly lowercase?: boolean;
  readonly seed: number;
  /** Default "paired-bootstrap". */
  readonly test?: "paired-bootstrap" | "approximate-randomisation";
  /** Default 1000 for the bootstrap, 10,000 for randomisation. */
  readonly resamples?: number;
}

/** Whether two systems differ, on each corpus score. */
export function compareTranslations(
  options: TranslationComparisonOptions,
): (CorpusComparison & { readonly name: string; readonly signature: string })[] {
  const { first, second, references, seed, test = "paired-bootstrap", resamples } = options;
  const [one, two] = [segmentsOf(first, references), segmentsOf(second, references)];
  const run = test === "paired-bootstrap" ? pairedBootstrapTest : approximateRandomisationTest;
  return namedMetrics(one, options).map(([name, metric]) => {
    const given = resamples === undefined ? {} : { resamples };
    const comparison = run<TranslatedSegment>(metric, { first: one, second: two, seed, ...given });
    const drawn = test === "paired-bootstrap" ? "bootstrap" : "randomisation";
    const signature = withSampling(metric.signature, { [drawn]: comparison.resamples, seed });
    return { name, signature, ...comparison };
  });
}

type Choice = Pick<TranslationOptions, "tokenize" | "lowercase">;

function bleuOptions({ tokenize = "13a", lowercase = false }: Choice): BleuOptions {
  return { tokenize, lowercase };
}

function namedMetrics(segments: readonly TranslatedSegment[], choice: Choice) {
  const references = referenceCount(segments);
  const { lowercase = false } = choice;
  return [
    ["BLEU", bleu({ ...bleuOptions(choice), references })],
    ["chrF2", chrf({ lowercase, references })],
    ["chrF2++", chrf({ lowercase, wordOrder: 2, references })],
    // Tercom's own reading of Chinese: a character is a word.
    ["TER", ter({ references, ...(choice.tokenize === "zh" ? { normalized: true, asianSupport: true } : {}) })],
  ] as const;
}

function metricsOf(segments: readonly TranslatedSegment[], choice: Choice) {
  const named = namedMetrics(segments, choice);
  const tables: StatisticsTable<{ readonly value: number }>[] = named.map(([, metric]) =>
    observeAll<TranslatedSegment, { readonly value: number }>(metric, segments),
  );
  return { named, tables };
}
