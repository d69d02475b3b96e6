/** One cell of a table; null is a missing value. */
export type Value = string | number | null;

/** One record of a table, by column name. */
export type Row = Readonly<Record<string, Value>>;
