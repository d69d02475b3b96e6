import type { Row } from "../table.ts";
import { ClassBalance } from "./class-balance.ts";
import { ColumnStatistics } from "./column-statistics.ts";
import type { DataReport, Sample } from "./data-report.ts";
import { fingerprint, RecordDigest } from "./digest.ts";
import { Duplicates } from "./duplicates.ts";
import { leakageWarnings } from "./leakage.ts";

export interface ReportTableOptions {
  readonly name: string;
  readonly splits: Readonly<Record<string, Iterable<Row> | AsyncIterable<Row>>>;
  /** The column to be predicted. */
  readonly target?: string;
  /** Whether the target is a class (default) or a number. */
  readonly targetKind?: "class" | "number";
  /** Columns that name records: not looked at for duplicates and leaks. */
  readonly ignore?: readonly string[];
  readonly cleaning?: DataReport["cleaning"];
  /** Rows shown, from the start of the first split. Default 8. */
  readonly samples?: number;
}

/** One pass over every split; the rows stay in memory until it is done. */
export async function reportTable(options: ReportTableOptions): Promise<DataReport> {
  const { name, splits, target, targetKind = "class", ignore = [], cleaning = [] } = options;
  const names = Object.keys(splits);
  const asClass = target !== undefined && targetKind === "class";
  const ignored = new Set(ignore);
  const counts: Record<string, number> = {};
  const columns = new Map<string, ColumnStatistics>();
  const balance = new ClassBalance();
  const duplicates = new Duplicates();
  const digest = new RecordDigest();
  const samples: Sample[] = [];
  const all: Row[] = [];
  for (const [split, rows] of Object.entries(splits)) {
    digest.split(split);
    counts[split] = 0;
    for await (const row of rows) {
      counts[split]!++;
      digest.row(row);
      all.push(row);
      duplicates.add(
        split,
        fingerprint(JSON.stringify(Object.entries(row).filter(([column]) => !ignored.has(column)))),
      );
      for (const [column, value] of Object.entries(row)) {
        if (!columns.has(column)) columns.set(column, new ColumnStatistics(column));
        columns.get(column)!.add(value);
      }
      const label = target === undefined ? "" : String(row[target] ?? "");
      if (asClass) balance.add(split, label);
      if (split === names[0] && samples.length < (options.samples ?? 8)) samples.push({ label, row });
    }
  }
  if (target !== undefined && all.length > 0 && !columns.has(target)) {
    throw new Error(`Expected the target among the columns: ${[...columns.keys()].join(", ")}. Received "${target}".`);
  }
  const inputs = [...columns.keys()].filter((column) => column !== target && !ignored.has(column));
  return {
    name,
    records: all.length,
    splits: counts,
    ...(asClass ? { classes: balance.report(names) } : {}),
    columns: [...columns.values()].map((column) => column.report(asClass && column.name === target)),
    duplicates: duplicates.counts,
    cleaning,
    warnings: [
      ...duplicates.warnings,
      ...(asClass ? balance.warnings(names) : []),
      ...columnWarnings(
        inputs.map((column) => columns.get(column)!),
        all.length,
      ),
      ...(asClass ? leakageWarnings(all, inputs, target) : []),
    ],
    samples,
    digest: digest.hex(),
  };
}

function columnWarnings(columns: readonly ColumnStatistics[], records: number): string[] {
  return columns.flatMap((column) => {
    if (column.distinct === 0) return [`Column "${column.name}" is empty.`];
    if (column.distinct === 1 && column.missing === 0) return [`Column "${column.name}" has one value only.`];
    const share = column.missing / records;
    if (share >= 0.5) return [`Column "${column.name}" is missing in ${Math.round(100 * share)} % of the records.`];
    return [];
  });
}
