import { parse } from "csv-parse";
import type { Dataset } from "../dataset.ts";
import type { Row, Value } from "../table.ts";
import { type ByteSource, nameOf } from "./bytes.ts";
import { sequential, textOf } from "./line-stream.ts";

export interface CsvOptions {
  /** One character, or a few. Default ",". */
  readonly delimiter?: string;
  /** The columns' names, when the file has no header line. */
  readonly columns?: readonly string[];
  /** Columns to read as numbers; `"auto"` (default) reads every cell that is written as a number as one. */
  readonly numbers?: readonly string[] | "auto";
  /** Cells that stand for a missing value. Default: the empty one. */
  readonly missing?: readonly string[];
  /** Take spaces off both ends of unquoted cells. Default false. */
  readonly trim?: boolean;
}

/**
 * Rows of a CSV file (RFC 4180), streamed; gzip is unpacked. A position is a row number: reopening reads up to it again.
 *
 * Errors while reading name file, record (from 1, the header not counted) and column: a row with more or fewer cells than
 * columns, a quote that is not closed, a cell that should be a number.
 */
export function readCsv(source: ByteSource, options: CsvOptions = {}): Dataset<Row> {
  return sequential(() => rows(source, options));
}

/** The same for tab-separated values. */
export function readTsv(source: ByteSource, options: Omit<CsvOptions, "delimiter"> = {}): Dataset<Row> {
  return readCsv(source, { ...options, delimiter: "\t" });
}

async function* rows(source: ByteSource, options: CsvOptions): AsyncGenerator<Row, void> {
  const { delimiter = ",", numbers = "auto", missing = [""], trim = false } = options;
  const name = nameOf(source);
  const missingCells = new Set(missing);
  const numeric = numbers === "auto" ? undefined : new Set(numbers);
  let columns = options.columns;
  let record = 0;
  for await (const cells of records(source, { delimiter, trim, name })) {
    if (columns === undefined) {
      columns = header(cells, name);
      continue;
    }
    record++;
    if (cells.length !== columns.length) {
      const extra =
        cells.length > columns.length
          ? `; the first without a column is ${JSON.stringify(cells[columns.length])}`
          : `; "${columns[cells.length]}" is the first that is missing`;
      throw new Error(`${name}, record ${record}: expected ${columns.length} cells. Received ${cells.length}${extra}.`);
    }
    const row: Record<string, Value> = {};
    for (const [index, column] of columns.entries()) {
      const cell = cells[index]!;
      if (missingCells.has(cell)) row[column] = null;
      else if (numeric === undefined) row[column] = numberPattern.test(cell) ? Number(cell) : cell;
      else row[column] = numeric.has(column) ? toNumber(cell, { name, record, column }) : cell;
    }
    yield row;
  }
}

const numberPattern = /^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*$/;

function toNumber(cell: string, place: { name: string; record: number; column: string }): number {
  if (numberPattern.test(cell)) return Number(cell);
  throw new Error(
    `${place.name}, record ${place.record}, column "${place.column}": expected a number. Received ${JSON.stringify(cell)}.`,
  );
}

function header(cells: readonly string[], name: string): readonly string[] {
  const twice = cells.find((cell, index) => cells.indexOf(cell) !== index);
  if (twice !== undefined) throw new Error(`${name}: the header names the column ${JSON.stringify(twice)} twice.`);
  return cells;
}

/** Cells of each line, from csv-parse's streaming parser. */
async function* records(
  source: ByteSource,
  { delimiter, trim, name }: { delimiter: string; trim: boolean; name: string },
): AsyncGenerator<string[], void> {
  const parser = parse({
    delimiter,
    trim,
    bom: true,
    relax_column_count: true,
    skip_empty_lines: true,
    record_delimiter: ["\r\n", "\n", "\r"],
  });
  let found: string[][] = [];
  parser.on("data", (cells: string[]) => found.push(cells));
  const ended = new Promise<void>((resolve, reject) => parser.on("end", resolve).on("error", reject));
  // Thrown where it is awaited.
  ended.catch(() => {});
  const take = (): string[][] => {
    const taken = found;
    found = [];
    return taken;
  };
  try {
    for await (const text of textOf(source, name, () => `record ${parser.info.records}`)) {
      if (text !== "") await Promise.race([ended, new Promise<void>((done) => parser.write(text, () => done()))]);
      yield* take();
    }
    parser.end();
    await ended;
    yield* take();
  } catch (error) {
    const { code, lines, message } = error as Error & { code?: string; lines?: number };
    if (code === undefined || !code.startsWith("CSV_")) throw error;
    throw new Error(`${name}, line ${lines}: ${message}`, { cause: error });
  }
}
