import {
  evaluateRetrieval,
  ndcgAt,
  pairedBootstrapTest,
  type RetrievalEvaluation,
  type RetrievedQuery,
  recallAt,
  renderLanguageReport,
  type ScoredComparison,
  term,
} from "@nacre/evaluate";
import { Bm25, characterTerms, WordTranslator } from "@nacre/evaluate/baselines";
import type { Evaluated, EvaluationContext } from "../task.ts";
import type { TextRetrievalRecipe } from "./recipe.ts";
import { depth, retrieved, type Search } from "./searching.ts";
import type { Pair } from "./source.ts";

export interface SearchEvaluationOptions {
  readonly recipe: TextRetrievalRecipe;
  readonly searches: readonly Search[];
  /** For each search and query, the numbers of the documents that the model found, best first. */
  readonly rankings: readonly (readonly (readonly number[])[])[];
  /** What the word translator learns from. */
  readonly train: readonly Pair[];
}

/** How a simple search did on the same queries. */
interface SearchBaseline {
  readonly name: string;
  readonly scores: RetrievalEvaluation["scores"];
  readonly seconds: number;
}

/** The model's nDCG@10 less that of the best simple search. */
export interface SearchComparison {
  readonly answer: "no" | "yes" | "undecided";
  readonly best: string;
  readonly difference: number;
  readonly low: number;
  readonly high: number;
  readonly pValue: number;
}

/** `evaluation.json` of a search. */
export interface SearchResults {
  readonly evaluation: RetrievalEvaluation;
  readonly baselines: readonly SearchBaseline[];
  readonly comparison: SearchComparison | null;
  readonly samples: readonly { readonly query: string; readonly hits: readonly { text: string; right: boolean }[] }[];
}

const shownScores = ["nDCG@10", "MRR@10", "recall@10", "recall@1", "recall@100"];
const shownSamples = 24;

/** Scores a search in both directions beside BM25 and writes it up. */
export async function evaluateSearch(options: SearchEvaluationOptions, context: EvaluationContext): Promise<Evaluated> {
  const { recipe, searches, rankings } = options;
  const { seed, title } = recipe;
  const own = searches.map((search, index) => retrieved(search, rankings[index]!));
  const evaluation = evaluated(own, options);
  const tried = recipe.evaluate.baselines ? await tryBaselines(options, context) : [];
  const baselines = tried.map(({ queries: _, ...row }) => row);
  const best = [...tried].sort((one, other) => other.scores[0]!.value - one.scores[0]!.value)[0];
  const rows = best === undefined ? [] : compared(own.flat(), best.queries, options);
  const comparison = best === undefined ? null : judged(rows[0]!, best.name);
  const samples = sampled(own);
  const report = (language: "en" | "zh") =>
    renderLanguageReport({
      title: title[language],
      evaluation,
      systems: baselines,
      comparisons: best === undefined ? null : { against: best.name, rows },
      notes: [...(comparison === null ? [] : [verdictOf(comparison, language)]), poolNote(searches, language)],
      samples: samples.map(({ query, hits }) => ({
        prompt: `${query}\n`,
        text: hits.map(({ text, right }, place) => `${right ? "✓" : "·"} ${place + 1}. ${text}`).join("\n"),
      })),
      facts: context.facts,
      language,
    });
  const results: SearchResults = { evaluation, baselines, comparison, samples };
  return {
    scores: evaluation.scores,
    baselines: baselines.map(({ name, scores, seconds }) => ({ name, scores: [...scores], seconds })),
    verdict: comparison === null ? "No simple search was tried." : verdictOf(comparison, "en"),
    evaluation: { ...results, seed },
    reports: { en: report("en"), zh: report("zh") },
  };
}

type Queries = readonly (RetrievedQuery & { readonly query: string })[];

/** Both directions together, and nDCG@10 of each. */
function evaluated(directions: readonly Queries[], { recipe, searches }: SearchEvaluationOptions): RetrievalEvaluation {
  const { seed } = recipe;
  const { resamples } = recipe.evaluate;
  const all = evaluateRetrieval({ queries: directions.flat(), seed, resamples });
  const apart = directions.flatMap((queries, index) => {
    const { scores } = evaluateRetrieval({ queries, at: [10], seed, resamples, shown: 0 });
    const { name, ...score } = scores[0]!;
    return { ...score, name: `${name}, ${searches[index]!.direction}` };
  });
  const scores = shownScores.map((name) => all.scores.find((score) => score.name === name)!);
  return { ...all, scores: [...scores, ...apart] };
}

/** Chinese and the like have no spaces to cut at. */
const unspaced = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}]/u;

