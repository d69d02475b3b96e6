import { parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { builtin } from "../builtin.ts";
import { wholeNumber } from "../dataset/cursor.ts";
import { Dataset, type Position } from "../dataset.ts";
import type { Row, Value } from "../table.ts";
import { type ByteSource, nameOf, readBytes } from "./bytes.ts";

/** Random access to a file's bytes, as hyparquet takes it. */
interface FileBytes {
  readonly byteLength: number;
  slice(start: number, end?: number): ArrayBuffer | Promise<ArrayBuffer>;
}

/**
 * Rows of a Parquet file, one row group in memory at a time. Numbers stay numbers (64-bit integers must be safe ones), dates
 * become ISO text, booleans 0 and 1, nulls missing values.
 *
 * Errors while reading name file, record and column.
 */
export function readParquet(
  source: ByteSource,
  { columns }: { readonly columns?: readonly string[] } = {},
): Dataset<Row> {
  const name = nameOf(source);
  return new Dataset<Row>({
    size: undefined,
    stable: true,
    open(position: Position | undefined) {
      let at = position === undefined ? 0 : wholeNumber(position);
      let file: Promise<Awaited<ReturnType<typeof openParquet>>> | undefined;
      let group: { readonly start: number; readonly rows: readonly Record<string, unknown>[] } = { start: 0, rows: [] };
      return {
        async next() {
          file ??= openParquet(source, name, columns);
          const opened = await file;
          if (at >= opened.records) return { done: true, value: undefined };
          if (at < group.start || at >= group.start + group.rows.length) group = await opened.groupOf(at);
          const value = toRow(group.rows[at - group.start]!, { name, record: ++at });
          return { done: false, value };
        },
        position: () => at,
        close() {},
      };
    },
  });
}

async function openParquet(source: ByteSource, name: string, columns: readonly string[] | undefined) {
  const file = await fileBytes(source);
  const options = columns === undefined ? {} : { columns: [...columns] };
  try {
    const metadata = await parquetMetadataAsync(file);
    const starts = [0];
    for (const { num_rows } of metadata.row_groups) starts.push(starts.at(-1)! + Number(num_rows));
    return {
      records: starts.at(-1)!,
      async groupOf(record: number) {
        const index = starts.findIndex((start, number) => record >= start && record < starts[number + 1]!);
        const [rowStart, rowEnd] = [starts[index]!, starts[index + 1]!];
        try {
          return { start: rowStart, rows: await parquetReadObjects({ file, metadata, rowStart, rowEnd, ...options }) };
        } catch (error) {
          throw new Error(`${name}, records ${rowStart + 1} to ${rowEnd}: ${(error as Error).message}`, {
            cause: error,
          });
        }
      },
    };
  } catch (error) {
    throw new Error(`${name}: expected a Parquet file. ${(error as Error).message}`, { cause: error });
  }
}

async function fileBytes(source: ByteSource): Promise<FileBytes> {
  if (typeof source === "string") return openFile(source);
  if (source instanceof Blob) {
    return { byteLength: source.size, slice: (start, end) => source.slice(start, end).arrayBuffer() };
  }
  const bytes = await readBytes(source);
  return { byteLength: bytes.length, slice: (start, end) => bytes.slice(start, end).buffer as ArrayBuffer };
}

/** Reads slices of a file as they are asked for. hyparquet's own reader is not in its entry for browsers. */
async function openFile(path: string): Promise<FileBytes> {
  const { open, stat } = builtin("node:fs/promises");
  const { size } = await stat(path).catch((error: Error) => {
    throw new Error(`Expected a file at ${path}. ${error.message}`, { cause: error });
  });
  return {
    byteLength: size,
    async slice(start, end = size) {
      const file = await open(path, "r");
      try {
        const bytes = new Uint8Array(end - start);
        await file.read(bytes, 0, bytes.length, start);
        return bytes.buffer;
      } finally {
        await file.close();
      }
    },
  };
}

function toRow(values: Record<string, unknown>, place: { name: string; record: number }): Row {
  return Object.fromEntries(
    Object.entries(values).map(([column, value]) => [column, toValue(value, { ...place, column })]),
  );
}

function toValue(value: unknown, place: { name: string; record: number; column: string }): Value {
  if (value === null || value === undefined) return null;
  if (typeof value === "string" || typeof value === "number") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (value instanceof Date) return value.toISOString();
  if (typeof value === "bigint" && Number.isSafeInteger(Number(value))) return Number(value);
  const received =
    typeof value === "bigint" ? `the integer ${value}, which a number cannot hold` : `a value of type ${typeof value}`;
  throw new Error(
    `${place.name}, record ${place.record}, column "${place.column}": expected text or a number. Received ${received}.`,
  );
}
