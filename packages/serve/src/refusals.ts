// The answers of a pool that has no prediction to give.
import type { Rejection } from "./metrics.ts";
import { ServeError } from "./problem.ts";

/** How the metrics call a refusal, by its status; without an entry it is "failed". */
export const rejections: ReadonlyMap<number, Rejection> = new Map([
  [400, "invalid"],
  [404, "removed"],
  [499, "cancelled"],
  [503, "unavailable"],
  [504, "time_limit"],
]);

export function unknownModel(id: string, known: Iterable<string>): ServeError {
  const names = [...known].join(", ");
  const expected = names === "" ? "a model (none is loaded)" : `one of ${names}`;
  const message = `There is no model ${JSON.stringify(id)}. Expected ${expected}.`;
  return new ServeError(404, { message, path: "id", expected, received: id });
}

export function queueFull(id: string, limit: number, retryAfter: number): ServeError {
  const message = `${limit} requests wait for model ${id} already. Try again later.`;
  return new ServeError(
    429,
    { message, expected: `fewer than ${limit} waiting requests`, received: `${limit}` },
    retryAfter,
  );
}

export function notReady(id: string, state: "loading" | "failed"): ServeError {
  const message = `Model ${id} is not ready (${state}). Try again when /health/ready answers 200.`;
  return new ServeError(503, { message, expected: "a model that is ready", received: state }, 1);
}

export function closing(): ServeError {
  return new ServeError(503, { message: "The server is closing. Send the request to another one." }, 1);
}

export function closed(): ServeError {
  return new ServeError(503, { message: "The server closed before this request's turn." }, 1);
}

export function crashed(): ServeError {
  const message = "The worker that computed this request crashed. It is being replaced; try again.";
  return new ServeError(503, { message }, 1);
}

/** The cause is for the log, not for the client. */
export function modelFailed(id: string): ServeError {
  return new ServeError(500, { message: `Model ${id} failed on this request.` });
}

export function cancelled(): ServeError {
  return new ServeError(499, { message: "The request was cancelled by its sender." });
}

export function tooLate(milliseconds: number): ServeError {
  return new ServeError(504, {
    message: `No prediction within the time limit of ${milliseconds} ms. Send fewer inputs or try later.`,
    expected: `an answer within ${milliseconds} ms`,
    received: "none",
  });
}
