import { setImmediate } from "node:timers/promises";
import type { Predictor } from "@nacre/tasks";
import { PredictBody } from "./predict-body.ts";
import { pathText, problemOf } from "./problem.ts";
import type { BatchResult, Outcome, Payload } from "./protocol.ts";

export interface BatchOptions {
  /** Most inputs in one call of the model. */
  readonly maxBatch: number;
  readonly signal: AbortSignal;
}

/**
 * Reads, checks and predicts the payloads of one batch; runs in a worker. A payload at fault does not touch the others: what
 * cannot be read is answered at once, and when the model fails on a batch each payload is tried alone.
 *
 * Between calls of the model the event loop turns, so that a cancellation gets in.
 */
export async function predictBatch(
  predictor: Predictor,
  payloads: readonly Payload[],
  options: BatchOptions,
): Promise<BatchResult> {
  const outcomes: Outcome[] = new Array(payloads.length);
  const requests: Request[] = [];
  payloads.forEach((payload, index) => {
    const read = readPayload(predictor, payload);
    if (Array.isArray(read)) requests.push({ index, inputs: read });
    else outcomes[index] = read;
  });
  const calls = new Calls(predictor, options);
  for (const [request, outcome] of await predictRequests(calls, requests)) outcomes[request.index] = outcome;
  return { outcomes, sizes: calls.sizes, seconds: calls.seconds };
}

interface Request {
  readonly index: number;
  readonly inputs: readonly unknown[];
}

async function predictRequests(calls: Calls, requests: readonly Request[]): Promise<[Request, Outcome][]> {
  if (requests.length === 0) return [];
  const inputs = requests.length === 1 ? requests[0]!.inputs : requests.flatMap((request) => request.inputs);
  try {
    const outputs = await calls.predict(inputs);
    let begin = 0;
    return requests.map((request) => {
      const own = outputs.slice(begin, (begin += request.inputs.length));
      return [request, { kind: "outputs", text: JSON.stringify(own) }];
    });
  } catch (error) {
    if (calls.signal.aborted) return requests.map((request) => [request, { kind: "cancelled" }]);
    if (requests.length === 1) return [[requests[0]!, blame(error, calls.begun)]];
    const alone: [Request, Outcome][] = [];
    for (const request of requests) alone.push(...(await predictRequests(calls, [request])));
    return alone;
  }
}

/**
 * Some faults no schema sees, as a damaged picture. For those `predict` throws an error with `inputIndex`, the input's place
 * in the call.
 *
 * @param begun inputs of the request in the calls before
 */
function blame(error: unknown, begun: number): Outcome {
  const index = error instanceof Error ? (error as Error & { inputIndex?: unknown }).inputIndex : undefined;
  if (typeof index !== "number") return { kind: "failed", error: errorText(error) };
  const path = pathText(["inputs", begun + index]);
  return { kind: "invalid", problem: { message: `${path}: ${(error as Error).message}`, path } };
}

/** Calls of the model, none larger than the limit. */
class Calls {
  readonly sizes: number[] = [];
  seconds = 0;
  /** Inputs before the newest call. */
  begun = 0;
  readonly signal: AbortSignal;
  readonly #predictor: Predictor;
  readonly #maxBatch: number;

  constructor(predictor: Predictor, { maxBatch, signal }: BatchOptions) {
    this.#predictor = predictor;
    this.#maxBatch = maxBatch;
    this.signal = signal;
  }

  async predict(inputs: readonly unknown[]): Promise<readonly unknown[]> {
    const outputs: unknown[] = [];
    for (let begin = 0; begin < inputs.length; begin += this.#maxBatch) {
      if (this.sizes.length > 0) await setImmediate();
      this.signal.throwIfAborted();
      this.begun = begin;
      const part = inputs.slice(begin, begin + this.#maxBatch);
      const started = performance.now();
      const answer = await this.#predictor.predict(part, this.signal);
      this.seconds += (performance.now() - started) / 1000;
      this.sizes.push(part.length);
      if (answer.length !== part.length) {
        throw new Error(
          `Expected ${part.length} outputs from predict(), one for each input. Received ${answer.length}.`,
        );
      }
      outputs.push(...answer);
    }
    return outputs;
  }
}

const decoder = new TextDecoder();

function readPayload(predictor: Predictor, payload: Payload): unknown[] | Outcome {
  let body: unknown;
  if (typeof payload === "object" && "images" in payload) {
    body = {
      inputs: payload.images.map((image) => ({
        image: Buffer.from(image.buffer, image.byteOffset, image.byteLength).toString("base64"),
      })),
    };
  } else {
    try {
      body = JSON.parse(typeof payload === "string" ? payload : decoder.decode(payload));
    } catch (error) {
      return { kind: "invalid", problem: notJson(error) };
    }
  }
  const envelope = PredictBody.safeParse(body);
  if (!envelope.success) return { kind: "invalid", problem: problemOf(envelope.error, body) };
  const inputs: unknown[] = [];
  for (const [index, input] of envelope.data.inputs.entries()) {
    const checked = predictor.inputSchema.safeParse(input);
    if (!checked.success) return { kind: "invalid", problem: problemOf(checked.error, input, ["inputs", index]) };
    inputs.push(checked.data);
  }
  return inputs;
}

/** @param error what JSON.parse threw */
export function notJson(error: unknown) {
  const detail = error instanceof Error ? error.message : String(error);
  return {
    message: `Expected a body in JSON. ${detail}.`,
    path: "",
    expected: "JSON",
    received: "text that is no JSON",
  };
}

export function errorText(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
