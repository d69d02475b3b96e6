import {
  bootstrap,
  evaluateLanguageModel,
  type LanguageModelEvaluation,
  renderLanguageReport,
  type ScoredText,
  term,
  wilson,
} from "@nacre/evaluate";
import { TextNgramModel } from "@nacre/evaluate/baselines";
import type { Evaluated, EvaluationContext } from "../task.ts";
import { isQuatrain } from "./quatrain.ts";

/** How a simple model of the language did on the same text. */
export interface LanguageModelBaseline {
  readonly name: string;
  readonly scores: LanguageModelEvaluation["scores"];
  readonly seconds: number;
}

/** Bits per character: the best simple model's less the model's, on the same texts. */
export interface LanguageModelComparison {
  readonly answer: "no" | "yes" | "undecided";
  readonly best: string;
  readonly difference: number;
  readonly low: number;
  readonly high: number;
}

/** A text, or a part of a longer one, and what the model gave it. */
export interface ScoredUnit extends ScoredText {
  readonly text: string;
  /** The characters before it in the same text. */
  readonly before: string;
}

export interface TextEvaluationOptions {
  readonly title: Readonly<Record<"en" | "zh", string>>;
  readonly seed: number;
  readonly resamples: number;
  readonly window: { readonly context: number; readonly stride: number };
  readonly units: readonly ScoredUnit[];
  /** Mean loss where blocks of the context's length are scored apart, as others report it; only of running text. */
  readonly blockLoss: number | undefined;
  /** Texts that the n-gram models learn from; none where they are not to be tried. */
  readonly train: readonly string[] | undefined;
  /** Whether units are whole texts, whose ends are predicted. */
  readonly whole: boolean;
  readonly unknownCharacters: number;
  readonly samples: readonly { readonly prompt: string; readonly text: string }[];
  readonly form: "none" | "quatrain";
}

/** `evaluation.json` of a text generator. */
export interface TextResults {
  readonly evaluation: LanguageModelEvaluation;
  readonly baselines: readonly LanguageModelBaseline[];
  readonly comparison: LanguageModelComparison | null;
  /** With what the model wrote before fine-tuning, where it was. */
  readonly samples: readonly { readonly prompt: string; readonly text: string; readonly before?: string }[];
  readonly unknownCharacters: number;
}

const shownSamples = 24;

/** Scores a language model beside n-gram models of characters and writes it up. */
export async function evaluateTexts(options: TextEvaluationOptions, context: EvaluationContext): Promise<Evaluated> {
  const { title, seed, resamples, window, units, unknownCharacters } = options;
  const own = evaluateLanguageModel({ texts: units, window, seed, resamples });
  const evaluation = { ...own, scores: [...own.scores, ...furtherScores(options)] };
  const baselines = await tryBaselines(options, context);
  const comparison = compare(options, baselines);
  const samples = options.samples.slice(0, shownSamples);
  const shown = baselines.map(({ units: _, ...row }) => row);
  const report = (language: "en" | "zh") =>
    renderLanguageReport({
      title: title[language],
      evaluation,
      systems: shown,
      notes: [
        ...(comparison === null ? [] : [verdictOf(comparison, language)]),
        ...(unknownCharacters === 0 ? [] : [unknownNote(unknownCharacters, language)]),
      ],
      samples,
      facts: context.facts,
      language,
    });
  const results: TextResults = { evaluation, baselines: shown, comparison, samples, unknownCharacters };
  return {
    scores: evaluation.scores,
    baselines: shown.map(({ name, scores, seconds }) => ({ name, scores: [...scores], seconds })),
    verdict: comparison === null ? "No simple model was tried." : verdictOf(comparison, "en"),
    evaluation: results,
    reports: { en: report("en"), zh: report("zh") },
  };
}

function furtherScores({ blockLoss, samples, form, window }: TextEvaluationOptions): LanguageModelEvaluation["scores"] {
  const further: LanguageModelEvaluation["scores"][number][] = [];
  if (blockLoss !== undefined) {
    const signature = `loss|per:token|unit:nat|blocks:${window.context}`;
    further.push({ name: "block loss", value: blockLoss, low: blockLoss, high: blockLoss, signature });
  }
  if (form === "quatrain" && samples.length > 0) {
    const hits = samples.filter(({ prompt, text }) => isQuatrain(prompt + text)).length;
    const signature = `share|samples:${samples.length}|lines:4|characters:5,7|interval:wilson`;
    further.push({
      name: "well-formed quatrains",
      value: hits / samples.length,
      ...wilson(hits, samples.length),
      signature,
    });
  }
  return further;
}

