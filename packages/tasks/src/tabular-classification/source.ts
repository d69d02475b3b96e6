import { isAbsolute, resolve } from "node:path";
import {
  type CleaningStep,
  cleanTable,
  type Dataset,
  dropMissing,
  from,
  markMissing,
  openDataset,
  type Row,
  readCsv,
  readJsonLines,
  readParquet,
  readTsv,
  type TableColumnInput,
} from "@nacre/data";
import type { TaskContext } from "../task.ts";
import type { TabularClassificationRecipe } from "./recipe.ts";

/** Cleaned rows in three parts that share no record. */
export interface TableParts {
  readonly name: string;
  readonly licence?: string;
  readonly schema: readonly TableColumnInput[];
  readonly target: string;
  readonly train: readonly Row[];
  readonly validation: readonly Row[];
  readonly test: readonly Row[];
  readonly cleaning: readonly { readonly reason: string; readonly count: number }[];
}

/** Opens what the recipe names, cleans it and splits it by the hash of each row. */
export async function openTable(recipe: TabularClassificationRecipe, context: TaskContext): Promise<TableParts> {
  const { source, validation } = recipe.data;
  const opened = source.from === "catalogue" ? await fromCatalogue(source.name, context) : fromFile(source, context);
  const target = opened.schema.find(({ type }) => type === "target")?.name;
  if (target === undefined) throw new Error(`Expected a target among the columns of ${opened.name}. Received none.`);
  const steps = [...opened.steps, dropMissing({ columns: [target] })];
  const known = await cleanTable(counted(opened.known, context), steps);
  const given = opened.test && (await cleanTable(counted(opened.test, context), steps));
  const keyColumn = opened.schema.find(({ type }) => type === "key")?.name;
  // Without a key, equal rows stay on one side.
  const by = (row: Row) => (keyColumn === undefined ? JSON.stringify(row) : String(row[keyColumn]));
  const outer = given
    ? { known: from(known.rows), test: from(given.rows) }
    : from(known.rows).split({ by, parts: { known: 1 - source.test, test: source.test } });
  const inner = outer.known.split({ by, parts: { train: 1 - validation, validation }, salt: "validation" });
  return {
    name: opened.name,
    ...(opened.licence === undefined ? {} : { licence: opened.licence }),
    schema: opened.schema,
    target,
    train: await inner.train.toArray(),
    validation: await inner.validation.toArray(),
    test: await outer.test.toArray(),
    cleaning: [...known.cleaning, ...(given?.cleaning ?? [])],
  };
}

interface Opened {
  readonly name: string;
  readonly licence?: string;
  readonly schema: readonly TableColumnInput[];
  readonly known: Dataset<Row>;
  readonly test?: Dataset<Row>;
  readonly steps: readonly CleaningStep[];
}

async function fromCatalogue(name: string, context: TaskContext): Promise<Opened> {
  const opened = await openDataset(name, {
    progress: ({ file, done, total }) => context.progress(done, total, "bytes", file),
    ...(context.signal === undefined ? {} : { signal: context.signal }),
  });
  if (opened.kind !== "table") throw new Error(`Expected the name of a table. ${name} holds ${opened.kind}.`);
  const { entry, schema, train, test, cleaning } = opened;
  return {
    name,
    licence: entry.licence,
    schema,
    known: train,
    steps: cleaning,
    ...(test === undefined ? {} : { test }),
  };
}

function fromFile(
  { path, columns, missing }: Extract<TabularClassificationRecipe["data"]["source"], { from: "file" }>,
  context: TaskContext,
): Opened {
  const file = isAbsolute(path) ? path : resolve(context.folder, path);
  return { name: path, schema: columns, known: readRows(file), steps: [markMissing({ markers: missing })] };
}

function readRows(file: string): Dataset<Row> {
  const kind = file.replace(/\.gz$/, "").split(".").at(-1);
  switch (kind) {
    case "csv":
      return readCsv(file);
    case "tsv":
      return readTsv(file);
    case "jsonl":
      return readJsonLines(file) as Dataset<Row>;
    case "parquet":
      return readParquet(file);
  }
  throw new Error(`Expected a file that ends in .csv, .tsv, .jsonl or .parquet. Received ${file}.`);
}

async function* counted(rows: Dataset<Row>, context: TaskContext): AsyncGenerator<Row, void> {
  let done = 0;
  for await (const row of rows) {
    if (++done % 2000 === 0) {
      context.signal?.throwIfAborted();
      context.progress(done, done * 1.25, "rows");
    }
    yield row;
  }
}
