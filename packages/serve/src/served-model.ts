import type { Job } from "./job.ts";
import { JobQueue } from "./job-queue.ts";
import type { ModelAbout } from "./model-source.ts";
import type { PoolWorker } from "./pool-worker.ts";
import type { LoadedModel } from "./protocol.ts";

/** How much the newest batch counts in the running mean of time per request. */
const newest = 0.2;

/** One model of a pool: what it is and what waits for it. */
export class ServedModel {
  readonly id: string;
  readonly queue = new JobQueue();
  readonly running = new Map<Job, PoolWorker>();
  /** The beginning of an answer, in JSON: what follows are the outputs. */
  readonly answerHead: string;
  state: "loading" | "ready" | "failed" = "loading";
  about: ModelAbout | undefined;
  description: LoadedModel | undefined;
  #secondsPerRequest = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(id: string) {
    this.id = id;
    this.answerHead = `{"model":${JSON.stringify(id)},"outputs":`;
  }

  /** Every request that waits or is computed. */
  get jobs(): readonly Job[] {
    return [...this.queue, ...this.running.keys()];
  }

  loaded(about: ModelAbout, description: LoadedModel): void {
    this.about = about;
    this.description = description;
    this.state = "ready";
  }

  /** No worker holds the model any more. */
  failed(): void {
    this.state = "failed";
  }

  /** A replaced worker holds the model again. */
  recovered(): void {
    if (this.state === "failed") this.state = "ready";
  }

  /** Learns how long requests take. */
  computed(requests: number, seconds: number): void {
    const measured = seconds / requests;
    this.#secondsPerRequest += (this.#secondsPerRequest === 0 ? 1 : newest) * (measured - this.#secondsPerRequest);
  }

  /** When a full queue will have been worked off, by what was measured; whole seconds, at least 1. */
  secondsToEmpty(workers: number): number {
    return Math.max(1, Math.ceil((this.queue.length * this.#secondsPerRequest) / Math.max(1, workers)));
  }

  /** Calls back once after the wait; asking again meanwhile changes nothing. */
  wake(milliseconds: number, action: () => void): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      action();
    }, Math.ceil(milliseconds));
  }

  clearTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
