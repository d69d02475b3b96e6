import { z } from "zod";
import type { Row, Value } from "../table.ts";
import { valueAt } from "./clean.ts";
import { imputation } from "./impute.ts";
import { quantile } from "./moments.ts";
import { OneHotEncoder } from "./one-hot.ts";
import { MinMaxScaler, RobustScaler, StandardScaler } from "./scalers.ts";
import type { CategoryColumn, NumberColumn } from "./table-schema.ts";

/** The category that stands for a missing one, where training had missing ones. */
export const missingCategory = "(missing)";

/** A fitted column: writes its features at an offset. */
export interface FittedColumn {
  readonly names: readonly string[];
  write(row: Row, out: Float32Array, place: { offset: number; at: number | undefined }): void;
}

export const NumberState = z.strictObject({
  fill: z.number().nullable(),
  center: z.number(),
  scale: z.number(),
  edges: z.array(z.number()).describe("borders of the pieces, ascending"),
});
export const CategoryState = z.strictObject({
  categories: z.array(z.string()),
  unknown: z.enum(["error", "zeros", "other"]),
  other: z.boolean(),
});

/** What one number column learned: what missing values become, and its scaling. */
export function fitNumber(column: NumberColumn, values: Iterable<number>): z.infer<typeof NumberState> {
  const numbers = Float64Array.from(values, (value) => (column.logarithm ? logarithm(value) : value));
  const { impute } = column;
  if (numbers.length === 0) {
    throw new Error(
      `Column "${column.name}": expected at least one number in the training rows. Received only missing values. ` +
        'Leave the column out (type: "ignore").',
    );
  }
  const fill =
    impute === "error"
      ? null
      : typeof impute === "object" && column.logarithm
        ? logarithm(impute.constant)
        : imputation(numbers, impute);
  const edges = piecesOf(numbers, column.pieces);
  if (column.scale === "none") return { fill: plain(fill), center: 0, scale: 1, edges };
  const scaler = { standard: StandardScaler, minmax: MinMaxScaler, robust: RobustScaler }[column.scale];
  const { center, scale } = scaler.fit(asRows(numbers));
  return { fill: plain(fill), center: plain(center[0]!), scale: scale[0]!, edges };
}

export function numberColumn(column: NumberColumn, state: z.infer<typeof NumberState>): FittedColumn {
  const { name } = column;
  return {
    names: [
      name,
      ...(column.indicator ? [`${name} missing`] : []),
      ...state.edges.slice(1).map((edge, piece) => `${name} from ${state.edges[piece]} to ${edge}`),
    ],
    write(row, out, { offset, at }) {
      const value = numberAt(row, name, at);
      if (column.indicator) out[offset + 1] = value === null ? 1 : 0;
      const known = value === null ? state.fill : column.logarithm ? logarithm(value) : value;
      if (known === null) throw new Error(`${where(name, at)}: expected a number. Received a missing value.`);
      out[offset] = (known - state.center) / state.scale;
      fillPieces(known, state.edges, out.subarray(offset + (column.indicator ? 2 : 1)));
    },
  };
}

export function categoryColumn(column: CategoryColumn, state: z.infer<typeof CategoryState>): FittedColumn {
  const { name } = column;
  const encoder = OneHotEncoder.fromJSON(state);
  return {
    names: encoder.names.map((category) => `${name}=${category}`),
    write(row, out, { offset, at }) {
      const value = valueAt(row, name, at);
      out.fill(0, offset, offset + encoder.width);
      try {
        const index = encoder.index(value === null ? missingCategory : String(value));
        if (index >= 0) out[offset + index] = 1;
      } catch (error) {
        throw new RangeError(`${where(name, at)}: ${(error as Error).message}`);
      }
    },
  };
}

/** The number in a column; text that reads as a number counts, null is missing. @throws Error naming row and column. */
export function numberAt(row: Row, name: string, at: number | undefined): number | null {
  const value: Value = valueAt(row, name, at);
  if (value === null) return null;
  const number = typeof value === "string" && value.trim() === "" ? Number.NaN : Number(value);
  if (Number.isFinite(number)) return number;
  throw new Error(
    `${where(name, at)}: expected a finite number or null. Received ${JSON.stringify(value)}. ` +
      'Clean the table first (markMissing, toNumbers), or make the column a category or ignore it ("type" in the schema).',
  );
}

export function where(name: string, at: number | undefined): string {
  return at === undefined ? `Column "${name}"` : `Row ${at + 1}, column "${name}"`;
}

function logarithm(value: number): number {
  return Math.sign(value) * Math.log1p(Math.abs(value));
}

/** Borders that part the different values into equally many; fewer where there are fewer values. */
function piecesOf(values: Float64Array, pieces: number): number[] {
  if (pieces === 0) return [];
  const distinct = [...new Set(values)].sort((left, right) => left - right);
  const borders = Array.from({ length: pieces + 1 }, (_, border) => plain(quantile(distinct, border / pieces)));
  return [...new Set(borders)];
}

/** Piecewise linear encoding: Gorishniy, Rubachev, Babenko 2022, "On embeddings for numerical features", equation 1. */
function fillPieces(value: number, edges: readonly number[], out: Float32Array): void {
  for (let piece = 0; piece + 1 < edges.length; piece++) {
    const share = (value - edges[piece]!) / (edges[piece + 1]! - edges[piece]!);
    out[piece] = Math.min(1, Math.max(0, share));
  }
}

/** JSON has no negative zero. */
function plain<Value extends number | null>(value: Value): Value {
  return (value === 0 ? 0 : value) as Value;
}

function* asRows(values: Float64Array): Generator<readonly [number]> {
  for (const value of values) yield [value];
}
