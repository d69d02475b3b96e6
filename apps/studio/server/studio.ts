import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { isIP } from "node:net";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import fastifyStatic from "@fastify/static";
import { Pool, servingRoutes } from "@nacre/serve";
import fastify, { type FastifyInstance } from "fastify";
import { type Command, Engine, nacreCommand } from "./engine.ts";
import { studioRoutes } from "./routes.ts";
import { Runs } from "./runs.ts";
import { tokenizerRoutes } from "./tokenizer-routes.ts";

export interface StudioOptions {
  readonly runsFolder: string;
  readonly recipesFolder: string;
  /** The name it is reached by, besides localhost and addresses. */
  readonly host?: string;
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
  const tell = (about: object, message: string) => console.error(`${message}:`, about);
  const pool = new Pool({ workers: 1, maxWaitMilliseconds: 1 }, { log: { warn: tell, error: tell } });
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
    if (!isOwnHost(request.headers.host, options.host)) {
      return reply.code(403).send({ error: { message: "Expected this machine's name or address as the host." } });
    }
    if (request.method === "GET" || request.method === "HEAD" || isOwnPage(request.headers)) return;
    // Another site's page must not start, stop or delete anything here.
    return reply.code(403).send({ error: { message: "Requests from pages of other sites are refused." } });
  });
  app.addHook("onRequest", async (request) => {
    const id = request.url.match(/^\/v1\/models\/([^/?]+)/)?.[1];
    if (id !== undefined) await addModel(decodeURIComponent(id));
  });
  await app.register(studioRoutes, {
    prefix: "/api",
    runs,
    recipesFolder: resolve(options.recipesFolder),
    async removed(id) {
      await adding.get(id)?.catch(() => {});
      if (pool.models.some((model) => model.id === id)) pool.remove(id);
    },
  });
  await app.register(tokenizerRoutes, { prefix: "/api", runs });
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

/** A name of another site that leads here (DNS rebinding) must not be taken for this server: names are few, addresses are fine. */
function isOwnHost(header: string | undefined, own: string | undefined): boolean {
  if (header === undefined) return true;
  const name = header.replace(/:\d+$/, "").toLowerCase();
  const address = isIP(name.replace(/^\[(.*)\]$/, "$1")) !== 0;
  return address || name === "localhost" || name.endsWith(".localhost") || name === own?.toLowerCase();
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
