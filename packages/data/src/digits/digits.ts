import { Random } from "@nacre/random";
import { type Dataset, from } from "../dataset.ts";
import { emptyTrace, writeDigit } from "./hand.ts";
import { renderInk } from "./ink.ts";
import type { LabelledImage } from "./labelled-image.ts";

const DIGITS = 10;

/** The classes of `digits`, by label. */
export const digitClasses: readonly string[] = Array.from({ length: DIGITS }, (_, digit) => String(digit));

export interface DigitsOptions {
  readonly seed: number;
  readonly count: number;
  /** Pixels. Default 28. */
  readonly height?: number;
  /** Pixels. Default 28. */
  readonly width?: number;
}

/**
 * Drawn digits that look written by hand: white on black, one grey channel, framed as in MNIST. Strokes with a choice of
 * shapes for every digit, moved, bent, slanted and inked at random. Image i is a function of the seed and i alone, so any
 * amount can be had in any order; each ten in a row have every digit once, in random order.
 *
 * @throws RangeError unless the count is a whole number and the sides are whole numbers from 12 to 512.
 */
export function digits({ seed, count, height = 28, width = 28 }: DigitsOptions): Dataset<LabelledImage> {
  if (!Number.isSafeInteger(count) || count < 0) {
    throw new RangeError(`Expected the count of digits to be a whole number, at least 0. Received ${count}.`);
  }
  for (const side of [height, width]) {
    if (!Number.isInteger(side) || side < 12 || side > 512) {
      throw new RangeError(`Expected a height and width from 12 to 512 pixels. Received ${height} and ${width}.`);
    }
  }
  const random = new Random(seed).fork("digits");
  const order = labelOrder(random);
  const trace = emptyTrace();
  const get = (index: number): LabelledImage => {
    const label = order(index);
    const hand = random.fork(index);
    const pixels = new Uint8Array(height * width);
    writeDigit(trace, label, { random: hand, height, width });
    renderInk(trace, pixels, { width, random: hand });
    return { image: { height, width, channels: 1, pixels }, label, key: `digits-${seed}-${index}` };
  };
  return from({ length: count, get });
}

/** The label of image i: a permutation of the ten digits for every ten images. */
function labelOrder(random: Random): (index: number) => number {
  let tens = -1;
  let labels: Uint32Array = new Uint32Array(0);
  return (index) => {
    const ten = Math.floor(index / DIGITS);
    if (ten !== tens) {
      labels = random.fork("labels", ten).permutation(DIGITS);
      tens = ten;
    }
    return labels[index % DIGITS]!;
  };
}
