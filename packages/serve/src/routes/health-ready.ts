import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { Pool } from "../pool.ts";
import { prepareScope } from "../prepare-scope.ts";

/** `GET /health/ready`: 200 when every model can be asked, 503 while models load and when the server is closing. */
export async function healthReadyRoute(app: FastifyInstance, { pool }: { readonly pool: Pool }): Promise<void> {
  prepareScope(app).get(
    "/health/ready",
    {
      schema: { summary: "Can every model be asked?", tags: ["health"], response: { 200: Ready, 503: Ready } },
      logLevel: "warn",
    },
    (_request, reply) => {
      const models = Object.fromEntries(pool.models.map(({ id, state }) => [id, state]));
      if (pool.ready) return { status: "ready" as const, models };
      reply.code(503);
      return { status: pool.draining ? ("closing" as const) : ("waiting" as const), models };
    },
  );
}

const Ready = z.object({
  status: z.enum(["ready", "waiting", "closing"]),
  models: z.record(z.string(), z.enum(["loading", "ready", "failed"])),
});
