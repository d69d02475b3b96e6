import { builtin } from "../builtin.ts";
import { part, wholeNumber } from "../dataset/cursor.ts";
import { type Cursor, Dataset, from, type Position } from "../dataset.ts";
import { readBytes } from "./bytes.ts";
import { readCsv, readTsv } from "./csv.ts";
import { readJsonLines } from "./json-lines.ts";
import { readParquet } from "./parquet.ts";
import { filesOf } from "./path-pattern.ts";

/** A text from a file, with what else was in its record. */
export interface SourceDocument {
  readonly text: string;
  /** The record's own key, or the file's path and the record's number in it. */
  readonly key: string;
  readonly [field: string]: unknown;
}

export interface DocumentOptions {
  /** The field or column with the text. Default "text". */
  readonly field?: string;
  /** The field or column that names the record, where there is one. */
  readonly keyField?: string;
  /** Which files of a folder count. Default: every kind that is known. */
  readonly extensions?: readonly string[];
}

const whole = ["txt", "text", "md", "html", "htm"];
const records = ["jsonl", "ndjson", "csv", "tsv", "parquet"];

/** The kind of a file by its name, `.gz` aside. */
function kindOf(path: string): string {
  return path.toLowerCase().replace(/\.gz$/, "").replace(/^.*\./, "");
}

/**
 * Documents of files: a path, a folder (everything below it), a pattern with `*`, `**`, `?` or `{a,b}`, or several of these. Text, Markdown and
 * HTML files are a document each; JSON Lines, CSV, TSV and Parquet a document a record. Gzip is unpacked. In order of the paths; nothing
 * is read before it is asked for, and a position is file and record. Node only.
 *
 * @throws Error when nothing matches, or a file is of no known kind; later, naming file and record, when a record has no text.
 */
export async function readDocuments(
  sources: string | readonly string[],
  options: DocumentOptions = {},
): Promise<Dataset<SourceDocument>> {
  const { field = "text", keyField } = options;
  const files = await documentFiles(sources, options);
  const open = files.map((path) => documentsOf(path, field, keyField));
  return new Dataset<SourceDocument>({
    size: undefined,
    stable: true,
    open: (position) => inTurn(open, position),
  });
}

/** The files that `readDocuments` reads, in its order. @throws Error as it does. */
export async function documentFiles(
  sources: string | readonly string[],
  { extensions = [...whole, ...records] }: Pick<DocumentOptions, "extensions"> = {},
): Promise<string[]> {
  const files: string[] = [];
  for (const source of [sources].flat()) {
    files.push(...(await filesOf(source, (path) => extensions.includes(kindOf(path)))));
  }
  const unknown = files.find((path) => ![...whole, ...records].includes(kindOf(path)));
  if (unknown !== undefined) {
    throw new Error(
      `Expected a file that ends in ${[...whole, ...records].join(", ")}, or these and .gz. Received ${unknown}.`,
    );
  }
  return files;
}

function documentsOf(path: string, field: string, keyField: string | undefined): Dataset<SourceDocument> {
  const kind = kindOf(path);
  if (whole.includes(kind)) {
    const get = async (): Promise<SourceDocument> => ({
      text: new TextDecoder().decode(await readBytes(path)),
      key: path,
    });
    return from({ length: 1, get });
  }
  const rows: Dataset<unknown> =
    kind === "csv"
      ? readCsv(path, { numbers: [] })
      : kind === "tsv"
        ? readTsv(path, { numbers: [] })
        : kind === "parquet"
          ? readParquet(path)
          : readJsonLines(path);
  return rows.map((row, { index }) => {
    const fields = (typeof row === "object" && row !== null ? row : {}) as Readonly<Record<string, unknown>>;
    const text = typeof row === "string" ? row : fields[field];
    if (typeof text !== "string") {
      throw new Error(
        `${path}, record ${index + 1}: expected text in "${field}". Received ${JSON.stringify(text)?.slice(0, 80) ?? "nothing"}; ` +
          `the record has ${Object.keys(fields).join(", ") || "no fields"}.`,
      );
    }
    const { [field]: _, ...others } = fields;
    const key = keyField === undefined ? undefined : fields[keyField];
    return { ...others, text, key: key === undefined || key === null ? `${path}#${index}` : String(key) };
  });
}

/** One data set after the other. */
function inTurn<T>(datasets: readonly Dataset<T>[], position: Position | undefined): Cursor<T> {
  let file = position === undefined ? 0 : wholeNumber(position, "file");
  let inside = position === undefined ? null : part(position, "at");
  let cursor: Cursor<T> | undefined;
  return {
    async next() {
      for (; file < datasets.length; file++) {
        cursor ??= inside === null ? datasets[file]!.open() : datasets[file]!.open(inside);
        const result = await cursor.next();
        if (!result.done) return result;
        await cursor.close();
        cursor = undefined;
        inside = null;
      }
      return { done: true, value: undefined };
    },
    position: () => ({ file, at: cursor === undefined ? inside : cursor.position() }),
    async close() {
      await cursor?.close();
    },
  };
}

/** Writes documents as JSON Lines, a record each: a temporary file first, renamed when whole. Node only. @returns how many. */
export async function writeJsonLines(
  path: string,
  values: Iterable<unknown> | AsyncIterable<unknown>,
): Promise<number> {
  const { mkdir, open, rename, rm } = builtin("node:fs/promises");
  const { dirname } = builtin("node:path");
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  const file = await open(temporary, "w");
  let count = 0;
  try {
    let waiting = "";
    for await (const value of values) {
      waiting += `${JSON.stringify(value)}\n`;
      count++;
      if (waiting.length > 1 << 20) {
        await file.write(waiting);
        waiting = "";
      }
    }
    await file.write(waiting);
    await file.sync();
    await file.close();
    await rename(temporary, path);
    return count;
  } catch (error) {
    await file.close().catch(() => {});
    await rm(temporary, { force: true });
    throw error;
  }
}
