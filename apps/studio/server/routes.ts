import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { readRecipe } from "@nacre/tasks";
import { doctor } from "@nacre/tensor";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { followLines } from "./event-stream.ts";
import { RunError, type Runs } from "./runs.ts";

export interface StudioRoutes {
  readonly runs: Runs;
  readonly recipesFolder: string;
  /** Told of a run that was deleted. */
  readonly removed: (id: string) => Promise<void>;
}

const heartbeat = 15_000;
const Start = z.strictObject({ recipe: z.string().min(1).max(100_000) });

/** The page's own API, under /api. */
export async function studioRoutes(
  app: FastifyInstance,
  { runs, recipesFolder, removed }: StudioRoutes,
): Promise<void> {
  app.get("/recipes", async () => {
    const files = (await readdir(recipesFolder)).filter((name) => name.endsWith(".yaml")).sort();
    const recipes = await Promise.all(
      files.map(async (file) => {
        const yaml = await readFile(join(recipesFolder, file), "utf8");
        try {
          const { name, title, description, task } = readRecipe({ file, text: yaml });
          return { file, name, title, description: description ?? null, task, yaml };
        } catch {
          return undefined;
        }
      }),
    );
    return recipes.filter((recipe) => recipe !== undefined);
  });

  app.get("/doctor", async () => doctor());
  app.get("/runs", async () => runs.list());

  app.post("/runs", async (request, reply) => {
    const parsed = Start.safeParse(request.body);
    if (!parsed.success) throw new RunError(400, "Expected { recipe }: a recipe's file name, or its YAML.");
    const { recipe } = parsed.data;
    const isFile = /^[\w-]+\.yaml$/.test(recipe);
    const text = isFile
      ? await readFile(join(recipesFolder, basename(recipe)), "utf8").catch(() => {
          throw new RunError(404, `There is no recipe ${recipe}.`);
        })
      : recipe;
    return reply.code(201).send({ id: await runs.start(text, isFile ? recipe : "recipe") });
  });

  app.get<{ Params: { id: string } }>("/runs/:id", async ({ params }) => runs.details(params.id));
  app.delete<{ Params: { id: string } }>("/runs/:id", async ({ params }, reply) => {
    await runs.remove(params.id);
    await removed(params.id);
    return reply.code(204).send();
  });
  app.post<{ Params: { id: string } }>("/runs/:id/stop", async ({ params }) => {
    await runs.stop(params.id);
    return { id: params.id };
  });
  app.post<{ Params: { id: string } }>("/runs/:id/resume", async ({ params }) => {
    await runs.resume(params.id);
    return { id: params.id };
  });

  type Report = { Params: { id: string }; Querystring: { language?: string } };
  app.get<Report>("/runs/:id/report", async ({ params, query }, reply) => {
    const run = runs.run(params.id);
    const html = await readFile(run.reportIn(query.language === "zh" ? "zh" : "en"), "utf8").catch(() => {
      throw new RunError(404, `The run ${params.id} has no report yet.`);
    });
    return reply.type("text/html; charset=utf-8").send(html);
  });

  app.get<Report>("/runs/:id/data-report", async ({ params, query }, reply) => {
    const run = runs.run(params.id);
    const html = await readFile(run.dataReportIn(query.language === "zh" ? "zh" : "en"), "utf8").catch(() => {
      throw new RunError(404, `The run ${params.id} has no page about its data.`);
    });
    return reply.type("text/html; charset=utf-8").send(html);
  });

  // Server-sent events: the lines of events.jsonl, numbered, from the one after Last-Event-ID.
  app.get<{ Params: { id: string } }>("/runs/:id/events", async (request, reply) => {
    await runs.state(request.params.id);
    const { events } = runs.run(request.params.id);
    const last = Number(request.headers["last-event-id"] ?? -1);
    const gone = new AbortController();
    request.raw.once("close", () => gone.abort());
    reply.hijack();
    reply.raw.writeHead(200, {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
      connection: "keep-alive",
    });
    reply.raw.write("retry: 1000\n\n");
    const beat = setInterval(() => reply.raw.write(": still here\n\n"), heartbeat);
    try {
      for await (const { number, text } of followLines(events, {
        first: Number.isFinite(last) ? last + 1 : 0,
        signal: gone.signal,
      })) {
        if (reply.raw.write(`id: ${number}\ndata: ${text}\n\n`)) continue;
        await once(reply.raw, "drain", { signal: gone.signal }).catch(() => {});
      }
    } finally {
      clearInterval(beat);
      reply.raw.end();
    }
  });
}
