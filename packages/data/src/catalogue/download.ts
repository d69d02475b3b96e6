import { builtin } from "../builtin.ts";
import { isFile, sha256File } from "./files.ts";

/** No byte for this long means that the connection is dead. Milliseconds. */
const STALL = 30_000;

export interface Download {
  readonly url: string;
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
}

/**
 * Brings a file here: continues what an earlier, broken attempt left, checks the sha256, and only then gives the file its
 * name. Two processes may download the same file; each has a part of its own.
 *
 * @throws Error that says what to do; an abort throws the signal's reason and keeps the part.
 */
export async function download(
  file: Download,
  options: { progress?: (progress: { file: string; done: number; total: number }) => void; signal?: AbortSignal } = {},
): Promise<void> {
  const { basename, dirname } = builtin("node:path");
  const { mkdir, rename, rm } = builtin("node:fs/promises");
  const folder = dirname(file.path);
  await mkdir(folder, { recursive: true });
  const part = await claimPart(file.path);
  try {
    await receive(
      file,
      part,
      (done) => options.progress?.({ file: basename(file.path), done, total: file.bytes }),
      options.signal,
    );
  } catch (error) {
    options.signal?.throwIfAborted();
    throw new Error(
      `Could not download ${file.url}: ${reasonOf(error)}. Without a network, set NACRE_MIRROR to a folder with the data, ` +
        `or put the file at ${file.path} (${file.bytes} bytes, sha256 ${file.sha256}).`,
      { cause: error },
    );
  }
  const { sha256, bytes } = await sha256File(part);
  if (sha256 !== file.sha256) {
    await rm(part, { force: true });
    throw new Error(
      `${file.url} is not the file of the catalogue: expected ${file.bytes} bytes with sha256 ${file.sha256}. ` +
        `Received ${bytes} bytes with ${sha256}. The download was thrown away; the address may have changed.`,
    );
  }
  await rename(part, file.path);
}

/** The name for this process's part of the file; takes over the part of a process that is gone. */
async function claimPart(path: string): Promise<string> {
  const { basename, dirname, join } = builtin("node:path");
  const { readdir, rename } = builtin("node:fs/promises");
  const folder = dirname(path);
  const prefix = `${basename(path)}.part-`;
  const own = join(folder, prefix + process.pid);
  if (await isFile(own)) return own;
  for (const name of await readdir(folder)) {
    if (!name.startsWith(prefix) || isAlive(Number(name.slice(prefix.length)))) continue;
    try {
      await rename(join(folder, name), own);
      return own;
    } catch {
      // Another process was faster.
    }
  }
  return own;
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

async function receive(
  file: Download,
  part: string,
  progress: (done: number) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { open, stat } = builtin("node:fs/promises");
  const have = (await isFile(part)) ? (await stat(part)).size : 0;
  if (have === file.bytes) return;
  const stall = new AbortController();
  const die = () => stall.abort(new Error(`no data for ${STALL / 1000} s`));
  let timer = setTimeout(die, STALL);
  let done = 0;
  try {
    const { body, continues } = await request(file, {
      from: have < file.bytes ? have : 0,
      signal: signal === undefined ? stall.signal : AbortSignal.any([signal, stall.signal]),
    });
    done = continues ? have : 0;
    const handle = await open(part, continues ? "a" : "w");
    try {
      for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
        clearTimeout(timer);
        timer = setTimeout(die, STALL);
        done += chunk.length;
        if (done > file.bytes) throw new Error(`more than the expected ${file.bytes} bytes came`);
        await handle.writeFile(chunk);
        progress(done);
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
  } finally {
    clearTimeout(timer);
  }
  if (done < file.bytes)
    throw new Error(`the connection ended after ${done} of ${file.bytes} bytes; try again to continue`);
}

async function request(
  file: Download,
  { from, signal }: { from: number; signal: AbortSignal },
): Promise<{ body: ReadableStream<Uint8Array>; continues: boolean }> {
  const range = from > 0 ? { range: `bytes=${from}-` } : {};
  const response = await fetch(file.url, { signal, headers: { ...range, "accept-encoding": "identity" } });
  const continues =
    response.status === 206 && response.headers.get("content-range")?.startsWith(`bytes ${from}-`) === true;
  if (response.body !== null && (continues || (response.ok && response.status !== 206))) {
    return { body: response.body, continues };
  }
  await response.body?.cancel();
  throw new Error(`the server answered ${response.status} ${response.statusText}`.trimEnd());
}

/** `fetch failed` hides the reason in its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? error.cause : error;
  return (cause.message || (cause as NodeJS.ErrnoException).code) ?? cause.name;
}
