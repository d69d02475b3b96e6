import { describe, expect, it } from "vitest";
import type { Image } from "../image.ts";
import { centerDrawing } from "./center-drawing.ts";
import { ImagePreparation } from "./image-preparation.ts";
import { convertChannels, resizeImage } from "./resample.ts";

const image = (height: number, width: number, channels: number, value: (at: number) => number): Image => ({
  height,
  width,
  channels,
  pixels: Uint8Array.from({ length: height * width * channels }, (_, at) => value(at)),
});

describe("ImagePreparation", () => {
  it("brings the training images to mean 0 and deviation 1 per channel", async () => {
    const images = [0, 1, 2].map((seed) => image(4, 5, 3, (at) => ((at * 37 + seed * 91) % 200) + (at % 3) * 20));
    const preparation = await ImagePreparation.fit(images);
    for (let channel = 0; channel < 3; channel++) {
      const values = images.flatMap((each) => [...preparation.transform(each)].filter((_, at) => at % 3 === channel));
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
      expect(mean).toBeCloseTo(0, 5);
      expect(variance).toBeCloseTo(1, 5);
    }
    const copy = ImagePreparation.fromJSON(JSON.parse(JSON.stringify(preparation)));
    expect(copy.transform(images[0]!)).toEqual(preparation.transform(images[0]!));
  });

  it("takes images of other sizes and channels", async () => {
    const preparation = ImagePreparation.plain({ height: 2, width: 2, channels: 1 });
    const out = new Float32Array(8);
    preparation.transform(
      image(6, 4, 4, (at) => (at % 4 === 3 ? 255 : 100)),
      out.subarray(4),
    );
    for (const value of out.subarray(4)) expect(value).toBeCloseTo(100 / 255, 6);
    expect([...out.subarray(0, 4)]).toEqual([0, 0, 0, 0]);
  });

  it("refuses images that do not match their size", async () => {
    const preparation = ImagePreparation.plain({ height: 2, width: 2, channels: 1 });
    expect(() => preparation.transform({ height: 2, width: 2, channels: 1, pixels: new Uint8Array(3) })).toThrow(
      "Expected 2 × 2 × 1 = 4 pixel values, more than 0. Received 3.",
    );
    await expect(ImagePreparation.fit([])).rejects.toThrow("at least one image");
  });
});

describe("resizeImage", () => {
  it("keeps the mean when shrinking and the corners when enlarging", () => {
    const stripes = image(8, 8, 1, (at) => (Math.floor(at / 8) < 4 ? 40 : 200));
    const small = resizeImage(stripes, { height: 2, width: 4 });
    expect(small.pixels.reduce((sum, value) => sum + value, 0) / small.pixels.length).toBeCloseTo(120, 0);
    expect(small.pixels[0]).toBeLessThan(small.pixels[7]!);
    const large = resizeImage(
      image(2, 2, 1, (at) => at * 60),
      { height: 8, width: 8 },
    );
    expect([large.pixels[0], large.pixels[63]]).toEqual([0, 180]);
  });

  it("weighs colours by luma and lays transparency over black", () => {
    const pixel = (...values: number[]): Image => image(1, 1, values.length, (at) => values[at]!);
    expect(convertChannels(pixel(255, 0, 0), 1).pixels[0]).toBe(76);
    expect(convertChannels(pixel(200, 200, 200, 51), 1).pixels[0]).toBe(40);
    expect([...convertChannels(pixel(9), 3).pixels]).toEqual([9, 9, 9]);
    expect(() => convertChannels(pixel(1, 2, 3), 4)).toThrow("Expected images of 4 channels. Received 3");
  });
});

describe("centerDrawing", () => {
  it("frames a drawing wherever it was drawn and however large", () => {
    const bar = (size: number, left: number, top: number) =>
      image(100, 100, 1, (at) => {
        const row = Math.floor(at / 100) - top;
        const column = (at % 100) - left;
        return row >= 0 && row < size && column >= 0 && column < size / 4 ? 255 : 0;
      });
    const framed = centerDrawing(bar(40, 50, 55), { height: 28, width: 28 });
    const rows = Array.from({ length: 28 }, (_, row) =>
      framed.pixels.subarray(row * 28, row * 28 + 28).some((v) => v > 0),
    );
    expect(rows.filter(Boolean)).toHaveLength(20);
    expect(rows.indexOf(true)).toBe(4);
    expect(centerDrawing(bar(80, 3, 10), { height: 28, width: 28 }).pixels).toEqual(framed.pixels);
  });

  it("leaves an empty image empty", () => {
    const empty = centerDrawing(
      image(50, 60, 4, (at) => (at % 4 === 3 ? 255 : 0)),
      { height: 28, width: 28 },
    );
    expect(empty.pixels.every((value) => value === 0)).toBe(true);
  });
});
