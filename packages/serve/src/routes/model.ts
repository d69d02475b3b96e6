import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { details, ModelDetails } from "../model-views.ts";
import type { Pool } from "../pool.ts";
import { prepareScope } from "../prepare-scope.ts";
import { ProblemBody } from "../problem.ts";

/** `GET /v1/models/:id`: one model, with the JSON Schema of its inputs. */
export async function modelRoute(app: FastifyInstance, { pool }: { readonly pool: Pool }): Promise<void> {
  prepareScope(app).get(
    "/v1/models/:id",
    {
      schema: {
        summary: "Describe a model",
        tags: ["models"],
        params: z.object({ id: z.string() }),
        response: { 200: ModelDetails, 404: ProblemBody },
      },
    },
    (request) => details(pool.model(request.params.id)),
  );
}
