import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from "fastify";
import { pino } from "pino";
import { allowOrigins } from "./allow-origins.ts";
import { answerError, answerNotFound } from "./error-handler.ts";
import { Pool } from "./pool.ts";
import { type PoolOptions, ServeOptions } from "./serve-options.ts";
import { servingRoutes } from "./serving-routes.ts";

export interface ServerOptions extends Partial<ServeOptions> {
  /** Where log lines go; by default a pino logger of `logLevel` that writes to standard error. */
  readonly logger?: FastifyBaseLogger;
}

export interface Server {
  /** Closing it drains the pool and ends its workers. */
  readonly app: FastifyInstance;
  /** Models are added and removed here, also while the server runs. */
  readonly pool: Pool;
}

/**
 * A server that does not listen yet: `app.inject()` asks it, `app.listen()` opens it.
 *
 * @throws ZodError when an option is out of range
 */
export function createServer({ logger, ...options }: ServerOptions = {}): Server {
  const settings = ServeOptions.parse(options);
  const log = logger ?? logTo(settings.logLevel);
  const pool = new Pool(poolOptions(settings), log && { log });
  const { metrics } = pool;
  const app: FastifyInstance = fastify({
    ...(log && { loggerInstance: log }),
    // One line a request, below; Fastify would write two.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: settings.bodyLimitBytes,
    return503OnClosing: false,
    requestIdHeader: "x-request-id",
    // A body that trickles in must not hold a connection for ever.
    requestTimeout: settings.timeLimitMilliseconds,
    forceCloseConnections: "idle",
  });
  allowOrigins(app, settings.origin);
  app.setErrorHandler(answerError);
  app.setNotFoundHandler(answerNotFound);
  app.addHook("onResponse", (request, reply, done) => {
    const route = request.routeOptions.url ?? "none";
    const milliseconds = reply.elapsedTime;
    const { method } = request;
    const status = reply.statusCode;
    metrics.request({ method, route, status }, milliseconds / 1000);
    if (status >= 500) request.log.warn({ method, url: request.url, status, milliseconds }, "answered");
    else request.log.info({ method, url: request.url, status, milliseconds }, "answered");
    done();
  });
  app.addHook("preClose", async () => {
    await pool.drain(settings.drainMilliseconds);
    // Clients have their answers or a moment to take them; then whoever is still connected is let go.
    setTimeout(() => app.server.closeAllConnections(), lastMilliseconds).unref();
  });
  app.addHook("onClose", () => pool.close());
  app.register(servingRoutes, { pool, bodyLimitBytes: settings.bodyLimitBytes });
  return { app, pool };
}

/** After draining, for the last bytes of the last answers. */
const lastMilliseconds = 1_000;

/** Nothing to write to is cheaper than a logger that writes nothing: Fastify derives one for every request. */
function logTo(level: ServeOptions["logLevel"]): FastifyBaseLogger | undefined {
  return level === "silent" ? undefined : pino({ level }, pino.destination(2));
}

function poolOptions(settings: ServeOptions): PoolOptions {
  const { workers, maxBatch, maxWaitMilliseconds, queueLimit, timeLimitMilliseconds } = settings;
  return { workers, maxBatch, maxWaitMilliseconds, queueLimit, timeLimitMilliseconds };
}
