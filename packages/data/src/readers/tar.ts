import { type ByteSource, nameOf, readBytes } from "./bytes.ts";

/** A file of an archive. */
export interface ArchivedFile {
  /** Its path in the archive. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

const block = 512;

/**
 * The regular files of a tar archive (POSIX.1-1988 "ustar", and the long names of GNU and of POSIX.1-2001), in its order;
 * gzip is unpacked. The bytes are views of the archive, which is held in memory whole.
 *
 * @throws Error naming the archive when it is none, or cut off.
 */
export async function readTar(source: ByteSource): Promise<ArchivedFile[]> {
  const name = nameOf(source);
  const bytes = await readBytes(source);
  const files: ArchivedFile[] = [];
  let longName: string | undefined;
  for (let at = 0; at + block <= bytes.length && bytes[at] !== 0; ) {
    const header = bytes.subarray(at, at + block);
    checkSum(header, name);
    const size = octal(header, 124, 12);
    const content = bytes.subarray(at + block, at + block + size);
    if (content.length < size) {
      throw new Error(`${name}: expected ${size} bytes for ${text(header, 0, 100)}. The archive is cut off.`);
    }
    const kind = String.fromCharCode(header[156]!);
    if (kind === "L") longName = text(content, 0, content.length);
    else if (kind === "x") longName = paxPath(content) ?? longName;
    else {
      if (kind === "0" || kind === "\0") files.push({ name: longName ?? ownName(header), bytes: content });
      longName = undefined;
    }
    at += block + Math.ceil(size / block) * block;
  }
  if (files.length === 0) throw new Error(`${name}: expected a tar archive with files in it. Received none.`);
  return files;
}

function ownName(header: Uint8Array): string {
  const prefix = text(header, 257, 5) === "ustar" && header[262] === 0 ? text(header, 345, 155) : "";
  return prefix === "" ? text(header, 0, 100) : `${prefix}/${text(header, 0, 100)}`;
}

/** The sum of the header's bytes, its own field read as spaces. */
function checkSum(header: Uint8Array, name: string): void {
  let sum = 0;
  for (const [index, byte] of header.entries()) sum += index >= 148 && index < 156 ? 32 : byte;
  if (sum !== octal(header, 148, 8)) {
    throw new Error(`${name}: expected the header of a tar archive. Its check sum does not fit: no tar, or damaged.`);
  }
}

function octal(bytes: Uint8Array, start: number, length: number): number {
  return Number.parseInt(text(bytes, start, length).trim() || "0", 8);
}

function text(bytes: Uint8Array, start: number, length: number): string {
  const field = bytes.subarray(start, start + length);
  const stop = field.indexOf(0);
  return new TextDecoder().decode(stop === -1 ? field : field.subarray(0, stop));
}

/** The record "LENGTH path=VALUE" of an extended header. */
function paxPath(content: Uint8Array): string | undefined {
  for (let at = 0; at < content.length; ) {
    const length = Number.parseInt(text(content, at, 20), 10);
    if (!(length > 0)) return undefined;
    const record = text(content, at, length - 1);
    const value = record.slice(record.indexOf(" ") + 1);
    if (value.startsWith("path=")) return value.slice("path=".length);
    at += length;
  }
  return undefined;
}
