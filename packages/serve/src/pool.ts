import { Job } from "./job.ts";
import { type Rejection, ServeMetrics } from "./metrics.ts";
import { type ModelSource, openSource } from "./model-source.ts";
import { PoolWorker } from "./pool-worker.ts";
import { ServeError } from "./problem.ts";
import type { BatchResult, Payload } from "./protocol.ts";
import { closed, closing, crashed, modelFailed, notReady, queueFull, rejections, unknownModel } from "./refusals.ts";
import { PoolOptions } from "./serve-options.ts";
import { ServedModel } from "./served-model.ts";

/** Where a pool tells what went wrong inside; a pino logger fits. */
export interface PoolLog {
  warn(details: object, text: string): void;
  error(details: object, text: string): void;
}

/**
 * Worker threads that serve models. Requests queue per model, batches form on the calling thread, and everything that takes
 * time (reading bodies, decoding images, the model itself) happens in the workers.
 *
 * The threads start with the first model.
 */
export class Pool {
  readonly options: PoolOptions;
  readonly metrics: ServeMetrics;
  readonly #log: PoolLog | undefined;
  readonly #models = new Map<string, ServedModel>();
  #workers: PoolWorker[] = [];
  #draining = false;
  #onQuiet: (() => void) | undefined;

  constructor(
    options: Partial<PoolOptions> = {},
    { metrics = new ServeMetrics(), log }: { readonly metrics?: ServeMetrics; readonly log?: PoolLog } = {},
  ) {
    this.options = PoolOptions.parse(options);
    this.metrics = metrics;
    this.#log = log;
    metrics.watch(this);
  }

