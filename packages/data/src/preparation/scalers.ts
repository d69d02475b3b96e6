import { deviation, type Moments, mergeMoments, noMoments, observe, quantile } from "./moments.ts";

/** (value - center) / scale by column: what every fitted scaler is. */
export interface Scaling {
  readonly center: readonly number[];
  readonly scale: readonly number[];
}

/** Rows of numbers, all of one width. */
export type NumberRows = Iterable<ArrayLike<number>>;

abstract class LinearScaler {
  readonly center: readonly number[];
  readonly scale: readonly number[];

  /** @throws RangeError unless centers and scales are finite, scales not 0, and as many of one as of the other. */
  constructor({ center, scale }: Scaling) {
    const sound = center.every(Number.isFinite) && scale.every((each) => Number.isFinite(each) && each !== 0);
    if (center.length !== scale.length || !sound) {
      throw new RangeError(
        `Expected as many finite centers as finite scales that are not 0. Received ${JSON.stringify({ center, scale })}.`,
      );
    }
    this.center = center;
    this.scale = scale;
  }

  /** Scales one row [columns]. @throws RangeError if the row has another width. */
  transform(row: ArrayLike<number>): Float64Array {
    this.#check(row);
    return Float64Array.from(this.center, (center, column) => (row[column]! - center) / this.scale[column]!);
  }

  /** Undoes `transform`. */
  inverse(row: ArrayLike<number>): Float64Array {
    this.#check(row);
    return Float64Array.from(this.center, (center, column) => row[column]! * this.scale[column]! + center);
  }

  toJSON(): Scaling {
    return { center: this.center, scale: this.scale };
  }

  #check(row: ArrayLike<number>): void {
    if (row.length === this.center.length) return;
    throw new RangeError(`Expected a row of ${this.center.length} numbers. Received ${row.length}.`);
  }
}

/** To mean 0 and standard deviation 1 (population); a column that never varies is only centered. */
export class StandardScaler extends LinearScaler {
  static fit(rows: NumberRows): StandardScaler {
    return StandardScaler.fromMoments(observeRows(rows));
  }

  /** From statistics gathered elsewhere, for example one `observeRows` per shard, merged. */
  static fromMoments(columns: readonly Moments[]): StandardScaler {
    return new StandardScaler({
      center: columns.map((column) => column.mean),
      scale: columns.map((column) => (varies(column) ? deviation(column) : 1)),
    });
  }

  static fromJSON(json: Scaling): StandardScaler {
    return new StandardScaler(json);
  }
}

/** To the range 0 to 1; a column that never varies is only moved. */
export class MinMaxScaler extends LinearScaler {
  static fit(rows: NumberRows): MinMaxScaler {
    const minimum: number[] = [];
    const maximum: number[] = [];
    eachNumber(rows, (value, column) => {
      minimum[column] = Math.min(minimum[column] ?? Infinity, value);
      maximum[column] = Math.max(maximum[column] ?? -Infinity, value);
    });
    return new MinMaxScaler({ center: minimum, scale: minimum.map((low, column) => width(maximum[column]! - low)) });
  }

  static fromJSON(json: Scaling): MinMaxScaler {
    return new MinMaxScaler(json);
  }
}

/** To median 0 and distance 1 between the quartiles: outliers do not move it. Keeps all values while fitting. */
export class RobustScaler extends LinearScaler {
  static fit(rows: NumberRows): RobustScaler {
    const columns: number[][] = [];
    eachNumber(rows, (value, column) => (columns[column] ??= []).push(value));
    const sorted = columns.map((values) => Float64Array.from(values).sort());
    return new RobustScaler({
      center: sorted.map((values) => quantile(values, 0.5)),
      scale: sorted.map((values) => width(quantile(values, 0.75) - quantile(values, 0.25))),
    });
  }

  static fromJSON(json: Scaling): RobustScaler {
    return new RobustScaler(json);
  }
}

/** Statistics of every column, in one pass. */
export function observeRows(rows: NumberRows): Moments[] {
  const columns: Moments[] = [];
  eachNumber(rows, (value, column) => {
    columns[column] = observe(columns[column] ?? noMoments, value);
  });
  return columns;
}

/** Joins what `observeRows` found in two parts. */
export function mergeRows(left: readonly Moments[], right: readonly Moments[]): Moments[] {
  if (left.length === 0 || right.length === 0) return [...left, ...right];
  if (left.length !== right.length) {
    throw new RangeError(`Expected parts of the same width. Received ${left.length} and ${right.length} columns.`);
  }
  return left.map((column, index) => mergeMoments(column, right[index]!));
}

/** Whether the variance is more than rounding can make of a constant column (the bound of scikit-learn's scalers). */
function varies({ count, mean, squares }: Moments): boolean {
  const variance = squares / count;
  return variance > count * Number.EPSILON * variance + (count * mean * Number.EPSILON) ** 2;
}

/** 1 in place of a width that is only rounding. */
function width(value: number): number {
  return value < 10 * Number.EPSILON ? 1 : value;
}

function eachNumber(rows: NumberRows, use: (value: number, column: number) => void): void {
  let columns: number | undefined;
  let at = 0;
  for (const row of rows) {
    at++;
    columns ??= row.length;
    if (row.length !== columns) {
      throw new RangeError(`Row ${at}: expected ${columns} numbers as in the first row. Received ${row.length}.`);
    }
    for (let column = 0; column < columns; column++) {
      const value = row[column]!;
      if (!Number.isFinite(value)) {
        throw new RangeError(
          `Row ${at}, column ${column + 1}: expected a finite number. Received ${value}. Impute missing values first.`,
        );
      }
      use(value, column);
    }
  }
  if (at === 0) throw new RangeError("Expected at least one row to fit a scaler on. Received none.");
}
