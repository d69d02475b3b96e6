import type { Random } from "@nacre/random";
import { z } from "zod";

const range = (number: z.ZodNumber, text: string) =>
  z
    .tuple([number, number])
    .refine(([low, high]) => low < high, { message: "expected the lower number first" })
    .describe(text);

/** The values that one setting may take. */
export const Space = z.union([
  z.strictObject({ log: range(z.number().positive(), "lowest and highest, both above 0; uniform in the logarithm") }),
  z.strictObject({ uniform: range(z.number(), "lowest and highest") }),
  z.strictObject({ integer: range(z.int(), "lowest and highest, both included") }),
  z.strictObject({ choice: z.array(z.json()).min(1).describe("one of these, each as likely") }),
]);
export type Space = z.infer<typeof Space>;

export const TuneConfig = z.strictObject({
  trials: z.int().min(2).default(12).describe("settings drawn at random"),
  reduction: z
    .int()
    .min(2)
    .default(3)
    .describe("at each rung the best 1 in this many go on, for this many times longer"),
  firstEpochs: z.int().positive().default(1).describe("epochs of the first rung"),
  space: z
    .record(z.string().regex(/^[\w]+(\.[\w]+)*$/, "expected a key such as train.optimizer.learningRate"), Space)
    .describe("key in the recipe → values to search"),
});
export type TuneConfig = z.infer<typeof TuneConfig>;

/** One draw from a space. */
export function draw(space: Space, random: Random): unknown {
  if ("choice" in space) return space.choice[random.integer(space.choice.length)];
  const [low, high] = "log" in space ? space.log : "uniform" in space ? space.uniform : space.integer;
  if ("integer" in space) return low + random.integer(high - low + 1);
  if ("uniform" in space) return low + random.uniform() * (high - low);
  // Four figures: what a person can read, and repeat by hand.
  return Number(Math.exp(Math.log(low) + random.uniform() * Math.log(high / low)).toPrecision(4));
}

/** Epochs of each rung: `first`, then `reduction` times longer each, up to `last`. */
export function rungs({ firstEpochs, reduction }: TuneConfig, last: number): number[] {
  const epochs: number[] = [];
  for (let length = firstEpochs; length < last; length *= reduction) epochs.push(length);
  return [...epochs, last];
}