  /** The models, in the order they were added. */
  get models(): readonly ServedModel[] {
    return [...this.#models.values()];
  }

  /** Every model is loaded in a living worker, and nobody has asked the pool to end. */
  get ready(): boolean {
    return !this.#draining && this.models.every(({ id, state }) => state === "ready" && this.#served(id));
  }

  get draining(): boolean {
    return this.#draining;
  }

  get workersAlive(): number {
    return this.#workers.filter(({ alive }) => alive).length;
  }

  /**
   * Loads a model in every worker. When it resolves, requests are answered.
   *
   * @throws Error when the id is taken or malformed, the bundle is damaged, or the model cannot be loaded.
   */
  async add(id: string, source: ModelSource): Promise<ServedModel> {
    if (!/^[A-Za-z0-9][\w.-]{0,99}$/.test(id)) {
      throw new TypeError(
        `Expected a model id of at most 100 letters, digits, "_", "-" and "." that starts with a letter or digit. Received ${JSON.stringify(id)}.`,
      );
    }
    if (this.#models.has(id)) throw new Error(`A model ${id} is served already. Remove it first or choose another id.`);
    if (this.#draining) throw new Error("The pool is closing: it takes no more models.");
    const model = new ServedModel(id);
    this.#models.set(id, model);
    try {
      const spec = await openSource(id, source);
      this.#start();
      const loads = await Promise.allSettled(this.#workers.map((worker) => worker.load(id, spec)));
      for (const load of loads) if (load.status === "rejected") throw load.reason;
      const first = loads[0]!;
      if (this.#models.get(id) !== model) throw new Error(`Model ${id} was removed while it was loaded.`);
      if (first.status === "fulfilled") model.loaded(spec.about, first.value);
      return model;
    } catch (error) {
      if (this.#models.get(id) === model) this.remove(id);
      throw error;
    }
  }

  /** Stops serving a model. Its waiting requests get 404; a batch that is running is finished. */
  remove(id: string): boolean {
    const model = this.#models.get(id);
    if (model === undefined) return false;
    this.#models.delete(id);
    for (const job of [...model.queue]) job.reject(unknownModel(id, this.#models.keys()));
    model.clearTimer();
    for (const worker of this.#workers) worker.unload(id);
    this.metrics.forget(id);
    return true;
  }

  /** @throws ServeError (404) that names the models there are. */
  model(id: string): ServedModel {
    const model = this.#models.get(id);
    if (model === undefined) throw unknownModel(id, this.#models.keys());
    return model;
  }

  /** The model, when a request for it can be taken now. @throws ServeError (404, 429, 503) */
  admit(id: string): ServedModel {
    const model = this.model(id);
    const refuse = (reason: Rejection, error: ServeError): never => {
      this.metrics.rejected(id, reason);
      throw error;
    };
    const { queueLimit } = this.options;
    if (this.#draining) refuse("draining", closing());
    if (model.state !== "ready") refuse("loading", notReady(id, model.state));
    if (model.queue.length >= queueLimit) {
      refuse("queue_full", queueFull(id, queueLimit, model.secondsToEmpty(this.#workers.length)));
    }
    return model;
  }

  /**
   * Queues a request. Memory that a payload owns alone moves to the worker: do not use it again.
   *
   * @param size inputs in the payload; a payload nobody has counted goes as a full batch
   * @throws ServeError (404, 429, 503)
   */
  submit(id: string, payload: Payload, size: number = this.options.maxBatch): Job {
    const model = this.admit(id);
    const { timeLimitMilliseconds } = this.options;
    const onSettled = (settled: Job, error: ServeError | undefined) => this.#settled(model, settled, error);
    const job = new Job({ payload, size, timeLimitMilliseconds, onSettled });
    model.queue.push(job);
    this.#dispatch();
    return job;
  }

  /**
   * Predicts without HTTP.
   *
   * @throws ServeError with the status and problem that a request would get
   */
  async predict(id: string, inputs: readonly unknown[], signal?: AbortSignal): Promise<unknown[]> {
    signal?.throwIfAborted();
    const job = this.submit(id, JSON.stringify({ inputs }), inputs.length);
    const cancel = () => job.cancel();
    signal?.addEventListener("abort", cancel, { once: true });
    try {
      return JSON.parse(await job.outputs) as unknown[];
    } finally {
      signal?.removeEventListener("abort", cancel);
    }
  }

  /** Takes no more requests, and finishes those it has within the limit; the rest get 503. */
  async drain(limitMilliseconds: number): Promise<void> {
    this.#draining = true;
    let timer: NodeJS.Timeout | undefined;
    const quiet = new Promise<void>((resolve) => {
      this.#onQuiet = resolve;
      timer = setTimeout(resolve, limitMilliseconds);
    });
    this.#noticeQuiet();
    this.#dispatch();
    await quiet;
    clearTimeout(timer);
    for (const { jobs } of this.models) for (const job of [...jobs]) job.reject(closed());
  }

  /** Ends the workers; requests still there get 503. */
  async close(): Promise<void> {
    await this.drain(0);
    for (const model of this.models) model.clearTimer();
    await Promise.all(this.#workers.map((worker) => worker.close()));
    this.#workers = [];
    this.metrics.close();
  }

  #start(): void {
    while (this.#workers.length < this.options.workers) {
      const worker = new PoolWorker(this.options.workers, {
        idle: () => this.#dispatch(),
        reloaded: (id) => this.#models.get(id)?.recovered(),
        answered: (id, jobs, result) => this.#answered(id, jobs, result),
        crashed: (error, jobs) => {
          this.#log?.error({ error: error.stack ?? error.message, requests: jobs.length }, "worker crashed");
          this.metrics.crashed();
          for (const job of jobs) job.reject(crashed());
        },
        lost: (id, error) => {
          this.#log?.error({ model: id, error: error.message }, "replaced worker lacks a model");
          if (!this.#served(id)) this.#models.get(id)?.failed();
        },
      });
      this.#workers.push(worker);
    }
  }

  #served(id: string): boolean {
    return this.#workers.some((worker) => worker.serves(id));
  }

  /** Gives idle workers the batches whose turn has come; wakes up again when the next one's has. */
  #dispatch(): void {
    for (const worker of this.#workers) {
      const model = worker.idle ? this.#next(worker) : undefined;
      if (model === undefined) continue;
      const { maxBatch, timeLimitMilliseconds } = this.options;
      const jobs = model.queue.take(maxBatch);
      for (const job of jobs) model.running.set(job, worker);
      worker.run(model.id, jobs, { maxBatch, stuckMilliseconds: 2 * timeLimitMilliseconds });
    }
  }

  /** Of the models with a batch to compute, the one whose first request has waited longest. */
  #next(worker: PoolWorker): ServedModel | undefined {
    let chosen: ServedModel | undefined;
    const now = performance.now();
    for (const model of this.#models.values()) {
      const first = model.queue.first;
      if (first === undefined || !worker.serves(model.id)) continue;
      const wait = first.arrival + this.options.maxWaitMilliseconds - now;
      if (wait > 0 && model.queue.inputs < this.options.maxBatch && !this.#draining) {
        model.wake(wait, () => this.#dispatch());
      } else if (chosen === undefined || first.arrival < chosen.queue.first!.arrival) {
        chosen = model;
      }
    }
    return chosen;
  }

  #answered(id: string, jobs: readonly Job[], { outcomes, sizes, seconds }: BatchResult): void {
    const model = this.#models.get(id);
    this.metrics.batch(id, { sizes, seconds });
    model?.computed(jobs.length, seconds);
    jobs.forEach((job, index) => {
      const outcome = outcomes[index]!;
      if (outcome.kind === "outputs") job.resolve(outcome.text);
      else if (outcome.kind === "invalid") job.reject(new ServeError(400, outcome.problem));
      else if (outcome.kind === "cancelled") job.cancel();
      else {
        this.#log?.error({ model: id, error: outcome.error }, "model failed on a request");
        job.reject(modelFailed(id));
      }
    });
  }

  #settled(model: ServedModel, job: Job, error: ServeError | undefined): void {
    const worker = model.running.get(job);
    if (error) this.metrics.rejected(model.id, rejections.get(error.statusCode) ?? "failed");
    if (worker === undefined) {
      if (!job.dispatched) model.queue.settled(job);
    } else {
      model.running.delete(job);
      worker.settled();
    }
    this.#noticeQuiet();
  }

  #noticeQuiet(): void {
    if (this.#onQuiet && this.models.every(({ queue, running }) => queue.length + running.size === 0)) this.#onQuiet();
  }
}
