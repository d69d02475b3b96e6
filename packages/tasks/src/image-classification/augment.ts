import type { Image } from "@nacre/data";
import type { Random } from "@nacre/random";

export interface Augmentation {
  /** Pixels, either way. */
  readonly shift: number;
  /** Degrees, either way. */
  readonly rotate: number;
  /** 0.1: from 90 % to 110 %. */
  readonly scale: number;
}

/**
 * A randomly shifted, turned and scaled copy of an image, about its centre; bilinear, with black outside.
 *
 * @param random drawn from four times, whatever the options
 */
export function augment(image: Image, { shift, rotate, scale }: Augmentation, random: Random): Image {
  const { height, width, channels } = image;
  const within = (range: number): number => (2 * random.uniform() - 1) * range;
  const angle = (within(rotate) * Math.PI) / 180;
  const zoom = 1 / (1 + within(scale));
  const right = within(shift);
  const down = within(shift);
  const cosine = Math.cos(angle) * zoom;
  const sine = Math.sin(angle) * zoom;
  const middleY = (height - 1) / 2;
  const middleX = (width - 1) / 2;
  const pixels = new Uint8Array(height * width * channels);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const fromCentreX = x - middleX - right;
      const fromCentreY = y - middleY - down;
      const sourceX = cosine * fromCentreX + sine * fromCentreY + middleX;
      const sourceY = cosine * fromCentreY - sine * fromCentreX + middleY;
      sample(image, { y: sourceY, x: sourceX }, pixels.subarray((y * width + x) * channels));
    }
  }
  return { height, width, channels, pixels };
}

function sample({ height, width, channels, pixels }: Image, at: { y: number; x: number }, out: Uint8Array): void {
  const top = Math.floor(at.y);
  const left = Math.floor(at.x);
  if (top < -1 || left < -1 || top >= height || left >= width) return;
  const bottomShare = at.y - top;
  const rightShare = at.x - left;
  for (let channel = 0; channel < channels; channel++) {
    const pixel = (y: number, x: number): number =>
      y < 0 || x < 0 || y >= height || x >= width ? 0 : pixels[(y * width + x) * channels + channel]!;
    const upper = pixel(top, left) * (1 - rightShare) + pixel(top, left + 1) * rightShare;
    const lower = pixel(top + 1, left) * (1 - rightShare) + pixel(top + 1, left + 1) * rightShare;
    out[channel] = Math.round(upper * (1 - bottomShare) + lower * bottomShare);
  }
}
