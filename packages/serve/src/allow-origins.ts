import type { FastifyInstance } from "fastify";

/**
 * Lets web pages of other origins call the server (CORS, Fetch standard, section 3.3). Without it browsers keep answers
 * from them.
 *
 * @param origin `same-origin` (nobody else), `*` (everybody), or origins with commas between
 */
export function allowOrigins(app: FastifyInstance, origin: string): void {
  if (origin === "same-origin") return;
  const allowed = new Set(origin.split(",").map((each) => each.trim()));
  app.addHook("onRequest", async (request, reply) => {
    const caller = request.headers.origin;
    if (!allowed.has("*")) reply.header("vary", "origin");
    if (caller === undefined || !(allowed.has("*") || allowed.has(caller))) return;
    reply.header("access-control-allow-origin", allowed.has("*") ? "*" : caller);
    if (request.method !== "OPTIONS" || request.headers["access-control-request-method"] === undefined) return;
    return reply
      .header("access-control-allow-methods", "GET, POST")
      .header("access-control-allow-headers", "content-type, x-request-id")
      .header("access-control-max-age", "600")
      .code(204)
      .send();
  });
}
