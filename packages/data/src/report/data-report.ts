import type { Row } from "../table.ts";

/** Everything known about a data set before a model sees it: JSON, for pages, files and lineage. */
export interface DataReport {
  readonly name: string;
  readonly records: number;
  /** Records by split, in the order given. */
  readonly splits: Readonly<Record<string, number>>;
  readonly classes?: readonly ClassReport[];
  readonly columns?: readonly ColumnReport[];
  readonly images?: ImagesReport;
  /** Records that equal an earlier one: within a split, and in more than one split. */
  readonly duplicates: { readonly within: number; readonly across: number };
  /** What cleaning dropped or changed before these records. */
  readonly cleaning: readonly { readonly reason: string; readonly count: number }[];
  /** What a person should look at: leaks, imbalance, empty columns. */
  readonly warnings: readonly string[];
  readonly samples: readonly Sample[];
  /** sha256 over the records in order, split by split; see `RecordDigest`. */
  readonly digest: string;
}

export interface ClassReport {
  readonly label: string;
  readonly counts: Readonly<Record<string, number>>;
}

export interface Sample {
  readonly label: string;
  /** Data URL. */
  readonly png?: string;
  readonly row?: Row;
}

/** All channels together, values from 0 to 1. */
export interface ImagesReport {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** How many different sizes there are; height and width are the first image's. */
  readonly sizes: number;
  readonly mean: number;
  readonly deviation: number;
  /** Shares of pixels by brightness in 32 equal steps; they sum to 1. */
  readonly histogram: readonly number[];
}

/** One column over all splits. */
export interface ColumnReport {
  readonly name: string;
  readonly type: "number" | "category";
  readonly missing: number;
  /** Different values, missing ones aside. */
  readonly distinct: number;
  readonly number?: NumberReport;
  /** The most frequent values; `others` counts the rest. */
  readonly categories?: readonly { readonly value: string; readonly count: number }[];
  readonly others?: number;
}

export interface NumberReport {
  readonly minimum: number;
  readonly maximum: number;
  readonly mean: number;
  /** Population. */
  readonly deviation: number;
  /** By share of the values below, as text: "0.05", "0.25", "0.5", "0.75", "0.95". */
  readonly quantiles: Readonly<Record<string, number>>;
  /** Counts in equal steps from minimum to maximum. */
  readonly histogram: readonly number[];
}
