import type { FileHandle } from "node:fs/promises";
import { builtin } from "../builtin.ts";
import type { NamedTensorData, TensorData } from "../safetensors.ts";
import { checkLength, headerLength, type PlannedTensor, parseHeader, planFile, type TensorPlace } from "./header.ts";

/** An open file: the header is in memory, tensors are read one by one. */
export interface SafetensorsFile {
  readonly metadata: Readonly<Record<string, string>>;
  /** What the file holds; `begin` and `end` count bytes from the end of the header. */
  readonly tensors: ReadonlyMap<string, TensorPlace>;
  /** @throws Error when there is no tensor of this name, or when the file has become shorter. */
  read(name: string): Promise<TensorData>;
  close(): Promise<void>;
}

/**
 * Opens a safetensors file (Node only). Only the header is read, and nothing is allocated before its length is checked.
 *
 * @throws Error that says what is wrong when the file is damaged.
 */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  const { open } = builtin("node:fs/promises");
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const length = headerLength(await readAt(file, 0, Math.min(8, size), path), size, path);
    const { metadata, tensors, start } = parseHeader(await readAt(file, 8, length, path), size, path);
    return {
      metadata,
      tensors,
      async read(name) {
        const place = tensors.get(name);
        if (place === undefined) {
          const names = [...tensors.keys()].slice(0, 10).join(", ");
          throw new Error(`Expected one of the ${tensors.size} tensors of ${path} (${names}, …). Received "${name}".`);
        }
        const { dtype, shape, begin, end } = place;
        return { dtype, shape, data: await readAt(file, start + begin, end - begin, path) };
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** A tensor whose bytes may be made when their turn comes, so that not all need to be in memory at once. */
export type WritableTensor = NamedTensorData | (PlannedTensor & { data: () => Uint8Array | Promise<Uint8Array> });

/**
 * Writes a safetensors file (Node only): to a temporary name beside `path`, flushed to the disk, then renamed, so `path` is
 * whole or untouched. Give tensors with a function for `data` to hold one at a time in memory. An async iterable is gathered
 * first, because the header comes before the bytes.
 *
 * @throws Error for names given twice and for bytes that do not fit their shape and type.
 */
export async function writeSafetensors(
  path: string,
  tensors: Iterable<WritableTensor> | AsyncIterable<WritableTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { open, rename, rm } = builtin("node:fs/promises");
  const gathered: WritableTensor[] = [];
  for await (const tensor of tensors) gathered.push(tensor);
  const { header, order } = planFile(gathered, metadata);
  const temporary = `${path}.${process.pid}-${(temporaryFiles += 1)}.tmp`;
  try {
    const file = await open(temporary, "wx");
    try {
      await writeAll(file, header);
      for (const tensor of order) {
        const data = typeof tensor.data === "function" ? await tensor.data() : tensor.data;
        checkLength(tensor, data.byteLength);
        await writeAll(file, data);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

let temporaryFiles = 0;

/** One system call moves at most 2 GiB. */
const longestTransfer = 2 ** 28;

async function readAt(file: FileHandle, position: number, length: number, path: string): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const count = Math.min(longestTransfer, length - done);
    const { bytesRead } = await file.read(bytes, done, count, position + done);
    if (bytesRead === 0) {
      throw new Error(`Expected ${length} bytes from byte ${position} of ${path}. Received ${done}: the file was cut.`);
    }
    done += bytesRead;
  }
  return bytes;
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.byteLength; ) {
    done += (await file.write(bytes, done, Math.min(longestTransfer, bytes.byteLength - done))).bytesWritten;
  }
}
