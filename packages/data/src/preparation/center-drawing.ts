import type { Image } from "../image.ts";
import { convertChannels, resizeImage } from "./resample.ts";

/** Ink below this grey does not count when looking for the drawing. */
const FAINT = 32;

/**
 * Frames a drawing as the digits of MNIST are framed (LeCun et al. 1998, section III.A): its longer side fills 20 of 28
 * parts of `size`, and its centre of mass lies in the middle. White ink on black; an empty image stays empty.
 */
export function centerDrawing(image: Image, size: { height: number; width: number }): Image {
  const grey = convertChannels(image, 1);
  const pixels = new Uint8Array(size.height * size.width);
  const result = { ...size, channels: 1, pixels };
  const box = inkBox(grey);
  if (box === undefined) return result;
  const scale = (Math.min(size.height, size.width) * 20) / 28 / Math.max(box.height, box.width);
  const drawing = resizeImage(crop(grey, box), {
    height: Math.max(1, Math.round(box.height * scale)),
    width: Math.max(1, Math.round(box.width * scale)),
  });
  const center = massCenter(drawing);
  const top = Math.round(size.height / 2 - center.row);
  const left = Math.round(size.width / 2 - center.column);
  for (let row = 0; row < drawing.height; row++) {
    for (let column = 0; column < drawing.width; column++) {
      const toRow = top + row;
      const toColumn = left + column;
      if (toRow < 0 || toRow >= size.height || toColumn < 0 || toColumn >= size.width) continue;
      pixels[toRow * size.width + toColumn] = drawing.pixels[row * drawing.width + column]!;
    }
  }
  return result;
}

interface Box {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

function inkBox({ pixels, height, width }: Image): Box | undefined {
  let top = height;
  let bottom = -1;
  let left = width;
  let right = -1;
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      if (pixels[row * width + column]! < FAINT) continue;
      top = Math.min(top, row);
      bottom = row;
      left = Math.min(left, column);
      right = Math.max(right, column);
    }
  }
  return bottom < 0 ? undefined : { top, left, height: bottom - top + 1, width: right - left + 1 };
}

function crop(image: Image, { top, left, height, width }: Box): Image {
  const pixels = new Uint8Array(height * width);
  for (let row = 0; row < height; row++) {
    const from = (top + row) * image.width + left;
    pixels.set(image.pixels.subarray(from, from + width), row * width);
  }
  return { height, width, channels: 1, pixels };
}

function massCenter({ pixels, width }: Image): { row: number; column: number } {
  let mass = 0;
  let rows = 0;
  let columns = 0;
  for (const [at, value] of pixels.entries()) {
    mass += value;
    rows += value * (Math.floor(at / width) + 0.5);
    columns += value * ((at % width) + 0.5);
  }
  return { row: rows / mass, column: columns / mass };
}
