import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { ServeError, tooLarge, wrongMediaType } from "./problem.ts";

/** Answers every error with a problem; nobody outside sees a stack trace. */
export function answerError(error: FastifyError | ServeError, request: FastifyRequest, reply: FastifyReply): void {
  const { statusCode, problem, retryAfter } = asServeError(error, request);
  if (statusCode === 500 && !(error instanceof ServeError)) request.log.error({ err: error }, "request failed");
  if (retryAfter !== undefined) reply.header("retry-after", String(retryAfter));
  reply.header("x-request-id", request.id).code(statusCode).type("application/json; charset=utf-8");
  reply.send(JSON.stringify({ error: problem }));
}

/** Answers a request for no route there is. */
export function answerNotFound(request: FastifyRequest, reply: FastifyReply): void {
  const path = request.url.split("?", 1)[0]!;
  answerError(
    new ServeError(404, {
      message: `There is no ${request.method} ${path}. GET /openapi.json lists what there is.`,
      received: `${request.method} ${path}`,
    }),
    request,
    reply,
  );
}

function asServeError(error: FastifyError | ServeError, request: FastifyRequest): ServeError {
  if (error instanceof ServeError) return error;
  if (error.code === "FST_ERR_CTP_BODY_TOO_LARGE" || error.code === "FST_REQ_FILE_TOO_LARGE") {
    return tooLarge(request.routeOptions.bodyLimit);
  }
  if (error.code === "FST_ERR_CTP_INVALID_MEDIA_TYPE") return wrongMediaType(request.headers["content-type"]);
  const status = error.statusCode ?? 500;
  if (status >= 400 && status < 500) return new ServeError(status, { message: error.message });
  return new ServeError(500, { message: `The server failed on this request. Its log has the cause (${request.id}).` });
}
