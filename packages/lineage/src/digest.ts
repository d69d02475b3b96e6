import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";

/** The sha256 of a file in lower-case hexadecimal and its length, read piece by piece. */
export async function digestFile(path: string): Promise<{ sha256: string; bytes: number }> {
  const file = await openRegular(path);
  try {
    const hash = createHash("sha256");
    const buffer = Buffer.allocUnsafe(2 ** 20);
    let bytes = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, bytes);
      if (bytesRead === 0) return { sha256: hash.digest("hex"), bytes };
      hash.update(buffer.subarray(0, bytesRead));
      bytes += bytesRead;
    }
  } finally {
    await file.close();
  }
}

/**
 * A whole file of known length, with its sha256. `shared` puts it into a SharedArrayBuffer, which threads can read without
 * copies.
 *
 * @throws Error when the file does not have that length.
 */
export async function readWhole(
  path: string,
  length: number,
  { shared = false } = {},
): Promise<{ content: Uint8Array; sha256: string }> {
  const file = await openRegular(path);
  try {
    const { size } = await file.stat();
    if (size !== length) throw new Error(`Expected ${path} to have ${length} bytes. Received ${size}.`);
    const content = new Uint8Array(shared ? new SharedArrayBuffer(length) : new ArrayBuffer(length));
    const hash = createHash("sha256");
    for (let done = 0; done < length; ) {
      const { bytesRead } = await file.read(content, done, Math.min(2 ** 24, length - done), done);
      if (bytesRead === 0) throw new Error(`Expected ${path} to have ${length} bytes. Received ${done}: it was cut.`);
      hash.update(content.subarray(done, done + bytesRead));
      done += bytesRead;
    }
    return { content, sha256: hash.digest("hex") };
  } finally {
    await file.close();
  }
}

/** @throws Error for folders, pipes and devices. */
async function openRegular(path: string): Promise<FileHandle> {
  const file = await open(path, "r");
  if (!(await file.stat()).isFile()) {
    await file.close();
    throw new Error(`Expected ${path} to be a file. Received a folder or device.`);
  }
  return file;
}
