import type { Dataset } from "../dataset.ts";
import type { Row, Value } from "../table.ts";
import { sequential } from "./line-stream.ts";

export interface DuckdbOptions {
  /** Values of `$1`, `$2` … in the query. */
  readonly parameters?: readonly Value[];
  /** A database file; in memory unless given. It is only read. */
  readonly database?: string;
  /** What DuckDB may hold in memory before it spills, for example "2GB". Default: DuckDB's, 80 % of the machine's. */
  readonly memory?: string;
  /** Where it spills. Default: DuckDB's, `.tmp` in the working folder. */
  readonly spill?: string;
  readonly threads?: number;
}

/**
 * Rows of a query over files of any size, by DuckDB, which sorts, joins and groups on disk where memory is short: for example
 * `SELECT text FROM 'pages/*.parquet' WHERE length(text) > 200 ORDER BY hash(url)`. Rows come in batches of 2048. Integers must be safe
 * ones; booleans become 0 and 1; dates, decimals and nested values their text. A position is a row number, so a query without
 * ORDER BY over several files should leave DuckDB one thread if it is to be resumed. Node only; needs `npm install @duckdb/node-api`.
 *
 * Errors while reading: DuckDB is not installed, or what it says of the query.
 */
export function readDuckdb(query: string, options: DuckdbOptions = {}): Dataset<Row> {
  return sequential(() => rows(query, options));
}

type Duckdb = typeof import("@duckdb/node-api");

async function loadDuckdb(): Promise<Duckdb> {
  // The name is computed so that bundlers for browsers do not follow it.
  const name = "@duckdb/node-api";
  try {
    return (await import(/* @vite-ignore */ name)) as Duckdb;
  } catch (error) {
    throw new Error(
      `Expected DuckDB, which reads files larger than memory, to be installed: npm install ${name}. ${(error as Error).message}`,
      { cause: error },
    );
  }
}

async function* rows(query: string, options: DuckdbOptions): AsyncGenerator<Row, void> {
  const { parameters = [], database, memory, spill, threads } = options;
  const { DuckDBInstance } = await loadDuckdb();
  const instance = await DuckDBInstance.create(database ?? ":memory:", {
    ...(database === undefined ? {} : { access_mode: "READ_ONLY" }),
    ...(memory === undefined ? {} : { memory_limit: memory }),
    ...(spill === undefined ? {} : { temp_directory: spill }),
    ...(threads === undefined ? {} : { threads: String(threads) }),
  });
  const connection = await instance.connect();
  try {
    const result = await connection.stream(query, [...parameters]).catch((error: Error) => {
      throw new Error(`DuckDB refused the query: ${error.message}`, { cause: error });
    });
    const columns = result.deduplicatedColumnNames();
    let record = 0;
    for (;;) {
      const chunk = await result.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) return;
      for (const values of chunk.getRows()) {
        record++;
        yield Object.fromEntries(columns.map((column, index) => [column, toValue(values[index], { record, column })]));
      }
    }
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

function toValue(value: unknown, { record, column }: { record: number; column: string }): Value {
  if (value === null || value === undefined) return null;
  if (typeof value === "string" || typeof value === "number") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value !== "bigint") return String(value);
  if (Number.isSafeInteger(Number(value))) return Number(value);
  throw new Error(
    `Record ${record} of the query, column "${column}": expected a number, text or null. Received the integer ${value}, which ` +
      `a number cannot hold. CAST it AS VARCHAR.`,
  );
}
