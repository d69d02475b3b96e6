import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { prepareScope } from "../prepare-scope.ts";

/** `GET /health/live`: the process answers. When it does not, restart it. */
export async function healthLiveRoute(app: FastifyInstance): Promise<void> {
  prepareScope(app).get(
    "/health/live",
    { schema: { summary: "Is the process alive?", tags: ["health"], response: { 200: Live } }, logLevel: "warn" },
    () => ({ status: "live" as const }),
  );
}

const Live = z.object({ status: z.literal("live") });
