import { z } from "zod";
import type { ServedModel } from "./served-model.ts";

/** A model in a list. */
export const ModelSummary = z.object({
  id: z.string(),
  name: z.string(),
  task: z.string(),
  state: z.enum(["loading", "ready", "failed"]),
  input: z.looseObject({ kind: z.string() }).optional().describe("what the model takes"),
  output: z.looseObject({ kind: z.string() }).optional().describe("what the model gives"),
});
export type ModelSummary = z.output<typeof ModelSummary>;

/** All there is to know of a model. */
export const ModelDetails = ModelSummary.extend({
  description: z.string().optional(),
  created: z.string().optional().describe("ISO 8601"),
  metrics: z
    .array(z.object({ name: z.string(), value: z.number(), low: z.number().optional(), high: z.number().optional() }))
    .optional()
    .describe("scores on the test part, with 95 % intervals"),
  inputSchema: z.record(z.string(), z.unknown()).optional().describe("JSON Schema of one input"),
});
export type ModelDetails = z.output<typeof ModelDetails>;

export function summary({ id, state, about, description }: ServedModel): ModelSummary {
  return {
    id,
    name: about?.name ?? id,
    task: about?.task ?? "",
    state,
    ...(description && { input: { ...description.input }, output: { ...description.output } }),
  };
}

export function details(model: ServedModel): ModelDetails {
  const { about, description } = model;
  return {
    ...summary(model),
    ...(about?.description !== undefined && { description: about.description }),
    ...(about?.created !== undefined && { created: about.created }),
    ...(about?.metrics && { metrics: about.metrics.map((metric) => ({ ...metric })) }),
    ...(description && { inputSchema: description.inputSchema }),
  };
}
