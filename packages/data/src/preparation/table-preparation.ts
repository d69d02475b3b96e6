import { z } from "zod";
import type { Row } from "../table.ts";
import { valueAt } from "./clean.ts";
import {
  CategoryState,
  categoryColumn,
  type FittedColumn,
  fitNumber,
  missingCategory,
  NumberState,
  numberAt,
  numberColumn,
  where,
} from "./columns.ts";
import { OneHotEncoder } from "./one-hot.ts";
import { type TableColumn, type TableColumnInput, TableSchema } from "./table-schema.ts";

const TablePreparationState = z.strictObject({
  format: z.literal(1),
  type: z.literal("table"),
  schema: TableSchema,
  numbers: z.record(z.string(), NumberState),
  categories: z.record(z.string(), CategoryState),
  classes: z.array(z.string()).optional(),
  rows: z.int().nonnegative().describe("how many rows it was fitted on"),
});
type TablePreparationState = z.infer<typeof TablePreparationState>;

/** What a row must have for a prediction. */
export interface InputColumn {
  readonly name: string;
  readonly type: "number" | "category";
  readonly values?: readonly string[];
}

/**
 * Rows to features: imputes, scales and encodes by what the training rows taught. Fit it on the training part only, save
 * its JSON with the model, and apply the same everywhere.
 */
export class TablePreparation {
  readonly schema: readonly TableColumn[];
  /** One name a feature, in order: `age`, `sex=Male`, `age missing`. */
  readonly featureNames: readonly string[];
  /** The target's classes in label order; empty where the target is a number or absent. */
  readonly classes: readonly string[];
  readonly #state: TablePreparationState;
  readonly #columns: readonly FittedColumn[];
  readonly #labels: ReadonlyMap<string, number>;

