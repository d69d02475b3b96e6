import { z } from "zod";

/** The stations of a run, in order. */
export const stages = ["data", "model", "train", "evaluate", "bundle"] as const;
export type Stage = (typeof stages)[number];

const stage = z.enum(stages);
const ScoreRow = z.object({
  name: z.string(),
  value: z.number(),
  low: z.number().optional(),
  high: z.number().optional(),
  signature: z.string().optional().describe("how it was counted"),
});
const BaselineSummary = z.object({
  name: z.string(),
  scores: z.array(ScoreRow),
  seconds: z.number(),
  note: z.string().optional(),
});

/** A score with its 95 % interval. */
export type ScoreRow = z.infer<typeof ScoreRow>;
/** What a simple algorithm reaches on the same data. */
export type BaselineSummary = z.infer<typeof BaselineSummary>;

const events = [
  z.object({
    type: z.literal("run"),
    id: z.string(),
    name: z.string(),
    task: z.string(),
    folder: z.string(),
    stages: z.array(stage),
    backend: z.string().describe("what computes"),
    resumed: z.boolean().describe("whether this continues an earlier run; steps of that run may follow again"),
  }),
  z.object({
    type: z.literal("stage"),
    stage,
    state: z.enum(["start", "done"]),
    milliseconds: z.number().optional(),
  }),
  z.object({
    type: z.literal("progress"),
    stage,
    done: z.number(),
    total: z.number(),
    unit: z.string(),
    detail: z.string().optional(),
  }),
  z.object({
    type: z.literal("step"),
    step: z.number(),
    epoch: z.number(),
    progress: z.number().describe("part of the training that is done, 0 to 1"),
    examples: z.number(),
    loss: z.number(),
    learningRate: z.number(),
    gradientNorm: z.number(),
    milliseconds: z.number(),
    scalars: z.record(z.string(), z.number()).optional().describe("parts of the loss and other means"),
    peakBytes: z.number().optional().describe("the most memory that tensors took since the step before"),
    validation: z.record(z.string(), z.number()).optional(),
    checkpoint: z.string().optional(),
  }),
  z.object({
    type: z.literal("result"),
    scores: z.array(ScoreRow),
    baselines: z.array(BaselineSummary),
    verdict: z.string().describe("would a simple algorithm do?"),
  }),
  z.object({ type: z.literal("done"), bundle: z.string(), report: z.string(), milliseconds: z.number() }),
  z.object({ type: z.literal("stopped"), reason: z.string() }),
  z.object({ type: z.literal("failed"), error: z.string() }),
] as const;

/** What happens in a run. The terminal, the page and `events.jsonl` carry the same. */
export const RunEvent = z.intersection(
  z.object({ time: z.number().describe("milliseconds since 1970") }),
  z.discriminatedUnion("type", events),
);
export type RunEvent = z.infer<typeof RunEvent>;

/** An event before it gets its time. */
export type NewRunEvent = RunEvent extends infer Event ? (Event extends unknown ? Omit<Event, "time"> : never) : never;
