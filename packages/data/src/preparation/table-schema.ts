import { z } from "zod";

const NumberColumn = z.strictObject({
  name: z.string().min(1),
  type: z.literal("number"),
  scale: z.enum(["standard", "minmax", "robust", "none"]).default("standard"),
  impute: z
    .union([z.enum(["mean", "median", "mode", "error"]), z.strictObject({ constant: z.number() })])
    .default("median")
    .describe("what stands in for a missing value; error refuses it"),
  indicator: z.boolean().default(false).describe("adds a column that is 1 where the value is missing"),
  logarithm: z.boolean().default(false).describe("takes sign(x) · ln(1 + |x|) first, for long tails"),
  pieces: z
    .int()
    .min(0)
    .max(256)
    .default(0)
    .describe(
      "adds so many columns that fill up one after the other as the value grows; lets a model bend at thresholds",
    ),
});

const CategoryColumn = z.strictObject({
  name: z.string().min(1),
  type: z.literal("category"),
  unknown: z.enum(["error", "zeros", "other"]).default("zeros"),
  minimumCount: z.int().positive().default(1).describe("rarer categories share one column"),
});

const TargetColumn = z.strictObject({
  name: z.string().min(1),
  type: z.literal("target"),
  kind: z.enum(["class", "number"]).default("class"),
});

const OtherColumn = z.strictObject({ name: z.string().min(1), type: z.enum(["ignore", "key"]) });

/** What one column of a table is for. */
export const TableColumn = z.discriminatedUnion("type", [NumberColumn, CategoryColumn, TargetColumn, OtherColumn]);

/** The columns of a table, each once, with at most one target. */
export const TableSchema = z
  .array(TableColumn)
  .min(1)
  .refine((columns) => new Set(columns.map((column) => column.name)).size === columns.length, "a column is named twice")
  .refine((columns) => columns.filter((column) => column.type === "target").length <= 1, "more than one target")
  .refine(
    (columns) => columns.some((column) => column.type === "number" || column.type === "category"),
    "no number or category column to learn from",
  );

export type TableColumn = z.infer<typeof TableColumn>;
/** As one writes it: everything with a default may be left out. */
export type TableColumnInput = z.input<typeof TableColumn>;
export type NumberColumn = z.infer<typeof NumberColumn>;
export type CategoryColumn = z.infer<typeof CategoryColumn>;
