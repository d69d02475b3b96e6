import type { FastifyInstance } from "fastify";
import { openApiDocument } from "../openapi-document.ts";
import type { Pool } from "../pool.ts";
import { prepareScope } from "../prepare-scope.ts";

/** `GET /openapi.json`: the routes, and the exact inputs of each model served now. */
export async function openApiRoute(app: FastifyInstance, { pool }: { readonly pool: Pool }): Promise<void> {
  prepareScope(app).get("/openapi.json", { schema: { hide: true } }, (_request, reply) =>
    reply.send(openApiDocument(app.swagger(), { models: pool.models, prefix: app.prefix })),
  );
}
