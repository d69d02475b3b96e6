import { tf } from "@nacre/tensor";
import { z } from "zod";

/** Ways to stretch rotary positions over sequences longer than those a model was first trained on. */
export const RotaryScaling = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("linear").describe("positions are divided by the factor: Chen et al. 2023, position interpolation"),
    factor: z.number().min(1),
  }),
  z.strictObject({
    type: z.literal("dynamic").describe("the base grows with sequences beyond the context: NTK-aware, bloc97 2023"),
    factor: z.number().min(1),
  }),
  z.strictObject({
    type: z.literal("yarn").describe("slow angles are interpolated, fast ones stay: Peng et al. 2023, section 3"),
    factor: z.number().min(1),
    originalContext: z.int().positive().describe("longest sequence of the first training, in tokens"),
    betaFast: z.number().positive().default(32).describe("turns within the original context above which angles stay"),
    betaSlow: z.number().positive().default(1).describe("turns below which angles are divided by the factor"),
    attentionFactor: z.number().positive().optional().describe("of both tables; 0.1 ln(factor) + 1 if absent"),
    truncate: z.boolean().default(true).describe("whether the borders between fast and slow are whole numbers"),
  }),
  z.strictObject({
    type: z.literal("llama3").describe("as Llama 3.1: by wavelength, smooth between two borders"),
    factor: z.number().min(1),
    lowFrequencyFactor: z.number().positive().default(1),
    highFrequencyFactor: z.number().positive().default(4),
    originalContext: z.int().positive().default(8192).describe("longest sequence of the first training, in tokens"),
  }),
]);
export type RotaryScaling = z.infer<typeof RotaryScaling>;

export interface RotaryTableOptions {
  /** Elements of a head that are turned, even; half as many angles. */
  readonly size: number;
  /** Base of the wavelengths, Θ. */
  readonly base: number;
  /** Longest sequence the model is made for, in tokens: where dynamic scaling begins. */
  readonly context: number;
  readonly scaling?: RotaryScaling | undefined;
}

/** Cosines and sines [T, size / 2] for `rotary`. */
export interface RotaryAngles {
  readonly cosines: tf.Tensor2D;
  readonly sines: tf.Tensor2D;
}

/** The angles of rotary position embeddings: Su et al. 2021, equation 15, with the scalings that came later. */
export class RotaryTable {
  readonly options: RotaryTableOptions;

  constructor(options: RotaryTableOptions) {
    if (!Number.isInteger(options.size) || options.size < 2 || options.size % 2 !== 0) {
      throw new RangeError(`RotaryTable: expected an even \`size\` of at least 2. Received ${options.size}.`);
    }
    this.options = options;
  }

  /** Of `count` tokens, the first of them at position `start`: new tensors, the caller's to free. */
  angles(start: number, count: number): RotaryAngles {
    const { frequencies, attentionFactor } = rotaryFrequencies(this.options, start + count);
    const pairs = frequencies.length;
    const cosines = new Float32Array(count * pairs);
    const sines = new Float32Array(count * pairs);
    for (let token = 0; token < count; token++) {
      for (let pair = 0; pair < pairs; pair++) {
        const angle = (start + token) * frequencies[pair]!;
        cosines[token * pairs + pair] = attentionFactor * Math.cos(angle);
        sines[token * pairs + pair] = attentionFactor * Math.sin(angle);
      }
    }
    return { cosines: tf.tensor2d(cosines, [count, pairs]), sines: tf.tensor2d(sines, [count, pairs]) };
  }
}

/** Angle per position of each pair, and the factor of cosines and sines, for a sequence of `length` tokens. */
export function rotaryFrequencies(
  { size, base, context, scaling }: RotaryTableOptions,
  length: number,
): { frequencies: Float64Array; attentionFactor: number } {
  const powers = (of: number): Float64Array =>
    Float64Array.from({ length: size / 2 }, (_, i) => of ** ((-2 * i) / size));
  const frequencies = powers(base);
  switch (scaling?.type) {
    case undefined:
      return { frequencies, attentionFactor: 1 };
    case "linear":
      return { frequencies: frequencies.map((frequency) => frequency / scaling.factor), attentionFactor: 1 };
    case "dynamic": {
      const stretch = (scaling.factor * Math.max(length, context)) / context - (scaling.factor - 1);
      return { frequencies: powers(base * stretch ** (size / (size - 2))), attentionFactor: 1 };
    }
    case "llama3":
      return { frequencies: frequencies.map((frequency) => byWavelength(frequency, scaling)), attentionFactor: 1 };
    case "yarn": {
      const [low, high] = yarnBorders(scaling, size, base);
      const scaled = frequencies.map((frequency, pair) => {
        const slowness = Math.min(Math.max((pair - low) / (high - low), 0), 1);
        return (frequency / scaling.factor) * slowness + frequency * (1 - slowness);
      });
      return { frequencies: scaled, attentionFactor: scaling.attentionFactor ?? 0.1 * Math.log(scaling.factor) + 1 };
    }
  }
}

function byWavelength(frequency: number, scaling: RotaryScaling & { type: "llama3" }): number {
  const { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalContext } = scaling;
  const turns = (originalContext * frequency) / (2 * Math.PI);
  if (turns < low) return frequency / factor;
  if (turns > high) return frequency;
  const smooth = (turns - low) / (high - low);
  return ((1 - smooth) * frequency) / factor + smooth * frequency;
}

/** The pairs between which fast angles pass into slow ones. */
function yarnBorders(scaling: RotaryScaling & { type: "yarn" }, size: number, base: number): [number, number] {
  const { originalContext, betaFast, betaSlow, truncate } = scaling;
  const pairOf = (turns: number) => (size * Math.log(originalContext / (turns * 2 * Math.PI))) / (2 * Math.log(base));
  const [low, high] = [pairOf(betaFast), pairOf(betaSlow)];
  const first = Math.max(truncate ? Math.floor(low) : low, 0);
  const last = Math.min(truncate ? Math.ceil(high) : high, size - 1);
  return [first, first === last ? last + 0.001 : last];
}
