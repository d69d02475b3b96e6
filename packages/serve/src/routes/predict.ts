import multipart from "@fastify/multipart";
import type { FastifyInstance } from "fastify";
import { validatorCompiler } from "fastify-type-provider-zod";
import { z } from "zod";
import type { Pool } from "../pool.ts";
import { PredictAnswer, PredictBody } from "../predict-body.ts";
import { prepareScope } from "../prepare-scope.ts";
import { ProblemBody, wrongMediaType } from "../problem.ts";
import { type RequestPayload, readJson, readUpload } from "../request-payload.ts";

export interface PredictRouteOptions {
  readonly pool: Pool;
  /** Largest request body, in bytes. */
  readonly bodyLimitBytes: number;
}

/**
 * `POST /v1/models/:id/predict`: `{ inputs }` as JSON, or a multipart upload whose files are images.
 *
 * The body goes to the worker as it came, and the worker's answer to the socket as it came: between them this thread only
 * checks, queues and wakes up.
 */
export async function predictRoute(app: FastifyInstance, { pool, bodyLimitBytes }: PredictRouteOptions): Promise<void> {
  const scope = prepareScope(app);
  scope.removeContentTypeParser(["application/json", "text/plain"]);
  scope.addContentTypeParser("application/json", { parseAs: "buffer" }, (_request, bytes, done) => {
    // An error that is thrown here would end the process.
    try {
      done(null, readJson(bytes as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
  if (!scope.hasRequestDecorator("isMultipart")) {
    await scope.register(multipart, { limits: { fileSize: bodyLimitBytes, fields: 16, files: 1024 } });
  }
  scope.post(
    "/v1/models/:id/predict",
    {
      bodyLimit: bodyLimitBytes,
      schema: {
        summary: "Predict",
        tags: ["models"],
        params: z.object({ id: z.string() }),
        body: PredictBody,
        response: {
          200: PredictAnswer,
          400: ProblemBody,
          404: ProblemBody,
          413: ProblemBody,
          415: ProblemBody,
          429: ProblemBody,
          500: ProblemBody,
          503: ProblemBody,
          504: ProblemBody,
        },
      },
      // The body was checked when it was read.
      validatorCompiler: (route) =>
        route.httpPart === "body" ? (value: unknown) => ({ value }) : validatorCompiler(route as never),
      // Refused before the body is read.
      onRequest: (request, _reply, done) => {
        pool.admit((request.params as { id: string }).id);
        done();
      },
      preValidation: (request, _reply, done) => {
        if (request.body !== undefined) return done();
        if (!request.isMultipart()) throw wrongMediaType(request.headers["content-type"]);
        readUpload(request, bodyLimitBytes).then((payload) => {
          (request.body as unknown) = payload;
          done();
        }, done);
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { payload, size } = request.body as unknown as RequestPayload;
      const { answerHead } = pool.model(id);
      const job = pool.submit(id, payload, size);
      reply.raw.once("close", () => job.cancel());
      const outputs = await job.outputs;
      reply.header("content-type", "application/json; charset=utf-8");
      return `${answerHead}${outputs}}` as never;
    },
  );
}