async function tryBaselines(
  options: SearchEvaluationOptions,
  context: EvaluationContext,
): Promise<(SearchBaseline & { readonly queries: Queries })[]> {
  const { searches, train } = options;
  const names = ["BM25", "BM25 on translated words"] as const;
  const tried: (SearchBaseline & { queries: Queries })[] = [];
  for (const [done, name] of names.entries()) {
    const started = performance.now();
    const pause = async (share: number): Promise<void> => {
      context.progress(done + Math.min(0.99, share), names.length, "baselines", name);
      await new Promise((resolve) => setTimeout(resolve));
      context.signal?.throwIfAborted();
    };
    await pause(0);
    const directions: Queries[] = [];
    for (const [which, search] of searches.entries()) {
      const index = new Bm25(search.documents, {
        ...(search.documents.some((text) => unspaced.test(text)) ? { terms: characterTerms } : {}),
      });
      const [from, to] = [which === 0 ? "query" : "document", which === 0 ? "document" : "query"] as const;
      const translator =
        name === "BM25"
          ? undefined
          : await WordTranslator.fit(
              train.map((pair) => pair[from].toLowerCase()),
              train.map((pair) => pair[to].toLowerCase()),
              { pause: (share) => pause((which + share) / searches.length) },
            );
      const rankings: number[][] = [];
      for (const [at, query] of search.queries.entries()) {
        if (at % 200 === 0) await pause((which + at / search.queries.length) / searches.length);
        const asked = translator === undefined ? query : translator.translate(query.toLowerCase());
        rankings.push(index.search(asked, depth).map(({ document }) => document));
      }
      directions.push(retrieved(search, rankings));
    }
    const { scores } = evaluated(directions, options);
    tried.push({ name, scores, seconds: (performance.now() - started) / 1000, queries: directions.flat() });
  }
  context.progress(names.length, names.length, "baselines");
  return tried;
}

function compared(first: Queries, second: Queries, { recipe }: SearchEvaluationOptions): ScoredComparison[] {
  const { seed } = recipe;
  const { resamples } = recipe.evaluate;
  return [
    { name: "nDCG@10", metric: ndcgAt(10) },
    { name: "recall@1", metric: recallAt(1) },
  ].map(({ name, metric }) => ({
    name,
    signature: `${metric.signature}|bs:${resamples}|seed:${seed}`,
    ...pairedBootstrapTest<RetrievedQuery>(metric, { first, second, seed, resamples }),
  }));
}

function judged({ difference, low, high, pValue }: ScoredComparison, best: string): SearchComparison {
  const answer = pValue >= 0.05 ? "undecided" : difference > 0 ? "no" : "yes";
  return { answer, best, difference, low, high, pValue };
}

/** Every so many queries of both directions, with the first hits. */
function sampled(directions: readonly Queries[]): SearchResults["samples"] {
  return directions.flatMap((queries) => {
    const count = Math.min(queries.length, shownSamples / directions.length);
    return Array.from({ length: count }, (_, index) => {
      const { query, ranking, relevance } = queries[Math.floor((index * queries.length) / count)]!;
      const hits = ranking.slice(0, 3).map((text) => ({ text: `${text}`, right: Object.hasOwn(relevance, text) }));
      return { query, hits };
    });
  });
}

function verdictOf({ answer, best, difference, low, high }: SearchComparison, language: "en" | "zh"): string {
  const name = term(best, language);
  const size = Math.abs(difference).toFixed(3);
  const range = `95 %: ${[low, high].map((value) => value.toFixed(3)).join(" – ")}`;
  if (language === "zh") {
    if (answer === "no") return `这个模型物有所值：nDCG@10 比最好的简单搜索（${name}）高 ${size}（${range}）。`;
    if (answer === "yes") return `简单搜索更好：${name} 的 nDCG@10 高 ${size}（${range}）。`;
    return `简单搜索或许就够了：模型与 ${name} 难分高下（${range}）。`;
  }
  if (answer === "no")
    return `The model's nDCG@10 is ${size} above that of the best simple search, ${name} (${range}).`;
  if (answer === "yes") return `A simple search does better: ${name} is ${size} of nDCG@10 above the model (${range}).`;
  return `A simple search may do: the model and ${name} cannot be told apart (${range}).`;
}

function poolNote(searches: readonly Search[], language: "en" | "zh"): string {
  const parts = searches.map(({ direction, queries, documents }) => {
    const [asked, searched] = [queries.length.toLocaleString("en"), documents.length.toLocaleString("en")];
    return language === "zh"
      ? `${direction}：${asked} 个查询，在 ${searched} 条文本中检索`
      : `${direction}: ${asked} queries among ${searched} texts`;
  });
  return language === "zh"
    ? `${parts.join("；")}。只有标点或大小写不同的文本算作同一条；只有数据中配对的才算正确，意思相近的其他文本算错。`
    : `${parts.join("; ")}. Texts that differ in marks and case alone count as one; only what the data pairs is right, and other texts that would do as well count as wrong.`;
}