  private constructor(state: TablePreparationState) {
    this.#state = state;
    this.schema = state.schema;
    this.#columns = state.schema.flatMap((column) => {
      if (column.type === "number") return [numberColumn(column, stateOf(state.numbers, column.name))];
      if (column.type === "category") return [categoryColumn(column, stateOf(state.categories, column.name))];
      return [];
    });
    this.featureNames = this.#columns.flatMap((column) => column.names);
    this.classes = state.classes ?? [];
    this.#labels = new Map(this.classes.map((name, index) => [name, index]));
  }

  /**
   * One pass over the training rows.
   *
   * @throws Error naming row and column where a value does not fit the schema, ZodError for a wrong schema.
   */
  static async fit(
    rows: Iterable<Row> | AsyncIterable<Row>,
    schema: readonly TableColumnInput[],
  ): Promise<TablePreparation> {
    const columns = TableSchema.parse(schema);
    const numbers = new Map<string, number[]>();
    const counts = new Map<string, Map<string, number>>();
    let at = 0;
    for await (const row of rows) {
      for (const column of columns) gather(column, { row, at, numbers, counts });
      at++;
    }
    if (at === 0) throw new Error("Expected at least one row to fit the preparation on. Received none.");
    const state: TablePreparationState = {
      format: 1,
      type: "table",
      schema: columns,
      numbers: {},
      categories: {},
      rows: at,
    };
    for (const column of columns) {
      if (column.type === "number") state.numbers[column.name] = fitNumber(column, numbers.get(column.name) ?? []);
      if (column.type === "category") {
        state.categories[column.name] = OneHotEncoder.fromCounts(counts.get(column.name)!, column).toJSON();
      }
      if (column.type === "target" && column.kind === "class") {
        state.classes = inOrder([...counts.get(column.name)!.keys()]);
      }
    }
    return TablePreparation.fromJSON(state);
  }

  /** Features of a row. */
  get width(): number {
    return this.featureNames.length;
  }

  /** The columns a prediction needs, with the categories known. */
  get inputs(): InputColumn[] {
    return this.schema.flatMap((column): InputColumn[] => {
      if (column.type === "number") return [{ name: column.name, type: "number" }];
      if (column.type !== "category") return [];
      const values = stateOf(this.#state.categories, column.name).categories.filter(
        (value) => value !== missingCategory,
      );
      return [{ name: column.name, type: "category", values }];
    });
  }

  /** Row to features [width]. `at` is the row's number from 0, for error messages. */
  transform(row: Row, at?: number): Float32Array {
    const out = new Float32Array(this.width);
    let offset = 0;
    for (const column of this.#columns) {
      column.write(row, out, { offset, at });
      offset += column.names.length;
    }
    return out;
  }

  /** The target: the index of its class, or its number. @throws Error naming row and column. */
  target(row: Row, at?: number): number {
    const column = this.#requireColumn("target");
    const value = valueAt(row, column.name, at);
    if (value === null) throw new Error(`${where(column.name, at)}: expected a target. Received a missing value.`);
    if (column.type === "target" && column.kind === "number") return numberAt(row, column.name, at)!;
    const label = this.#labels.get(String(value));
    if (label !== undefined) return label;
    throw new Error(
      `${where(column.name, at)}: expected one of the classes ${this.classes.map((each) => JSON.stringify(each)).join(", ")}. ` +
        `Received ${JSON.stringify(value)}.`,
    );
  }

  /** The row's key, by which splits keep records of one origin together. */
  key(row: Row, at?: number): string {
    return String(valueAt(row, this.#requireColumn("key").name, at));
  }

  toJSON(): TablePreparationState {
    return structuredClone(this.#state);
  }

  /** @throws ZodError if this is not the JSON of a table preparation. */
  static fromJSON(json: unknown): TablePreparation {
    return new TablePreparation(TablePreparationState.parse(json));
  }

  #requireColumn(type: "target" | "key"): TableColumn {
    const column = this.schema.find((each) => each.type === type);
    if (column !== undefined) return column;
    throw new Error(
      `Expected a ${type} column in the schema. Received ${this.schema.map((each) => each.type).join(", ")}.`,
    );
  }
}

interface Gathered {
  readonly row: Row;
  readonly at: number;
  readonly numbers: Map<string, number[]>;
  readonly counts: Map<string, Map<string, number>>;
}

function gather(column: TableColumn, { row, at, numbers, counts }: Gathered): void {
  const { name } = column;
  if (column.type === "number") {
    const value = numberAt(row, name, at);
    if (value === null && column.impute === "error") {
      throw new Error(`${where(name, at)}: expected a number. Received a missing value. Choose how to impute it.`);
    }
    if (!numbers.has(name)) numbers.set(name, []);
    if (value !== null) numbers.get(name)!.push(value);
    return;
  }
  if (column.type === "target" && column.kind === "number") {
    if (numberAt(row, name, at) === null)
      throw new Error(`${where(name, at)}: expected a target. Received a missing value.`);
    return;
  }
  if (column.type !== "category" && column.type !== "target") return;
  const value = valueAt(row, name, at);
  if (value === null && column.type === "target") {
    throw new Error(`${where(name, at)}: expected a target. Received a missing value. Drop such rows (dropMissing).`);
  }
  const text = value === null ? missingCategory : String(value);
  if (!counts.has(name)) counts.set(name, new Map());
  const seen = counts.get(name)!;
  seen.set(text, (seen.get(text) ?? 0) + 1);
}

function stateOf<State>(states: Readonly<Record<string, State>>, name: string): State {
  const state = Object.hasOwn(states, name) ? states[name] : undefined;
  if (state === undefined) throw new Error(`Column "${name}": the preparation's JSON lacks what was fitted for it.`);
  return state;
}

/** Classes that are all numbers sort as numbers, others by UTF-16 code unit. */
function inOrder(classes: string[]): string[] {
  const numeric = classes.every((each) => each.trim() !== "" && Number.isFinite(Number(each)));
  return numeric ? classes.sort((left, right) => Number(left) - Number(right)) : classes.sort();
}
