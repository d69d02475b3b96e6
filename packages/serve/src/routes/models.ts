import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { ModelSummary, summary } from "../model-views.ts";
import type { Pool } from "../pool.ts";
import { prepareScope } from "../prepare-scope.ts";

/** `GET /v1/models`: what is served. */
export async function modelsRoute(app: FastifyInstance, { pool }: { readonly pool: Pool }): Promise<void> {
  prepareScope(app).get(
    "/v1/models",
    { schema: { summary: "List the models", tags: ["models"], response: { 200: ModelList } } },
    () => ({ models: pool.models.map(summary) }),
  );
}

const ModelList = z.object({ models: z.array(ModelSummary) });
