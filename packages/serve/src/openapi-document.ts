import type { OpenAPI, OpenAPIV3_1 } from "openapi-types";
import type { ServedModel } from "./served-model.ts";

/**
 * Adds to a document, for each model, the predict path with the model's own inputs. OpenAPI 3.1 (Paths Object) prefers a
 * path without templates, so a client that knows the model finds its exact schema.
 *
 * @param options.prefix what the application puts before every path
 */
export function openApiDocument(
  document: OpenAPI.Document,
  { models, prefix }: { readonly models: readonly ServedModel[]; readonly prefix: string },
): OpenAPIV3_1.Document {
  const predictPath = `${prefix}/v1/models/{id}/predict`;
  const whole = document as OpenAPIV3_1.Document;
  const generic: OpenAPIV3_1.OperationObject | undefined = whole.paths?.[predictPath]?.post;
  if (generic === undefined) return whole;
  const paths: Record<string, { post: object }> = { ...(whole.paths as Record<string, { post: object }>) };
  paths[predictPath] = { post: { ...generic, requestBody: requestBody({}, true) } };
  for (const { id, about, description } of models) {
    if (description === undefined) continue;
    paths[predictPath.replace("{id}", id)] = {
      post: {
        ...generic,
        summary: `Predict with ${about?.name ?? id}`,
        parameters: [],
        requestBody: requestBody(description.inputSchema, description.input.kind === "image"),
      },
    };
  }
  return { ...whole, paths: paths as OpenAPIV3_1.PathsObject };
}

function requestBody(input: object, upload: boolean): OpenAPIV3_1.RequestBodyObject {
  const inputs = { type: "array", minItems: 1, items: input } as OpenAPIV3_1.SchemaObject;
  const file: OpenAPIV3_1.SchemaObject = { type: "string", format: "binary" };
  return {
    required: true,
    content: {
      "application/json": {
        schema: { type: "object", properties: { inputs }, required: ["inputs"], additionalProperties: false },
      },
      ...(upload && { "multipart/form-data": { schema: { type: "object", additionalProperties: file } } }),
    },
  };
}
