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
      sample(image, sourceY, sourceX, pixels, (y * width + x) * channels);
    }
  }
  return { height, width, channels, pixels };
}

/** Writes the colour at (y, x) to `out` from `at` on. */
function sample(image: Image, y: number, x: number, out: Uint8Array, at: number): void {
  const { height, width, channels, pixels } = image;
  const top = Math.floor(y);
  const left = Math.floor(x);
  if (top < -1 || left < -1 || top >= height || left >= width) return;
  const bottomShare = y - top;
  const rightShare = x - left;
  const [above, below] = [top >= 0, top + 1 < height];
  const [before, after] = [left >= 0, left + 1 < width];
  const corner = (top * width + left) * channels;
  const next = corner + width * channels;
  for (let channel = 0; channel < channels; channel++) {
    let upper = above && before ? pixels[corner + channel]! * (1 - rightShare) : 0;
    if (above && after) upper += pixels[corner + channels + channel]! * rightShare;
    let lower = below && before ? pixels[next + channel]! * (1 - rightShare) : 0;
    if (below && after) lower += pixels[next + channels + channel]! * rightShare;
    out[at + channel] = Math.round(upper * (1 - bottomShare) + lower * bottomShare);
  }
}
