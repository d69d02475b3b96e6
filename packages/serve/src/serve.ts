import type { ModelSource } from "./model-source.ts";
import type { Pool } from "./pool.ts";
import { ServeOptions } from "./serve-options.ts";
import { createServer, type ServerOptions } from "./server.ts";

/** A model and the id it is served under. */
export type ModelEntry = { readonly id: string } & ModelSource;

export interface RunningServer {
  /** `http://host:port` */
  readonly address: string;
  readonly pool: Pool;
  /** Finishes what was accepted, within the drain limit, and ends everything. */
  close(): Promise<void>;
}

/**
 * Serves models over HTTP. The server listens at once and is ready when the models are loaded; then this resolves.
 *
 * @throws ZodError when an option is out of range; Error when the port is taken or a model cannot be loaded (nothing is left
 *   running then)
 */
export async function serve({
  models,
  ...options
}: ServerOptions & { readonly models: readonly ModelEntry[] }): Promise<RunningServer> {
  const { app, pool } = createServer(options);
  const { logger: _, ...settings } = options;
  const { host, port } = ServeOptions.parse(settings);
  try {
    const address = await app.listen({ host, port, listenTextResolver: (text) => `listening at ${text}` });
    await Promise.all(models.map(({ id, ...source }) => pool.add(id, source as ModelSource)));
    return { address, pool, close: () => app.close() };
  } catch (error) {
    await app.close();
    throw error;
  }
}

/**
 * Closes a server when the process is asked to end; a second signal ends it at once. With nothing else running, the
 * process then ends with exit code 0.
 */
export function closeOnSignals(server: Pick<RunningServer, "close">): void {
  const signals = ["SIGTERM", "SIGINT"] as const;
  const close = (): void => {
    for (const signal of signals) process.off(signal, close);
    server.close().catch((error: unknown) => {
      process.exitCode = 1;
      console.error(error);
    });
  };
  for (const signal of signals) process.on(signal, close);
}
