import type { Row, TablePreparation } from "@nacre/data";
import type { Classifier } from "@nacre/models";
import { disposeModel } from "@nacre/tensor";
import { z } from "zod";
import { classPrediction } from "../class-predictions.ts";
import { predictProbabilities } from "../classifier-batch.ts";
import type { ClassPrediction, Predictor } from "../predictor.ts";

export interface RowModel {
  readonly classifier: Classifier;
  readonly preparation: TablePreparation;
  readonly classes: readonly string[];
  readonly example: Row;
}

/** Prepares and classifies rows, all of a call in one batch. Columns that are left out count as missing. */
export function rowPredictor({ classifier, preparation, classes, example }: RowModel): Predictor<Row, ClassPrediction> {
  const { inputs: columns, width } = preparation;
  const shape = Object.fromEntries(
    columns.map(({ name, type }) => {
      // A number may come as text, as CSV files have it; what is none is refused here and not in the middle of a batch.
      const value = type === "number" ? z.coerce.number() : z.union([z.string(), z.number()]);
      return [name, z.union([z.null(), value]).default(null).describe(type)];
    }),
  );
  return {
    input: { kind: "row", columns: columns.map((column) => ({ ...column, example: example[column.name] ?? null })) },
    output: { kind: "classes", classes },
    // Other columns, the target among them, are passed over: files for training can be predicted as they are.
    inputSchema: z.object(shape) as unknown as z.ZodType<Row>,
    async predict(inputs, signal) {
      const features = new Float32Array(inputs.length * width);
      inputs.forEach((row, index) => features.set(preparation.transform(row, index), index * width));
      const batch = { features, labels: new Int32Array(inputs.length), size: inputs.length };
      const rows = await predictProbabilities(classifier, once(batch), { shape: [width], signal });
      return rows.map((row) => classPrediction(row, classes));
    },
    dispose: () => disposeModel(classifier),
  };
}

async function* once<T>(item: T): AsyncGenerator<T, void> {
  yield item;
}
