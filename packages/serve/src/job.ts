import type { ServeError } from "./problem.ts";
import type { Payload } from "./protocol.ts";
import { cancelled, tooLate } from "./refusals.ts";

/** One request for one model, from its arrival to its answer. */
export class Job {
  readonly arrival = performance.now();
  /** Inputs; what is too large to count here counts as a full batch. */
  readonly size: number;
  /** JSON text of the array of outputs. Rejects with a ServeError. */
  readonly outputs: Promise<string>;
  payload: Payload;
  settled = false;
  /** The worker's turn has come. */
  dispatched = false;
  readonly #resolve: (text: string) => void;
  readonly #reject: (error: ServeError) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #onSettled: (job: Job, error: ServeError | undefined) => void;

  constructor(options: {
    readonly payload: Payload;
    readonly size: number;
    readonly timeLimitMilliseconds: number;
    readonly onSettled: (job: Job, error: ServeError | undefined) => void;
  }) {
    const { payload, size, timeLimitMilliseconds, onSettled } = options;
    this.payload = payload;
    this.size = size;
    this.#onSettled = onSettled;
    let resolve!: (text: string) => void;
    let reject!: (error: ServeError) => void;
    this.outputs = new Promise((...functions) => ([resolve, reject] = functions));
    this.#resolve = resolve;
    this.#reject = reject;
    this.#timer = setTimeout(() => this.reject(tooLate(timeLimitMilliseconds)), timeLimitMilliseconds);
  }

  resolve(text: string): void {
    if (this.#settle(undefined)) this.#resolve(text);
  }

  reject(error: ServeError): void {
    if (this.#settle(error)) this.#reject(error);
  }

  /** Whoever asked has gone. */
  cancel(): void {
    if (!this.settled) this.reject(cancelled());
  }

  #settle(error: ServeError | undefined): boolean {
    if (this.settled) return false;
    this.settled = true;
    // A settled job may stay in the queue until its turn: it must not hold the body.
    this.payload = "";
    clearTimeout(this.#timer);
    this.#onSettled(this, error);
    return true;
  }
}
