import { availableParallelism } from "node:os";
import { z } from "zod";

/** How the models compute: what a pool needs to know. */
export const PoolOptions = z.strictObject({
  workers: z
    .int()
    .min(1)
    .default(() => Math.max(1, Math.min(2, availableParallelism() - 1)))
    .describe("worker threads that compute; each holds every model"),
  maxBatch: z.int().min(1).default(32).describe("most inputs computed at once"),
  maxWaitMilliseconds: z
    .number()
    .min(0)
    .default(2)
    .describe("how long a request waits for others to share its batch, in milliseconds"),
  queueLimit: z.int().min(1).default(256).describe("requests that may wait for one model; more are refused with 429"),
  timeLimitMilliseconds: z
    .number()
    .positive()
    .default(30_000)
    .describe("time from a request's arrival to its answer, in milliseconds; then 504"),
});
export type PoolOptions = z.output<typeof PoolOptions>;

const logLevels = ["fatal", "error", "warn", "info", "debug", "trace", "silent"] as const;

/** Every option of the server, with its default and unit. Command-line flags derive from it. */
export const ServeOptions = z.strictObject({
  host: z.string().min(1).default("127.0.0.1").describe("address to listen on; 0.0.0.0 for every network"),
  port: z.int().min(0).max(65_535).default(8080).describe("port to listen on; 0 takes a free one"),
  ...PoolOptions.shape,
  bodyLimitBytes: z
    .int()
    .min(1)
    .default(4 * 2 ** 20)
    .describe("largest request body, in bytes; more is refused with 413"),
  drainMilliseconds: z
    .number()
    .min(0)
    .default(10_000)
    .describe("how long a server that is closing finishes what it has accepted, in milliseconds"),
  logLevel: z
    .enum(logLevels)
    .default("info")
    .describe(`least severe log line to write: ${logLevels.join(", ")}`),
  origin: z
    .string()
    .min(1)
    .default("same-origin")
    .describe("web pages that may call: same-origin, * or a list of origins with commas between"),
});
export type ServeOptions = z.output<typeof ServeOptions>;
