import { z } from "zod";
import type { Image } from "../image.ts";
import { deviation, type Moments, mergeMoments, noMoments } from "./moments.ts";
import { convertChannels, resizeImage } from "./resample.ts";

const ImagePreparationState = z
  .strictObject({
    format: z.literal(1),
    type: z.literal("image"),
    height: z.int().positive(),
    width: z.int().positive(),
    channels: z.union([z.literal(1), z.literal(3)]),
    mean: z.array(z.number()).describe("per channel, of values from 0 to 1"),
    deviation: z.array(z.number().positive()),
    images: z.int().nonnegative().describe("how many images it was fitted on"),
  })
  .refine(
    (state) => state.mean.length === state.channels && state.deviation.length === state.channels,
    "one mean and one deviation per channel",
  );
type ImagePreparationState = z.infer<typeof ImagePreparationState>;

export interface ImageSize {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** Images of any size to standardised values [height, width, channels]. Fit on the training part, save with the model. */
export class ImagePreparation {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  readonly #state: ImagePreparationState;

  private constructor(state: ImagePreparationState) {
    this.#state = state;
    this.height = state.height;
    this.width = state.width;
    this.channels = state.channels;
  }

  /**
   * Learns mean and deviation per channel in one pass over the training images.
   *
   * @param size what to bring images to; that of the first image unless given (grey or RGB: transparency goes).
   * @throws Error without images.
   */
  static async fit(
    images: Iterable<Image> | AsyncIterable<Image>,
    size: Partial<ImageSize> = {},
  ): Promise<ImagePreparation> {
    let target: ImageSize | undefined;
    let moments: Moments[] = [];
    let count = 0;
    for await (const image of images) {
      target ??= {
        height: size.height ?? image.height,
        width: size.width ?? image.width,
        channels: size.channels ?? (image.channels < 3 ? 1 : 3),
      };
      const found = imageMoments(fitTo(image, target));
      moments = found.map((channel, index) => mergeMoments(moments[index] ?? noMoments, channel));
      count++;
    }
    if (target === undefined) throw new Error("Expected at least one image to fit the preparation on. Received none.");
    return ImagePreparation.fromJSON({
      format: 1,
      type: "image",
      ...target,
      mean: moments.map((channel) => channel.mean),
      deviation: moments.map((channel) => deviation(channel) || 1),
      images: count,
    });
  }

  /** Without fitting: values from 0 to 1. */
  static plain(size: ImageSize): ImagePreparation {
    const each = (value: number) => Array.from({ length: size.channels }, () => value);
    return ImagePreparation.fromJSON({
      format: 1,
      type: "image",
      ...size,
      mean: each(0),
      deviation: each(1),
      images: 0,
    });
  }

  get mean(): readonly number[] {
    return this.#state.mean;
  }

  get deviation(): readonly number[] {
    return this.#state.deviation;
  }

  /**
   * Image of any size to (value / 255 - mean) / deviation, [height, width, channels].
   *
   * @param out where to write, for example a slice of a batch; a new array unless given.
   */
  transform(image: Image, out = new Float32Array(this.height * this.width * this.channels)): Float32Array {
    const { pixels } = fitTo(image, this);
    const { channels } = this;
    if (out.length !== pixels.length) {
      throw new RangeError(`Expected room for ${pixels.length} values. Received an array of ${out.length}.`);
    }
    for (let channel = 0; channel < channels; channel++) {
      const mean = this.mean[channel]! * 255;
      const scale = 1 / (this.deviation[channel]! * 255);
      for (let at = channel; at < pixels.length; at += channels) out[at] = (pixels[at]! - mean) * scale;
    }
    return out;
  }

  toJSON(): ImagePreparationState {
    return structuredClone(this.#state);
  }

  /** @throws ZodError if this is not the JSON of an image preparation. */
  static fromJSON(json: unknown): ImagePreparation {
    return new ImagePreparation(ImagePreparationState.parse(json));
  }
}

/** The image with the size and channels asked for. @throws RangeError if its pixels do not match its own size. */
function fitTo(image: Image, size: ImageSize): Image {
  const expected = image.height * image.width * image.channels;
  if (image.pixels.length !== expected || expected === 0) {
    throw new RangeError(
      `Expected ${image.height} × ${image.width} × ${image.channels} = ${expected} pixel values, more than 0. ` +
        `Received ${image.pixels.length}.`,
    );
  }
  return resizeImage(convertChannels(image, size.channels), { height: size.height, width: size.width });
}

/** Moments of each channel, of values from 0 to 1; exact, as sums of 8-bit integers are. */
function imageMoments({ pixels, channels }: Image): Moments[] {
  return Array.from({ length: channels }, (_, channel) => {
    let sum = 0;
    let squares = 0;
    for (let at = channel; at < pixels.length; at += channels) {
      sum += pixels[at]!;
      squares += pixels[at]! * pixels[at]!;
    }
    const count = pixels.length / channels;
    return { count, mean: sum / count / 255, squares: (squares - (sum * sum) / count) / 255 ** 2 };
  });
}
