import { z } from "zod";

/** What counts as a near-duplicate and how it is looked for. */
export const NearDuplicateOptions = z
  .strictObject({
    threshold: z.number().gt(0).lt(1).default(0.8).describe("least Jaccard similarity of near-duplicates"),
    size: z.int().min(1).max(100).default(5).describe("words in a shingle; each Chinese character is one"),
    permutations: z.int().min(16).max(1024).default(128).describe("values of a signature"),
    bands: z.int().positive().optional().describe("bands of the signature; chosen from the threshold unless given"),
    rows: z.int().positive().optional().describe("values in a band; chosen from the threshold unless given"),
    seed: z.int().nonnegative().default(0),
    verify: z.boolean().default(true).describe("compare the signatures of candidates with the threshold"),
  })
  .refine(({ bands, rows }) => (bands === undefined) === (rows === undefined), "bands and rows go together")
  .refine(
    ({ bands = 1, rows = 1, permutations }) => bands * rows <= permutations,
    "bands times rows must not be more than permutations",
  );

export type NearDuplicateOptions = z.input<typeof NearDuplicateOptions>;
