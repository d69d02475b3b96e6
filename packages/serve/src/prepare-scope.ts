import type { FastifyInstance } from "fastify";
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from "fastify-type-provider-zod";
import { answerError } from "./error-handler.ts";

/** A plugin's scope with zod schemas and problem answers, so that a route works in any Fastify application. */
export function prepareScope(app: FastifyInstance) {
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(answerError);
  return app.withTypeProvider<ZodTypeProvider>();
}