type TriedBaseline = LanguageModelBaseline & { readonly units: readonly ScoredText[] };

const ngrams = [
  { name: "character bigram", order: 2, smoothing: 1 },
  { name: "Kneser–Ney 5-gram", order: 5, smoothing: "kneser-ney" },
] as const;

async function tryBaselines(options: TextEvaluationOptions, context: EvaluationContext): Promise<TriedBaseline[]> {
  const { train, units, whole, seed, resamples } = options;
  if (train === undefined) return [];
  const rows: TriedBaseline[] = [];
  for (const [done, { name, order, smoothing }] of ngrams.entries()) {
    context.signal?.throwIfAborted();
    context.progress(done, ngrams.length, "baselines", name);
    // The counts take a while: let the event out first.
    await new Promise((resolve) => setTimeout(resolve));
    const started = performance.now();
    const model = TextNgramModel.fit(train, { order, smoothing, boundaries: whole });
    const scored = units.map((unit) => ngramUnit(model, unit, whole));
    const { scores } = evaluateLanguageModel({ texts: scored, seed, resamples, shown: 0 });
    rows.push({ name, scores, seconds: (performance.now() - started) / 1000, units: scored });
  }
  context.progress(ngrams.length, ngrams.length, "baselines");
  return rows;
}

/** A part of a running text is scored with what stands before it, which costs nothing. */
function ngramUnit(model: TextNgramModel, { text, before }: ScoredUnit, whole: boolean): ScoredText {
  if (whole || before === "") return model.score(text);
  const known = [...before].slice(-4).join("");
  const both = model.score(known + text);
  const { characters, bytes, words } = model.score(text);
  const { logLikelihood, tokens } = model.score(known);
  return { logLikelihood: both.logLikelihood - logLikelihood, tokens: both.tokens - tokens, characters, bytes, words };
}

function compare(
  { units, seed, resamples }: TextEvaluationOptions,
  baselines: readonly TriedBaseline[],
): LanguageModelComparison | null {
  const bits = (rows: readonly ScoredText[], weights?: Uint16Array): number => {
    let [nats, characters] = [0, 0];
    rows.forEach((row, index) => {
      const weight = weights?.[index] ?? 1;
      nats -= weight * row.logLikelihood;
      characters += weight * row.characters;
    });
    return nats / characters / Math.LN2;
  };
  const best = [...baselines].sort((one, other) => bits(one.units) - bits(other.units))[0];
  if (best === undefined) return null;
  const difference = (weights?: Uint16Array): number => bits(best.units, weights) - bits(units, weights);
  const [interval] = bootstrap(units.length, (weights) => [difference(weights)], { seed, resamples });
  const { low, high } = interval!;
  const answer = low > 0 ? "no" : high < 0 ? "yes" : "undecided";
  return { answer, best: best.name, difference: difference(), low, high };
}

function verdictOf({ answer, best, difference, low, high }: LanguageModelComparison, language: "en" | "zh"): string {
  const name = term(best, language);
  const bits = Math.abs(difference).toFixed(3);
  const range = `95 %: ${[low, high].map((value) => value.toFixed(3)).join(" – ")}`;
  if (language === "zh") {
    if (answer === "no") return `这个模型物有所值：每字符比最好的简单模型（${name}）少用 ${bits} 比特（${range}）。`;
    if (answer === "yes") return `简单模型更好：${name} 每字符少用 ${bits} 比特（${range}）。`;
    return `简单模型或许就够了：模型与 ${name} 难分高下（${range}）。`;
  }
  if (answer === "no") {
    return `The model needs ${bits} bits per character less than the best simple model, ${name} (${range}).`;
  }
  if (answer === "yes") return `A simple model does better: ${name} needs ${bits} bits per character less (${range}).`;
  return `A simple model may do: the model and ${name} cannot be told apart (${range}).`;
}

function unknownNote(count: number, language: "en" | "zh"): string {
  const shown = count.toLocaleString("en");
  return language === "zh"
    ? `测试集中有 ${shown} 个字符不在词表中；所有模型都把它们当作同一个未知字符来预测。`
    : `${shown} characters of the test part are not in the vocabulary; all models predict them as one unknown character.`;
}
