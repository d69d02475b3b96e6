import { decodeImage, type Image, type ImagePreparation } from "@nacre/data";
import type { Classifier } from "@nacre/models";
import { disposeModel } from "@nacre/tensor";
import { z } from "zod";
import { classPrediction } from "../class-predictions.ts";
import { predictProbabilities } from "../classifier-batch.ts";
import type { ClassPrediction, Predictor } from "../predictor.ts";

const largestSide = 4096;
const maximumPixels = largestSide * largestSide;

/** A picture as it comes over JSON: a file, or pixels. */
export const ImageInput = z.union([
  z.strictObject({
    image: z
      .string()
      .min(1)
      .max(2 ** 25)
      .describe("a PNG or JPEG file in base64, with or without a data: prefix"),
  }),
  z
    .strictObject({
      pixels: z
        .array(z.number().min(0).max(255))
        .max(2 ** 22)
        .describe("row-major [height, width, channels], 0 to 255"),
      height: z.int().min(1).max(largestSide),
      width: z.int().min(1).max(largestSide),
      channels: z.union([z.literal(1), z.literal(3), z.literal(4)]).default(1),
    })
    .refine(({ pixels, height, width, channels }) => pixels.length === height * width * channels, {
      message: "expected height × width × channels values",
      path: ["pixels"],
    }),
]);
export type ImageInput = z.infer<typeof ImageInput>;

export interface ImageModel {
  readonly classifier: Classifier;
  readonly preparation: ImagePreparation;
  readonly classes: readonly string[];
}

/** Decodes, prepares and classifies pictures, all of a call in one batch. */
export function imagePredictor({
  classifier,
  preparation,
  classes,
}: ImageModel): Predictor<ImageInput, ClassPrediction> {
  const { height, width, channels } = preparation;
  const length = height * width * channels;
  return {
    input: { kind: "image", height, width, channels },
    output: { kind: "classes", classes },
    inputSchema: ImageInput,
    async predict(inputs, signal) {
      const features = new Float32Array(inputs.length * length);
      // One after the other: large pictures must not lie in memory together, and a call can be given up between them.
      for (const [index, input] of inputs.entries()) {
        signal?.throwIfAborted();
        const image = await toImage(input, index);
        preparation.transform(image, features.subarray(index * length, (index + 1) * length));
      }
      signal?.throwIfAborted();
      const batch = { features, labels: new Int32Array(inputs.length), size: inputs.length };
      const rows = await predictProbabilities(classifier, once(batch), { shape: [height, width, channels], signal });
      return rows.map((row) => classPrediction(row, classes));
    },
    dispose: () => disposeModel(classifier),
  };
}

async function toImage(input: ImageInput, index: number): Promise<Image> {
  if ("pixels" in input) {
    const { height, width, channels, pixels } = input;
    return { height, width, channels, pixels: Uint8Array.from(pixels, Math.round) };
  }
  const base64 = input.image.replace(/^data:[^,]*,/, "");
  try {
    return await decodeImage(new Uint8Array(Buffer.from(base64, "base64")), { name: "picture", maximumPixels });
  } catch (error) {
    // Whoever sent several wants to know which.
    throw Object.assign(error as Error, { inputIndex: index });
  }
}

async function* once<T>(item: T): AsyncGenerator<T, void> {
  yield item;
}
