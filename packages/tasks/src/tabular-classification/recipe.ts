import { TableSchema } from "@nacre/data";
import { ClassifierConfig } from "@nacre/models";
import { z } from "zod";
import { EvaluationConfig } from "../classifier-evaluation.ts";
import { recipeBase } from "../recipe.ts";
import { TrainingConfig } from "../training.ts";

/** Where rows come from. */
const TableSource = z.discriminatedUnion("from", [
  z.strictObject({
    from: z.literal("catalogue"),
    name: z.string().describe("a table of `nacre data list`"),
    test: z
      .number()
      .gt(0)
      .lt(1)
      .default(0.2)
      .describe("share held out, where the data set has no test part of its own"),
  }),
  z.strictObject({
    from: z.literal("file"),
    path: z.string().describe(".csv, .tsv, .jsonl or .parquet, gzipped or not; relative to the recipe"),
    columns: TableSchema.describe("what each column is for; one of them is the target"),
    missing: z.array(z.string()).default(["", "?", "NA"]).describe("cells that stand for a missing value"),
    test: z.number().gt(0).lt(1).default(0.2).describe("share held out for the final scores"),
  }),
]);

export const TabularClassificationRecipe = z.strictObject({
  ...recipeBase,
  task: z.literal("tabular-classification"),
  data: z.strictObject({
    source: TableSource,
    validation: z.number().gt(0).lt(1).default(0.1).describe("share of the training part that scores every epoch"),
  }),
  model: ClassifierConfig,
  train: TrainingConfig,
  evaluate: EvaluationConfig.prefault({}),
});
export type TabularClassificationRecipe = z.infer<typeof TabularClassificationRecipe>;
