import type { FastifyRequest } from "fastify";
import { notJson } from "./predict-batch.ts";
import { PredictBody } from "./predict-body.ts";
import { problemOf, ServeError, tooLarge } from "./problem.ts";
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
 * @param limitBytes for all files together
 * @throws ServeError (400) when there is none, (413) when they are too large
 */
export async function readUpload(request: FastifyRequest, limitBytes: number): Promise<RequestPayload> {
  const images: Uint8Array[] = [];
  let bytes = 0;
  if (Number(request.headers["content-length"]) > limitBytes) throw tooLarge(limitBytes);
  try {
    for await (const part of request.parts()) {
      if (part.type !== "file") continue;
      const image = await part.toBuffer();
      bytes += image.byteLength;
      if (bytes > limitBytes) throw tooLarge(limitBytes);
      images.push(image);
    }
  } catch (error) {
    const { statusCode = 500, message } = error as Error & { statusCode?: number };
    if (error instanceof ServeError || statusCode < 500) throw error;
    // The parser's own complaints have no status: the upload is cut off, or has no boundary.
    const expected = "a complete multipart/form-data body";
    throw new ServeError(400, { message: `Expected ${expected}. ${message}.`, expected });
  }
  if (images.length > 0) return { payload: { images }, size: images.length };
  const expected = "at least one file";
  throw new ServeError(400, {
    message: `Expected ${expected} in the upload, an image each. Received none.`,
    expected,
    received: "none",
  });
}
