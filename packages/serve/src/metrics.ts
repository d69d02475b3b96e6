import { type IntervalHistogram, monitorEventLoopDelay } from "node:perf_hooks";
import { Counter, Gauge, Histogram, Registry } from "prom-client";

/** What the metrics read when they are asked for. */
export interface Watched {
  readonly models: readonly { readonly id: string; readonly queue: { readonly length: number } }[];
  readonly workersAlive: number;
}

const rejections = [
  "queue_full",
  "draining",
  "loading",
  "invalid",
  "removed",
  "cancelled",
  "unavailable",
  "time_limit",
  "failed",
] as const;

/** Why a request got no prediction. */
export type Rejection = (typeof rejections)[number];

/** Sampling interval of the event-loop delay; Node's histogram includes it in every value. */
const resolution = 10;
const secondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Prometheus metrics of a server, in a registry of their own. */
export class ServeMetrics {
  readonly registry = new Registry();
  readonly #delay: IntervalHistogram = monitorEventLoopDelay({ resolution });
  readonly #requests = new Histogram({
    name: "nacre_http_request_duration_seconds",
    help: "Time from a request's first byte to its answer's last",
    labelNames: ["method", "route", "status"],
    buckets: secondsBuckets,
    registers: [this.registry],
  });
  readonly #batches = new Histogram({
    name: "nacre_batch_size",
    help: "Inputs in one call of the model",
    labelNames: ["model"],
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
    registers: [this.registry],
  });
  readonly #inference = new Histogram({
    name: "nacre_inference_duration_seconds",
    help: "Time inside the model for one batch",
    labelNames: ["model"],
    buckets: secondsBuckets,
    registers: [this.registry],
  });
  readonly #rejected = new Counter({
    name: "nacre_rejected_total",
    help: "Predict requests that got no prediction",
    labelNames: ["model", "reason"],
    registers: [this.registry],
  });
  readonly #crashes = new Counter({
    name: "nacre_worker_crashes_total",
    help: "Worker threads that ended when they should not",
    registers: [this.registry],
  });
  /** Finding a child by its labels costs more than observing, so children are kept. */
  readonly #children = new Map<string, { observe(seconds: number): void }>();

  constructor() {
    this.#delay.enable();
    const delay = this.#delay;
    new Gauge({
      name: "nacre_event_loop_delay_seconds",
      help: "Delay of the HTTP thread's event loop since the last scrape",
      labelNames: ["quantile"],
      registers: [this.registry],
      collect() {
        for (const quantile of [0.5, 0.99, 1]) {
          this.set({ quantile }, Math.max(0, delay.percentile(quantile * 100) / 1e9 - resolution / 1000));
        }
        delay.reset();
      },
    });
    new Gauge({
      name: "process_resident_memory_bytes",
      help: "Resident memory of the process, workers included",
      registers: [this.registry],
      collect() {
        this.set(process.memoryUsage.rss());
      },
    });
  }

  /** Reports the queues and workers of a pool. */
  watch(pool: Watched): void {
    new Gauge({
      name: "nacre_queue_length",
      help: "Requests that wait for a worker",
      labelNames: ["model"],
      registers: [this.registry],
      collect() {
        this.reset();
        for (const { id, queue } of pool.models) this.set({ model: id }, queue.length);
      },
    });
    new Gauge({
      name: "nacre_workers",
      help: "Worker threads alive",
      registers: [this.registry],
      collect() {
        this.set(pool.workersAlive);
      },
    });
  }

  request(labels: { readonly method: string; readonly route: string; readonly status: number }, seconds: number): void {
    const key = `${labels.method} ${labels.status} ${labels.route}`;
    let child = this.#children.get(key);
    if (child === undefined) this.#children.set(key, (child = this.#requests.labels(labels)));
    child.observe(seconds);
  }

  batch(model: string, { sizes, seconds }: { readonly sizes: readonly number[]; readonly seconds: number }): void {
    for (const size of sizes) this.#batches.observe({ model }, size);
    if (sizes.length > 0) this.#inference.observe({ model }, seconds / sizes.length);
  }

  rejected(model: string, reason: Rejection): void {
    this.#rejected.inc({ model, reason });
  }

  crashed(): void {
    this.#crashes.inc();
  }

  /** Drops what was recorded of a model. */
  forget(model: string): void {
    this.#batches.remove({ model });
    this.#inference.remove({ model });
    for (const reason of rejections) this.#rejected.remove({ model, reason });
  }

  close(): void {
    this.#delay.disable();
  }
}
