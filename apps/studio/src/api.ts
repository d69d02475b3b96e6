import type { DataReport } from "@nacre/data";
import type {
  AnswersEvaluation,
  AttentionMap,
  BaselineVerdict,
  ClassificationEvaluation,
  LanguageModelEvaluation,
  RetrievalEvaluation,
  ScoredComparison,
  TranslationEvaluation as TranslatedSegments,
} from "@nacre/evaluate";
import type { Architecture, InputKind, OutputKind, RunEvent, RunState, TokenAttribution } from "@nacre/tasks";

/** What the page knows of its server. Types only: no code of these packages is bundled for it. */
export interface Recipe {
  readonly file: string;
  readonly name: string;
  readonly title: { readonly en: string; readonly zh: string };
  readonly description: { readonly en: string; readonly zh: string } | null;
  readonly task: string;
  readonly yaml: string;
}

export interface Evaluation {
  readonly evaluation: ClassificationEvaluation;
  readonly baselines: readonly {
    readonly name: string;
    readonly seconds: number;
    readonly note?: string;
    readonly scores: readonly {
      readonly name: string;
      readonly value: number;
      readonly low: number;
      readonly high: number;
    }[];
  }[];
  readonly comparison: BaselineVerdict | null;
  readonly worst: readonly (ClassificationEvaluation["worst"][number] & {
    readonly png?: string;
    readonly row?: Readonly<Record<string, string | number | null>>;
  })[];
}

/** Of a text generator. */
export interface TextEvaluation {
  readonly evaluation: LanguageModelEvaluation;
  readonly baselines: readonly {
    readonly name: string;
    readonly seconds: number;
    readonly scores: LanguageModelEvaluation["scores"];
  }[];
  readonly comparison: {
    readonly answer: "no" | "yes" | "undecided";
    readonly best: string;
    readonly difference: number;
    readonly low: number;
    readonly high: number;
    /** Of a fine-tuned model: what is compared with the model before. */
    readonly of?: "answers" | "pairs";
  } | null;
  readonly samples: readonly { readonly prompt: string; readonly text: string; readonly before?: string }[];
}

/** Of a model that answers questions about passages. */
export interface AnswerEvaluation {
  readonly evaluation: AnswersEvaluation;
  readonly baselines: readonly {
    readonly name: string;
    readonly seconds: number;
    readonly note?: string;
    readonly scores: AnswersEvaluation["scores"];
  }[];
  readonly comparison: TextEvaluation["comparison"];
}

/** Of a search. */
export interface SearchEvaluation {
  readonly evaluation: RetrievalEvaluation;
  readonly baselines: readonly {
    readonly name: string;
    readonly seconds: number;
    readonly scores: RetrievalEvaluation["scores"];
  }[];
  readonly comparison: TextEvaluation["comparison"];
  readonly samples: readonly {
    readonly query: string;
    readonly hits: readonly { readonly text: string; readonly right: boolean }[];
  }[];
}

/** `evaluation.json` of a translator. */
export interface TranslationEvaluation {
  readonly evaluation: TranslatedSegments;
  readonly baselines: readonly { readonly name: string; readonly scores: TranslatedSegments["scores"] }[];
  readonly comparison: { readonly against: string; readonly rows: readonly ScoredComparison[] } | null;
  readonly attention: readonly AttentionMap[];
}

export interface RunDetails {
  readonly run: RunState;
  readonly recipe: string | null;
  readonly data: DataReport | null;
  readonly architecture: Architecture | null;
  readonly evaluation: Evaluation | TextEvaluation | AnswerEvaluation | SearchEvaluation | TranslationEvaluation | null;
}

export interface ServedModel {
  readonly id: string;
  readonly name: string;
  readonly state: "loading" | "ready" | "failed";
  readonly input?: InputKind;
  readonly output?: OutputKind;
}

export interface Prediction {
  readonly label: string;
  readonly index: number;
  readonly probabilities: Readonly<Record<string, number>>;
  readonly attributions?: readonly TokenAttribution[];
}

/** Asks the server. @throws Error with the server's own words. */
async function ask<T>(path: string, init: RequestInit = {}): Promise<T> {
  const response = await fetch(path, init);
  if (response.status === 204) return undefined as T;
  const body = (await response.json().catch(() => undefined)) as { error?: { message?: string } } | undefined;
  if (!response.ok) throw new Error(body?.error?.message ?? `${response.status} ${response.statusText}`);
  return body as T;
}

const json = (method: string, body?: unknown): RequestInit =>
  body === undefined
    ? { method }
    : { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };

export const api = {
  recipes: () => ask<Recipe[]>("/api/recipes"),
  runs: () => ask<RunState[]>("/api/runs"),
  details: (id: string) => ask<RunDetails>(`/api/runs/${encodeURIComponent(id)}`),
  start: (recipe: string) => ask<{ id: string }>("/api/runs", json("POST", { recipe })),
  stop: (id: string) => ask<unknown>(`/api/runs/${encodeURIComponent(id)}/stop`, json("POST")),
  resume: (id: string) => ask<unknown>(`/api/runs/${encodeURIComponent(id)}/resume`, json("POST")),
  remove: (id: string) => ask<unknown>(`/api/runs/${encodeURIComponent(id)}`, json("DELETE")),
  model: (id: string) => ask<ServedModel>(`/v1/models/${encodeURIComponent(id)}`),
  /** What a model says to one input; of which kind, its `output` tells. */
  predict: <Output = Prediction>(id: string, input: unknown, signal: AbortSignal) =>
    ask<{ outputs: Output[] }>(`/v1/models/${encodeURIComponent(id)}/predict`, {
      ...json("POST", { inputs: [input] }),
      signal,
    }).then(({ outputs }) => outputs[0]!),
};

/** A finished run with a tokenizer. */
export interface TokenizerEntry {
  readonly run: string;
  readonly title: { readonly en: string; readonly zh: string };
}

/** A token, and where it stands in the text's UTF-8. */
export interface TokenCut {
  readonly id: number;
  readonly token: string;
  readonly text: string;
  /** Whether it is some bytes of a character; `text` is these in hexadecimal then. */
  readonly partial: boolean;
  readonly bytes: readonly [number, number];
}

export interface TokenizedText {
  readonly tokens: readonly TokenCut[];
  readonly characters: number;
  readonly bytes: number;
  readonly type: string;
  readonly vocabulary: number;
}

export function listTokenizers(): Promise<TokenizerEntry[]> {
  return ask<TokenizerEntry[]>("/api/tokenizers");
}

export function cutText(run: string, written: string, signal: AbortSignal): Promise<TokenizedText> {
  return ask<TokenizedText>(`/api/tokenizers/${encodeURIComponent(run)}`, {
    ...json("POST", { text: written }),
    signal,
  });
}

/** Follows a run's events; the browser reconnects by itself and continues after the last one. */
export function follow(
  id: string,
  onEvent: (event: RunEvent) => void,
  onState: (connected: boolean) => void,
): () => void {
  const source = new EventSource(`/api/runs/${encodeURIComponent(id)}/events`);
  source.onmessage = ({ data }) => onEvent(JSON.parse(data as string) as RunEvent);
  source.onopen = () => onState(true);
  source.onerror = () => onState(false);
  return () => source.close();
}
