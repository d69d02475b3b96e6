import type { z } from "zod";

/** What a model takes: forms, canvases and HTTP schemas follow from it. */
export type InputKind =
  | { readonly kind: "image"; readonly height: number; readonly width: number; readonly channels: number }
  | { readonly kind: "row"; readonly columns: readonly InputColumn[] }
  | { readonly kind: "text"; readonly example: string }
  | {
      /** The beginning of a text, or a message that is answered. */
      readonly kind: "prompt";
      readonly conversation?: boolean;
      readonly example: string;
      /** What holds where an input does not say otherwise. */
      readonly settings: GenerationDefaults;
    }
  /** A question about a passage. */
  | { readonly kind: "question"; readonly example: { readonly question: string; readonly passage: string } }
  | {
      /** A text to find others by. */
      readonly kind: "search";
      readonly example: string;
      /** Texts that the model can search by itself. */
      readonly candidates: number;
      /** The two kinds of texts that it learnt from, as "zh" and "en". */
      readonly sides: readonly [string, string];
    }
  | {
      /** A text of one language, for another; both by their codes. */
      readonly kind: "translation";
      readonly source: string;
      readonly target: string;
      readonly example: string;
      readonly settings: { readonly beams: number; readonly lengthPenalty: number };
    };

/** How a text is drawn. */
export interface GenerationDefaults {
  readonly maxNewTokens: number;
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
}

export interface InputColumn {
  readonly name: string;
  readonly type: "number" | "category";
  /** The known categories, most frequent first. */
  readonly values?: readonly string[];
  /** A typical value. */
  readonly example?: string | number | null;
}

/** What a model gives. */
export type OutputKind =
  | { readonly kind: "classes"; readonly classes: readonly string[] }
  /** A text, token by token. */
  | { readonly kind: "continuation" }
  /** A part of a passage. */
  | { readonly kind: "answer" }
  /** Texts that were found, with scores. */
  | { readonly kind: "hits" }
  /** A text in another language, with where the model looked. */
  | { readonly kind: "translation" };

/** The likeliest answer to a question, and further ones. */
export interface FoundAnswer extends AnswerSpan {
  readonly question: string;
  /** Likeliest first. */
  readonly further: readonly AnswerSpan[];
}

/** A part of a passage: `passage.slice(start, end)`, in UTF-16 units. Empty where a passage has no words. */
export interface AnswerSpan {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** Share of the probability of all answers that were compared. */
  readonly score: number;
}

/** What a generator wrote after a prompt. */
export interface TextContinuation {
  readonly prompt: string;
  readonly text: string;
  /** Why it ended: an end token, or the length asked for. */
  readonly finishReason: "end" | "length";
  readonly tokens: readonly GeneratedToken[];
}

export interface GeneratedToken {
  readonly text: string;
  /** As the model itself gave it, before temperature and filters. */
  readonly probability: number;
  /** The likeliest tokens at its place. */
  readonly alternatives: readonly { readonly text: string; readonly probability: number }[];
}

/** What was found for a query, best first. */
export interface SearchResult {
  readonly query: string;
  readonly hits: readonly SearchHit[];
}

export interface SearchHit {
  /** Place among the texts that were searched. */
  readonly index: number;
  readonly text: string;
  /** Cosine of the two vectors, −1 to 1. */
  readonly score: number;
}

/** A text and its translation. */
export interface TextTranslation {
  readonly source: string;
  readonly text: string;
  /** As the model read and wrote them, ends included. */
  readonly sourceTokens: readonly string[];
  readonly targetTokens: readonly string[];
  /** For each target token, how much it attended to each source token; a row adds up to 1. */
  readonly attention: readonly (readonly number[])[];
}

/** One prediction of a classifier. */
export interface ClassPrediction {
  readonly label: string;
  readonly index: number;
  readonly probabilities: Readonly<Record<string, number>>;
  /** What each token of a text did for `label`, in order; where it was asked for. */
  readonly attributions?: readonly TokenAttribution[];
}

/** A token of a text, and what it adds to a class's logit above the mean of all classes' logits. */
export interface TokenAttribution {
  readonly text: string;
  /** [start, end) in the text, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
  readonly value: number;
}

/** A bundle ready to predict. Predictions of one batch are independent of each other. */
export interface Predictor<Input = unknown, Output = unknown> {
  readonly input: InputKind;
  readonly output: OutputKind;
  /** Checks one input as it comes over JSON. */
  readonly inputSchema: z.ZodType<Input>;
  /** One output for each input, in order. Inputs must have passed `inputSchema`. */
  predict(inputs: readonly Input[], signal?: AbortSignal): Promise<Output[]>;
  dispose(): void;
}
