import swagger from "@fastify/swagger";
import type { FastifyInstance } from "fastify";
import { jsonSchemaTransform } from "fastify-type-provider-zod";
import type { Pool } from "./pool.ts";
import { healthLiveRoute } from "./routes/health-live.ts";
import { healthReadyRoute } from "./routes/health-ready.ts";
import { metricsRoute } from "./routes/metrics.ts";
import { modelRoute } from "./routes/model.ts";
import { modelsRoute } from "./routes/models.ts";
import { openApiRoute } from "./routes/openapi.ts";
import { predictRoute } from "./routes/predict.ts";
import { version } from "./version.ts";

export interface ServingOptions {
  readonly pool: Pool;
  /** Largest request body, in bytes. */
  readonly bodyLimitBytes: number;
}

/** Every route of this package, as one Fastify plugin. The pool stays its owner's: close it when the application closes. */
export async function servingRoutes(app: FastifyInstance, { pool, bodyLimitBytes }: ServingOptions): Promise<void> {
  await app.register(swagger, {
    openapi: { openapi: "3.1.0", info: { title: "Nacre", description: "Models over HTTP", version } },
    transform: jsonSchemaTransform,
  });
  await app.register(healthLiveRoute);
  await app.register(healthReadyRoute, { pool });
  await app.register(modelsRoute, { pool });
  await app.register(modelRoute, { pool });
  await app.register(predictRoute, { pool, bodyLimitBytes });
  await app.register(metricsRoute, { metrics: pool.metrics });
  await app.register(openApiRoute, { pool });
}
