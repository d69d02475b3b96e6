import { Random } from "@nacre/random";
import { type Passage, passageOf } from "./passage.ts";
import type { FoundAnswer } from "./sliding-window.ts";
import { featureCount, featureTable, type SpanFeatures, SpanScorer } from "./span-features.ts";

/** A question whose answer stands in its context. */
export interface AnswerableQuestion {
  readonly question: string;
  readonly context: string;
  readonly answer: string;
  /** UTF-16 units. */
  readonly start: number;
}

export interface AnswerFinderOptions {
  readonly seed: number;
  /** Passes over the questions. Default 3. */
  readonly epochs?: number;
  /** Longest answers, in words or Chinese characters. Default 15, in contexts of mostly Chinese 25. */
  readonly longest?: number;
  /** Wrong spans that each question is trained with. Default 200. */
  readonly wrong?: number;
  readonly pause?: (share: number) => Promise<void>;
}

/**
 * The logistic-regression baseline of extractive question answering (Rajpurkar et al. 2016, section 5.2): a log-linear model over
 * the spans of a context, on words that span, sentence and question share, where they stand, the span's length and looks, its
 * words and neighbours by what is asked for. Trained with AdaGrad (Duchi et al. 2011).
 *
 * The paper's parser is missing: spans are all of up to `longest` words instead of constituents, and there are no features of
 * part of speech and dependency paths. Trained on sampled wrong spans.
 */
export class AnswerFinder {
  readonly #weights: Float64Array;
  readonly #idf: (word: string) => number;
  readonly #longest: number;

  private constructor(weights: Float64Array, idf: (word: string) => number, longest: number) {
    this.#weights = weights;
    this.#idf = idf;
    this.#longest = longest;
  }

  /** @throws RangeError without a question whose answer is a span of its context. */
  static async fit(questions: readonly AnswerableQuestion[], options: AnswerFinderOptions): Promise<AnswerFinder> {
    const { seed, epochs = 3, wrong = 200, pause } = options;
    const contexts = new Map<string, Passage>();
    for (const { context } of questions) if (!contexts.has(context)) contexts.set(context, passageOf(context));
    const longest = options.longest ?? (isMostlyChinese([...contexts.values()]) ? 25 : 15);
    const finder = new AnswerFinder(new Float64Array(featureTable), rarity([...contexts.values()]), longest);
    const squares = new Float64Array(featureTable);
    const random = new Random(seed).fork("answer-finder");
    const examples: { scorer: SpanScorer; right: [number, number]; others: [number, number][] }[] = [];
    for (const { question, context, answer, start } of questions) {
      const scorer = new SpanScorer(passageOf(question), contexts.get(context)!, finder.#idf);
      const all = scorer.candidates(longest);
      const right = all.find(([from, to]) => covers(scorer.passage, [from, to], { start, end: start + answer.length }));
      if (right !== undefined) examples.push({ scorer, right, others: all.filter((span) => span !== right) });
    }
    if (examples.length === 0) {
      throw new RangeError(
        `Expected questions whose answers stand in their contexts. Received ${questions.length} without.`,
      );
    }
    const features = Array.from({ length: wrong + 1 }, emptyFeatures);
    for (let epoch = 0; epoch < epochs; epoch++) {
      for (const [done, which] of random.fork("order", epoch).permutation(examples.length).entries()) {
        if (done % 20 === 0) await pause?.((epoch + done / examples.length) / epochs);
        const { scorer, right, others } = examples[which]!;
        const draw = random.fork("spans", epoch, which);
        const spans = [right];
        for (let count = 0; count < Math.min(wrong, others.length); count++)
          spans.push(others[draw.integer(others.length)]!);
        finder.#learn(scorer, spans, { features, squares });
      }
    }
    return finder;
  }

  /** The likeliest span. @throws RangeError for a context without words. */
  answer(question: string, context: string): FoundAnswer {
    const scorer = new SpanScorer(passageOf(question), passageOf(context), this.#idf);
    const out = emptyFeatures();
    let best: [number, number] | undefined;
    let most = Number.NEGATIVE_INFINITY;
    for (const span of scorer.candidates(this.#longest)) {
      scorer.features(span, out);
      const score = this.#score(out);
      if (score > most) [best, most] = [span, score];
    }
    if (best === undefined) throw new RangeError("Expected a context with words to find an answer in. Received none.");
    const { units } = scorer.passage;
    const [start, end] = [units[best[0]]!.start, units[best[1] - 1]!.end];
    return { text: context.slice(start, end), start, end };
  }

  #score({ places, values }: SpanFeatures): number {
    let sum = 0;
    for (let at = 0; at < featureCount; at++) sum += this.#weights[places[at]!]! * values[at]!;
    return sum;
  }

  /** One step against -log p of the first span. */
  #learn(
    scorer: SpanScorer,
    spans: readonly [number, number][],
    { features, squares }: { features: readonly SpanFeatures[]; squares: Float64Array },
  ): void {
    const scores = spans.map((span, index) => {
      scorer.features(span, features[index]!);
      return this.#score(features[index]!);
    });
    const largest = Math.max(...scores);
    const chances = scores.map((score) => Math.exp(score - largest));
    const sum = chances.reduce((total, chance) => total + chance, 0);
    chances.forEach((chance, index) => {
      const error = chance / sum - (index === 0 ? 1 : 0);
      if (Math.abs(error) < 1e-5) return;
      const { places, values } = features[index]!;
      for (let at = 0; at < featureCount; at++) {
        const place = places[at]!;
        const gradient = error * values[at]! + 1e-6 * this.#weights[place]!;
        squares[place]! += gradient * gradient;
        this.#weights[place]! -= (0.1 * gradient) / (Math.sqrt(squares[place]!) + 1e-6);
      }
    });
  }
}

function emptyFeatures(): SpanFeatures {
  return { places: new Int32Array(featureCount), values: new Float64Array(featureCount) };
}

/** Whether units `from` up to `to` are the answer, give or take marks and spaces at its ends. */
function covers(
  { units, text }: Passage,
  [from, to]: [number, number],
  answer: { start: number; end: number },
): boolean {
  const bare = (start: number, end: number): boolean => !/[\p{L}\p{N}]/u.test(text.slice(start, end));
  const [start, end] = [units[from]!.start, units[to - 1]!.end];
  if (start >= answer.end || end <= answer.start) return false;
  return (
    bare(Math.min(start, answer.start), Math.max(start, answer.start)) &&
    bare(Math.min(end, answer.end), Math.max(end, answer.end))
  );
}

function isMostlyChinese(passages: readonly Passage[]): boolean {
  let [characters, all] = [0, 0];
  for (const { units } of passages) {
    all += units.length;
    for (const { text } of units) if (/^\p{sc=Han}$/u.test(text)) characters++;
  }
  return characters * 2 > all;
}

/** ln(1 + N / n) over passages; of unknown words the most. */
function rarity(passages: readonly Passage[]): (word: string) => number {
  const counts = new Map<string, number>();
  for (const { units } of passages) {
    for (const text of new Set(units.map((each) => each.text))) counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return (word) => Math.log(1 + passages.length / (counts.get(word) ?? 0.5));
}
