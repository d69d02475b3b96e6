import type { Image } from "../image.ts";

/**
 * Another size, by area: every new pixel is the mean of what it covers when shrinking, and lies between its neighbours when
 * enlarging (a triangle filter as wide as the larger of the two pixels). Values [height, width, channels], rounded.
 */
export function resizeImage(image: Image, size: { height: number; width: number }): Image {
  if (size.height === image.height && size.width === image.width) return image;
  const { channels } = image;
  const across = filters(image.width, size.width);
  const down = filters(image.height, size.height);
  const wide = new Float32Array(image.height * size.width * channels);
  for (let row = 0; row < image.height; row++) {
    for (const [column, filter] of across.entries()) {
      for (let channel = 0; channel < channels; channel++) {
        let sum = 0;
        for (const [i, weight] of filter.weights.entries()) {
          sum += weight * image.pixels[(row * image.width + filter.start + i) * channels + channel]!;
        }
        wide[(row * size.width + column) * channels + channel] = sum;
      }
    }
  }
  const line = size.width * channels;
  const pixels = new Uint8Array(size.height * line);
  for (const [row, filter] of down.entries()) {
    for (let at = 0; at < line; at++) {
      let sum = 0;
      for (const [i, weight] of filter.weights.entries()) sum += weight * wide[(filter.start + i) * line + at]!;
      pixels[row * line + at] = Math.min(255, Math.max(0, Math.round(sum)));
    }
  }
  return { ...size, channels, pixels };
}

/**
 * Another number of channels: 3 or 4 to 1 by luma (ITU-R BT.601), 1 to 3 by repeating, and transparency laid over black.
 *
 * @throws RangeError for any other pair.
 */
export function convertChannels(image: Image, channels: number): Image {
  if (channels === image.channels) return image;
  const known = [1, 2, 3, 4].includes(image.channels) && (channels === 1 || channels === 3);
  if (!known) {
    throw new RangeError(`Expected images of ${channels} channels. Received ${image.channels}, which do not convert.`);
  }
  const colours = image.channels < 3 ? 1 : 3;
  const transparent = image.channels === 2 || image.channels === 4;
  const count = image.height * image.width;
  const pixels = new Uint8Array(count * channels);
  for (let i = 0; i < count; i++) {
    const from = i * image.channels;
    const opacity = transparent ? image.pixels[from + colours]! / 255 : 1;
    const red = image.pixels[from]! * opacity;
    const green = colours === 1 ? red : image.pixels[from + 1]! * opacity;
    const blue = colours === 1 ? red : image.pixels[from + 2]! * opacity;
    if (channels === 1) {
      pixels[i] = Math.round(0.299 * red + 0.587 * green + 0.114 * blue);
    } else {
      pixels[3 * i] = Math.round(red);
      pixels[3 * i + 1] = Math.round(green);
      pixels[3 * i + 2] = Math.round(blue);
    }
  }
  return { height: image.height, width: image.width, channels, pixels };
}

interface Filter {
  readonly start: number;
  readonly weights: readonly number[];
}

function filters(from: number, to: number): Filter[] {
  const ratio = from / to;
  const support = Math.max(1, ratio);
  return Array.from({ length: to }, (_, index) => {
    const center = (index + 0.5) * ratio - 0.5;
    const start = Math.max(0, Math.ceil(center - support));
    const end = Math.min(from - 1, Math.floor(center + support));
    const weights: number[] = [];
    for (let i = start; i <= end; i++) weights.push(Math.max(0, 1 - Math.abs(i - center) / support));
    const sum = weights.reduce((left, right) => left + right, 0);
    return { start, weights: weights.map((weight) => weight / sum) };
  });
}
