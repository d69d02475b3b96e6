import { OptimizerConfig, ScheduleConfig } from "@nacre/train";
import { z } from "zod";

/** How a recipe trains: the part that is the same for every task. */
export const TrainingConfig = z
  .strictObject({
    epochs: z.int().positive().optional().describe("passes over the training part"),
    steps: z.int().positive().optional().describe("updates, instead of epochs"),
    batch: z.int().positive().default(64).describe("examples per update"),
    optimizer: OptimizerConfig.prefault({ name: "adam" }).describe("how gradients become updates"),
    schedule: ScheduleConfig.optional().describe("how the learning rate changes; constant when left out"),
    clipNorm: z.number().positive().optional().describe("largest global norm of the gradient"),
    accumulate: z.int().positive().default(1).describe("batches per update"),
    labelSmoothing: z.number().min(0).lt(1).default(0).describe("share of probability spread over all classes"),
    classWeights: z
      .enum(["none", "balanced"])
      .default("none")
      .describe("balanced: each class counts the same in the loss"),
    movingAverage: z
      .number()
      .gt(0)
      .lt(1)
      .optional()
      .describe("decay of the moving average of the weights; the average is what is evaluated and saved"),
    patience: z.int().positive().optional().describe("epochs without a better validation score before stopping early"),
    weights: z
      .enum(["best", "last"])
      .optional()
      .describe("end with those of the best validation score, or the last ones; best with patience, else last"),
    checkpointEvery: z
      .union([z.literal("epoch"), z.int().positive()])
      .default("epoch")
      .describe("or every n updates"),
    keepBest: z.int().nonnegative().default(1).describe("checkpoints with the best validation score to keep"),
    keepLast: z.int().positive().default(2).describe("latest checkpoints to keep"),
  })
  .refine((config) => (config.epochs === undefined) !== (config.steps === undefined), {
    message: "expected exactly one of epochs and steps",
    path: ["epochs"],
  });
export type TrainingConfig = z.infer<typeof TrainingConfig>;
