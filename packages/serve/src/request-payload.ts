import type { FastifyRequest } from "fastify";
import { notJson } from "./predict-batch.ts";
import { PredictBody } from "./predict-body.ts";
import { problemOf, ServeError } from "./problem.ts";
import type { Payload } from "./protocol.ts";

/** A predict request's body, ready for a worker. */
export interface RequestPayload {
  readonly payload: Payload;
  /** Inputs in it; undefined when the worker is to count. */
  readonly size: number | undefined;
}

/** JSON up to this length is checked here, within half a millisecond; longer JSON only in the worker. */
const checkedBytes = 64 * 2 ** 10;

/**
 * Checks the outside of a JSON body: it is JSON, and `inputs` is an array. What is in it the model's own schema checks.
 *
 * @throws ServeError (400)
 */
export function readJson(bytes: Buffer): RequestPayload {
  if (bytes.byteLength > checkedBytes) return { payload: bytes, size: undefined };
  const text = bytes.toString("utf8");
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    throw new ServeError(400, notJson(error));
  }
  const checked = PredictBody.safeParse(body);
  if (!checked.success) throw new ServeError(400, problemOf(checked.error, body));
  return { payload: text, size: checked.data.inputs.length };
}

/**
 * The files of a multipart upload, one input each.
 *
 * @throws ServeError (400) when there is none
 */
export async function readUpload(request: FastifyRequest): Promise<RequestPayload> {
  const images: Uint8Array[] = [];
  for await (const part of request.parts()) if (part.type === "file") images.push(await part.toBuffer());
  if (images.length > 0) return { payload: { images }, size: images.length };
  const expected = "at least one file";
  throw new ServeError(400, {
    message: `Expected ${expected} in the upload, an image each. Received none.`,
    expected,
    received: "none",
  });
}
