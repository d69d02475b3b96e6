import { builtin } from "../builtin.ts";

/** Where bytes come from: a path (Node), a URL, a Blob or File, or the bytes themselves. */
export type ByteSource = string | URL | Blob | Uint8Array;

/** A name for messages. */
export function nameOf(source: ByteSource): string {
  if (typeof source === "string") return source;
  if (source instanceof URL) return source.href;
  if (source instanceof Uint8Array) return "bytes";
  return "name" in source && typeof source.name === "string" ? source.name : "blob";
}

/**
 * The bytes in order; gzip is unpacked, told by its magic number (RFC 1952, section 2.3.1).
 *
 * @throws Error naming the source when it is not there or its gzip is damaged.
 */
export async function* streamBytes(source: ByteSource): AsyncGenerator<Uint8Array, void> {
  const raw = await openBytes(source);
  try {
    const first = await nonEmpty(raw);
    if (first === undefined) return;
    const rest = prepend(first, raw);
    if (first[0] === 0x1f && first[1] === 0x8b) yield* gunzip(rest, nameOf(source));
    else yield* rest;
  } finally {
    await raw.return?.(undefined);
  }
}

/** All bytes at once, gzip unpacked. */
export async function readBytes(source: ByteSource): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of streamBytes(source)) {
    chunks.push(chunk);
    length += chunk.length;
  }
  if (chunks.length === 1) return chunks[0]!;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

async function openBytes(source: ByteSource): Promise<AsyncIterator<Uint8Array>> {
  if (source instanceof Uint8Array) return once(source);
  if (source instanceof URL && source.protocol !== "file:") {
    const response = await fetch(source);
    if (!response.ok || response.body === null) {
      throw new Error(
        `Expected data at ${source.href}. The server answered ${response.status} ${response.statusText}.`,
      );
    }
    return readStream(response.body);
  }
  if (typeof source === "string" || source instanceof URL) return openFile(source);
  return readStream(source.stream());
}

async function openFile(path: string | URL): Promise<AsyncIterator<Uint8Array>> {
  const { createReadStream } = builtin("node:fs");
  const stream = createReadStream(path, { highWaterMark: 2 ** 18 });
  await new Promise<void>((resolve, reject) => {
    stream.once("open", () => resolve());
    stream.once("error", (error: NodeJS.ErrnoException) => {
      const what = error.code === "ENOENT" ? "There is no such file." : error.message;
      reject(new Error(`Expected a file at ${nameOf(path)}. ${what}`, { cause: error }));
    });
  });
  return stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
}

async function* readStream(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield bytes;
}

/** The first chunk, at least two bytes of it where there are two. */
async function nonEmpty(chunks: AsyncIterator<Uint8Array>): Promise<Uint8Array | undefined> {
  let start = new Uint8Array();
  while (start.length < 2) {
    const { done, value } = await chunks.next();
    if (done) return start.length === 0 ? undefined : start;
    const joined = new Uint8Array(start.length + value.length);
    joined.set(start);
    joined.set(value, start.length);
    start = start.length === 0 ? (value as Uint8Array<ArrayBuffer>) : joined;
  }
  return start;
}

async function* prepend(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  yield first;
  for (;;) {
    const { done, value } = await rest.next();
    if (done) return;
    yield value;
  }
}

async function* gunzip(chunks: AsyncGenerator<Uint8Array, void>, name: string): AsyncGenerator<Uint8Array, void> {
  const packed = new ReadableStream<BufferSource>({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(value as Uint8Array<ArrayBuffer>);
    },
  });
  try {
    yield* readStream(packed.pipeThrough(new DecompressionStream("gzip")) as ReadableStream<Uint8Array>);
  } catch (error) {
    throw new Error(`${name}: the gzip data is damaged or cut off (${(error as Error).message}).`, { cause: error });
  }
}
