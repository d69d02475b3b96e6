import type { Worker } from "node:worker_threads";
import type { Job } from "./job.ts";
import type { BatchResult, FromWorker, LoadedModel, Payload, ToWorker } from "./protocol.ts";
import { startWorkerThread } from "./worker-thread.ts";

export interface PoolWorkerEvents {
  /** The worker can take a batch. */
  idle(): void;
  /** A replaced thread has loaded a model again. */
  reloaded(id: string): void;
  answered(id: string, jobs: readonly Job[], result: BatchResult): void;
  /** The thread ended while it should run; it is replaced after a pause. */
  crashed(error: Error, jobs: readonly Job[]): void;
  /** A replaced thread could not load a model again. */
  lost(id: string, error: Error): void;
}

interface Load {
  readonly loader: string;
  readonly spec: unknown;
  loaded: boolean;
  waiting: { resolve(model: LoadedModel): void; reject(error: Error): void } | undefined;
}

interface Run {
  readonly batch: number;
  readonly id: string;
  readonly jobs: readonly Job[];
  readonly watchdog: NodeJS.Timeout;
  cancelled: boolean;
}

const firstPause = 100;
const longestPause = 10_000;
/** What a thread gets to end by itself. */
const endMilliseconds = 2_000;

/** One worker thread and its successors: when a thread crashes, the next one loads the same models. */
export class PoolWorker {
  readonly #workers: number;
  readonly #events: PoolWorkerEvents;
  readonly #models = new Map<string, Load>();
  #thread: Worker | undefined;
  #run: Run | undefined;
  #batch = 0;
  #crashes = 0;
  #pause: NodeJS.Timeout | undefined;
  #closing = false;

  /** @param workers how many there are: they share the processors. */
  constructor(workers: number, events: PoolWorkerEvents) {
    this.#workers = workers;
    this.#events = events;
    this.#start();
  }

  get alive(): boolean {
    return this.#thread !== undefined;
  }

  get idle(): boolean {
    return this.#thread !== undefined && this.#run === undefined;
  }

  serves(id: string): boolean {
    return this.#thread !== undefined && this.#models.get(id)?.loaded === true;
  }

  /** @throws Error when the loader fails or the thread crashes meanwhile. */
  load(id: string, { loader, spec }: { readonly loader: string; readonly spec: unknown }): Promise<LoadedModel> {
    return new Promise((resolve, reject) => {
      this.#models.set(id, { loader, spec, loaded: false, waiting: { resolve, reject } });
      if (this.#thread) this.#post({ type: "load", id, loader, spec });
    });
  }

  unload(id: string): void {
    if (this.#models.delete(id) && this.#thread) this.#post({ type: "unload", id });
  }

  /**
   * Computes a batch. The worker must be idle and serve the model.
   *
   * @param options.stuckMilliseconds when the batch takes longer, the thread is ended and replaced
   */
  run(
    id: string,
    jobs: readonly Job[],
    options: { readonly maxBatch: number; readonly stuckMilliseconds: number },
  ): void {
    const { maxBatch, stuckMilliseconds } = options;
    const batch = ++this.#batch;
    const watchdog = setTimeout(() => {
      this.#crash(new Error(`A batch was still running after ${stuckMilliseconds} ms.`));
    }, stuckMilliseconds);
    this.#run = { batch, id, jobs, watchdog, cancelled: false };
    const payloads = jobs.map((job) => job.payload);
    this.#post({ type: "predict", batch, id, payloads, maxBatch }, transferable(payloads));
    for (const job of jobs) job.payload = "";
  }

  /** Must be told of each job that settles in this worker: when nobody waits for a batch any more, it is cancelled. */
  settled(): void {
    const run = this.#run;
    if (run === undefined || run.cancelled || run.jobs.some((job) => !job.settled)) return;
    run.cancelled = true;
    this.#post({ type: "cancel", batch: run.batch });
  }

  /** Ends the thread and waits until it has ended. */
  async close(): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#pause);
    const thread = this.#thread;
    if (thread === undefined) return;
    const ended = new Promise((resolve) => thread.once("exit", resolve));
    const impatience = setTimeout(() => void thread.terminate(), this.#run === undefined ? endMilliseconds : 0);
    this.#post({ type: "end" });
    await ended;
    clearTimeout(impatience);
    clearTimeout(this.#run?.watchdog);
  }

  #start(): void {
    const thread = startWorkerThread({ workers: this.#workers });
    this.#thread = thread;
    let failure: Error | undefined;
    thread.on("message", (message: FromWorker) => this.#receive(message));
    thread.on("error", (error: unknown) => {
      failure = error instanceof Error ? error : new Error(String(error));
    });
    thread.on("exit", (code) => {
      if (this.#thread === thread) this.#crash(failure ?? new Error(`The worker thread ended with code ${code}.`));
    });
    for (const [id, { loader, spec }] of this.#models) this.#post({ type: "load", id, loader, spec });
  }

  #receive(message: FromWorker): void {
    if (message.type === "predicted") {
      const run = this.#run!;
      clearTimeout(run.watchdog);
      this.#run = undefined;
      this.#crashes = 0;
      this.#events.answered(run.id, run.jobs, message.result);
      this.#events.idle();
      return;
    }
    const load = this.#models.get(message.id);
    if (load === undefined) return;
    const { waiting } = load;
    load.waiting = undefined;
    if (message.type === "loaded") {
      load.loaded = true;
      if (waiting) waiting.resolve(message.model);
      else this.#events.reloaded(message.id);
      this.#events.idle();
      return;
    }
    const error = new Error(`Model ${message.id} could not be loaded: ${message.message}`);
    if (waiting) waiting.reject(error);
    else this.#events.lost(message.id, error);
  }

  #crash(error: Error): void {
    const thread = this.#thread;
    this.#thread = undefined;
    if (this.#closing) return;
    void thread?.terminate();
    const run = this.#run;
    this.#run = undefined;
    clearTimeout(run?.watchdog);
    for (const load of this.#models.values()) {
      load.loaded = false;
      load.waiting?.reject(new Error(`The worker thread crashed while it loaded the model: ${error.message}`));
      load.waiting = undefined;
    }
    const pause = Math.min(longestPause, firstPause * 2 ** this.#crashes++);
    this.#pause = setTimeout(() => this.#start(), pause);
    this.#events.crashed(error, run?.jobs ?? []);
  }

  #post(message: ToWorker, transfer: readonly ArrayBuffer[] = []): void {
    this.#thread?.postMessage(message, transfer);
  }
}

/** Memory that a payload owns alone moves to the worker; small buffers share memory with others and are copied. */
function transferable(payloads: readonly Payload[]): ArrayBuffer[] {
  const found: ArrayBuffer[] = [];
  for (const payload of payloads) {
    if (typeof payload === "string") continue;
    for (const bytes of payload instanceof Uint8Array ? [payload] : payload.images) {
      const { buffer } = bytes;
      if (buffer instanceof ArrayBuffer && buffer.byteLength === bytes.byteLength) found.push(buffer);
    }
  }
  return found;
}
