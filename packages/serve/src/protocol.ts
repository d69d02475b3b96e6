import type { InputKind, OutputKind } from "@nacre/tasks";
import type { Problem } from "./problem.ts";

/**
 * What a request brings for the model, as it came: JSON text, JSON bytes, or the files of an upload. The worker reads it,
 * so that a large body costs the HTTP thread a memory copy at most.
 */
export type Payload = string | Uint8Array | { readonly images: readonly Uint8Array[] };

/** From the HTTP thread to a worker. */
export type ToWorker =
  | { readonly type: "load"; readonly id: string; readonly loader: string; readonly spec: unknown }
  | { readonly type: "unload"; readonly id: string }
  | {
      readonly type: "predict";
      readonly batch: number;
      readonly id: string;
      readonly payloads: readonly Payload[];
      readonly maxBatch: number;
    }
  | { readonly type: "cancel"; readonly batch: number }
  | { readonly type: "end" };

/** From a worker to the HTTP thread. */
export type FromWorker =
  | { readonly type: "loaded"; readonly id: string; readonly model: LoadedModel }
  | { readonly type: "refused"; readonly id: string; readonly message: string }
  | { readonly type: "predicted"; readonly batch: number; readonly result: BatchResult };

/** What a loaded model takes and gives. */
export interface LoadedModel {
  readonly input: InputKind;
  readonly output: OutputKind;
  /** JSON Schema of one input, from the predictor's own zod schema. */
  readonly inputSchema: Readonly<Record<string, unknown>>;
}

/** One outcome for each payload, in order. */
export interface BatchResult {
  readonly outcomes: readonly Outcome[];
  /** Inputs in each call of the model. */
  readonly sizes: readonly number[];
  /** Time inside the model. */
  readonly seconds: number;
}

export type Outcome =
  /** JSON text of the array of outputs. */
  | { readonly kind: "outputs"; readonly text: string }
  /** The request is at fault. */
  | { readonly kind: "invalid"; readonly problem: Problem }
  /** The model is at fault; `error` is for the log. */
  | { readonly kind: "failed"; readonly error: string }
  | { readonly kind: "cancelled" };
