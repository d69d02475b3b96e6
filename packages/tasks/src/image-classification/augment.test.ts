import { digits, type Image } from "@nacre/data";
import { Random } from "@nacre/random";
import { describe, expect, it } from "vitest";
import { augment } from "./augment.ts";

const none = { shift: 0, rotate: 0, scale: 0 };

/** A stream whose uniform draws are given: turn, zoom, right, down. */
function drawing(...values: number[]): Random {
  const left = [...values];
  return { uniform: () => left.shift() ?? 0.5 } as unknown as Random;
}

function picture(rows: number[][], channels: 1 | 3 = 1): Image {
  return {
    height: rows.length,
    width: rows[0]!.length / channels,
    channels,
    pixels: Uint8Array.from(rows.flat()),
  };
}

const rowsOf = ({ pixels, width, channels }: Image): number[][] =>
  Array.from({ length: pixels.length / (width * channels) }, (_, y) => [
    ...pixels.subarray(y * width * channels, (y + 1) * width * channels),
  ]);

describe("augment", () => {
  const image = picture([
    [10, 20, 30],
    [40, 50, 60],
    [70, 80, 90],
  ]);

  it("changes nothing when nothing is asked for", () => {
    expect(augment(image, none, new Random(1))).toEqual(image);
  });

  it("shifts by whole and half pixels, black coming in", () => {
    expect(rowsOf(augment(image, { ...none, shift: 1 }, drawing(0.5, 0.5, 1, 0.5)))).toEqual([
      [0, 10, 20],
      [0, 40, 50],
      [0, 70, 80],
    ]);
    expect(rowsOf(augment(image, { ...none, shift: 0.5 }, drawing(0.5, 0.5, 0.5, 0)))).toEqual([
      [25, 35, 45],
      [55, 65, 75],
      [35, 40, 45],
    ]);
  });

  it("turns about the centre", () => {
    expect(rowsOf(augment(image, { ...none, rotate: 90 }, drawing(1)))).toEqual([
      [70, 40, 10],
      [80, 50, 20],
      [90, 60, 30],
    ]);
  });

  it("scales about the centre", () => {
    expect(rowsOf(augment(image, { ...none, scale: 0.5 }, drawing(0.5, 0)))).toEqual([
      [0, 0, 0],
      [0, 50, 0],
      [0, 0, 0],
    ]);
  });

  it("moves colours together", () => {
    const colours = picture([[1, 2, 3, 4, 5, 6]], 3);
    expect(rowsOf(augment(colours, { ...none, shift: 1 }, drawing(0.5, 0.5, 0, 0.5)))).toEqual([[4, 5, 6, 0, 0, 0]]);
  });

  it("depends on the stream alone, and leaves the image as it is", async () => {
    const [{ image: digit } = { image }] = await digits({ seed: 1, count: 1 }).toArray();
    const before = digit.pixels.slice();
    const options = { shift: 2, rotate: 10, scale: 0.1 };
    const first = augment(digit, options, new Random(3));
    expect(augment(digit, options, new Random(3))).toEqual(first);
    expect(augment(digit, options, new Random(4))).not.toEqual(first);
    expect(digit.pixels).toEqual(before);
  });
});
