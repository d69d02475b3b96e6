import { z } from "zod";

/** The body of a predict request. Each input is checked by the model's own schema, in the worker. */
export const PredictBody = z.strictObject({
  inputs: z.array(z.unknown()).min(1).describe("one entry for each prediction; GET /v1/models/:id shows the schema"),
});

/** The answer to a predict request. */
export const PredictAnswer = z.object({
  model: z.string(),
  outputs: z.array(z.unknown()).describe("one entry for each input, in order"),
});
