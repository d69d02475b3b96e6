import type { FastifyInstance } from "fastify";
import type { ServeMetrics } from "../metrics.ts";
import { prepareScope } from "../prepare-scope.ts";

/** `GET /metrics`: for Prometheus. */
export async function metricsRoute(
  app: FastifyInstance,
  { metrics }: { readonly metrics: ServeMetrics },
): Promise<void> {
  const { registry } = metrics;
  prepareScope(app).get(
    "/metrics",
    { schema: { summary: "Metrics in Prometheus's text format", tags: ["health"] }, logLevel: "warn" },
    async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()),
  );
}
