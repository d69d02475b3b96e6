import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import fastifyStatic from "@fastify/static";
import { Pool, servingRoutes } from "@nacre/serve";
import fastify, { type FastifyInstance } from "fastify";
import { type Command, Engine, nacreCommand } from "./engine.ts";
import { studioRoutes } from "./routes.ts";
import { Runs } from "./runs.ts";

export interface StudioOptions {
  readonly runsFolder: string;
  readonly recipesFolder: string;
  /** What runs recipes; this workspace's `nacre` unless given. */
  readonly command?: Command;
  /** The built page; beside the built server unless given. */
  readonly pageFolder?: string;
}

export interface Studio {
  readonly app: FastifyInstance;
  /** Stops what runs, with checkpoints, and ends everything. */
  close(): Promise<void>;
}

const bodyLimitBytes = 8 * 2 ** 20;

/** The demo: its page, the runs behind it, and the models that came out of them. Nothing here computes. */
export async function createStudio(options: StudioOptions): Promise<Studio> {
  const engine = new Engine(options.command ?? nacreCommand());
  const runs = new Runs(options.runsFolder, { recipesFolder: options.recipesFolder, engine });
  const pool = new Pool({ workers: 1, maxWaitMilliseconds: 1 });
  await sweep(runs.folder);
  const app = fastify({ bodyLimit: bodyLimitBytes, forceCloseConnections: true });
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) console.error(error);
    void reply
      .code(status)
      .send({ error: { message: status >= 500 ? "The studio failed on this request." : error.message } });
  });
  app.addHook("onRequest", async (request, reply) => {
    reply.header("x-content-type-options", "nosniff").header("referrer-policy", "no-referrer");
    if (request.method === "GET" || request.method === "HEAD" || isOwnPage(request.headers)) return;
    // Another site's page must not start, stop or delete anything here.
    return reply.code(403).send({ error: { message: "Requests from pages of other sites are refused." } });
  });
  app.addHook("onRequest", async (request) => {
    const id = request.url.match(/^\/v1\/models\/([^/?]+)/)?.[1];
    if (id !== undefined) await addModel(decodeURIComponent(id));
  });
  await app.register(studioRoutes, { prefix: "/api", runs, recipesFolder: resolve(options.recipesFolder) });
  await app.register(servingRoutes, { pool, bodyLimitBytes });
  const page = options.pageFolder ?? pageFolder();
  if (page !== undefined) await app.register(fastifyStatic, { root: page, cacheControl: false });

  const adding = new Map<string, Promise<unknown>>();
  /** Serves a finished run's bundle under the run's id, from its first request on. */
  async function addModel(id: string): Promise<void> {
    if (pool.models.some((model) => model.id === id && model.state === "ready")) return;
    const state = await runs
      .run(id)
      .state()
      .catch(() => undefined);
    if (state?.state !== "done") return;
    let added = adding.get(id);
    if (added === undefined) {
      // One at a time, and the oldest gives way: each holds its weights in every worker.
      for (const model of pool.models.slice(0, Math.max(0, pool.models.length - 3))) pool.remove(model.id);
      added = pool.add(id, { folder: runs.run(id).bundle }).finally(() => adding.delete(id));
      adding.set(id, added);
    }
    await added;
  }

  return {
    app,
    async close() {
      await engine.close();
      await app.close();
      await pool.close();
    },
  };
}

/** Whether a request comes from this server's own page, or from no page at all (curl). */
function isOwnPage({
  origin,
  host,
  "sec-fetch-site": site,
}: {
  origin?: string | undefined;
  host?: string | undefined;
  "sec-fetch-site"?: string | string[] | undefined;
}): boolean {
  if (site !== undefined && site !== "same-origin" && site !== "none") return false;
  if (origin === undefined) return true;
  try {
    return new URL(origin).host === host;
  } catch {
    return false;
  }
}

function pageFolder(): string | undefined {
  const candidates = ["../page/", "../dist/page/"].map((path) => fileURLToPath(new URL(path, import.meta.url)));
  return candidates.find((path) => existsSync(join(path, "index.html")));
}

/** What a deletion left when it was interrupted. */
async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [] as string[])) {
    if (name.startsWith(".") && name.endsWith(".deleted"))
      await rm(join(folder, name), { recursive: true, force: true });
  }
}
