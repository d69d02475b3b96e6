import type { Row, Value } from "../table.ts";

/** What cleaning did and how often. `reason` reads as a line of a report. */
export interface CleaningCount {
  readonly reason: string;
  readonly count: number;
  /** Whether the rows were taken out or kept with another value. */
  readonly action: "dropped" | "changed";
  readonly column?: string;
}

export interface Cleaned {
  readonly rows: Row[];
  /** In the order of the steps; only what happened at least once. */
  readonly cleaning: CleaningCount[];
}

/** Records that a step dropped or changed something. */
export type Note = (reason: string, action: CleaningCount["action"], column?: string) => void;

/** Gives the row (the same object if nothing changed, else a copy) or undefined to drop it. `at` is its number from 0. */
export type CleanRow = (row: Row, context: { at: number; note: Note }) => Row | undefined;

/** One thing to clean. `start` begins a pass, so a step may remember rows within a pass and never beyond it. */
export interface CleaningStep {
  readonly name: string;
  start(): CleanRow;
}

/**
 * Passes every row through the steps, in order. The rows given are not changed.
 *
 * @throws Error naming row and column where a step is told to refuse what it finds.
 */
export async function cleanTable(
  rows: Iterable<Row> | AsyncIterable<Row>,
  steps: readonly CleaningStep[],
): Promise<Cleaned> {
  const cleaner = startCleaning(steps);
  const kept: Row[] = [];
  for await (const row of rows) {
    const cleaned = cleaner.clean(row);
    if (cleaned !== undefined) kept.push(cleaned);
  }
  return { rows: kept, cleaning: cleaner.cleaning() };
}

/** One pass of `steps` over rows that come one at a time, with its running counts. */
export function startCleaning(steps: readonly CleaningStep[]): {
  clean(row: Row): Row | undefined;
  cleaning(): CleaningCount[];
} {
  const counts = steps.map(() => new Map<string, CleaningCount>());
  const started = steps.map((step, index) => ({ clean: step.start(), note: noteIn(counts[index]!) }));
  let at = 0;
  const clean = (row: Row): Row | undefined => {
    let current: Row | undefined = row;
    for (const step of started) {
      current = step.clean(current, { at, note: step.note });
      if (current === undefined) break;
    }
    at++;
    return current;
  };
  return { clean, cleaning: () => counts.flatMap((step) => [...step.values()]) };
}

function noteIn(counts: Map<string, CleaningCount>): Note {
  return (reason, action, column) => {
    const key = `${action}\0${column ?? ""}\0${reason}`;
    const count = (counts.get(key)?.count ?? 0) + 1;
    counts.set(key, { reason, count, action, ...(column === undefined ? {} : { column }) });
  };
}

/** Takes spaces off both ends of text. */
export function trimText(options: { columns?: readonly string[] } = {}): CleaningStep {
  return eachValue("trimText", options.columns, (value, { column, note }) => {
    if (typeof value !== "string") return value;
    const trimmed = value.trim();
    if (trimmed !== value) note(`spaces around text in "${column}"`, "changed", column);
    return trimmed;
  });
}

/** The texts that stand for a missing value unless told otherwise. */
export const missingMarkers: readonly string[] = ["", "?", "NA", "N/A", "NaN", "nan", "null", "NULL"];

/** Turns marker texts, and numbers that are not a number, into null. */
export function markMissing(options: { markers?: readonly string[]; columns?: readonly string[] } = {}): CleaningStep {
  const markers = new Set(options.markers ?? missingMarkers);
  return eachValue("markMissing", options.columns, (value, { column, note }) => {
    const missing = typeof value === "number" ? Number.isNaN(value) : value !== null && markers.has(value);
    if (!missing) return value;
    note(`missing value in "${column}"`, "changed", column);
    return null;
  });
}

/** Takes out rows with a null in any of the columns (all columns unless named). */
export function dropMissing(options: { columns?: readonly string[] } = {}): CleaningStep {
  return {
    name: "dropMissing",
    start: () => (row, context) => {
      for (const column of options.columns ?? Object.keys(row)) {
        if (valueAt(row, column, context.at) !== null) continue;
        context.note(`row without "${column}"`, "dropped", column);
        return undefined;
      }
      return row;
    },
  };
}

/**
 * Takes out rows that equal an earlier row in every column (or in the columns named). Keeps the first. Remembers the rows
 * seen, so it needs the memory of one text per different row.
 */
export function dropDuplicates(options: { columns?: readonly string[] } = {}): CleaningStep {
  return {
    name: "dropDuplicates",
    start: () => {
      const seen = new Set<string>();
      return (row, { at, note }) => {
        const columns = options.columns ?? Object.keys(row);
        const key = JSON.stringify(columns.map((column) => valueAt(row, column, at)));
        if (!seen.has(key)) {
          seen.add(key);
          return row;
        }
        note("duplicate row", "dropped");
        return undefined;
      };
    },
  };
}

/**
 * A step that looks at each value of the columns (all unless named).
 *
 * `change` gives the value to keep, or undefined to drop the row.
 */
export function eachValue(
  name: string,
  columns: readonly string[] | undefined,
  change: (value: Value, context: { column: string; at: number; note: Note }) => Value | undefined,
): CleaningStep {
  const cleanRow: CleanRow = (row, { at, note }) => {
    let copy: Record<string, Value> | undefined;
    for (const column of columns ?? Object.keys(row)) {
      const before = valueAt(row, column, at);
      const after = change(before, { column, at, note });
      if (after === undefined) return undefined;
      if (!Object.is(after, before)) (copy ??= { ...row })[column] = after;
    }
    return copy ?? row;
  };
  return { name, start: () => cleanRow };
}

/** @throws Error naming row and column where the row has no such column. */
export function valueAt(row: Row, column: string, at: number | undefined): Value {
  const value = row[column];
  if (value !== undefined) return value;
  const where = at === undefined ? "The row" : `Row ${at + 1}`;
  throw new Error(
    `${where} has no column "${column}". It has: ${Object.keys(row).join(", ") || "none"}. ` +
      "Name the columns in the reader's options, or leave this one out.",
  );
}
