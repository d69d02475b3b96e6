import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { fingerprint } from "../report/digest.ts";
import { digitClasses, digits } from "./digits.ts";
import type { LabelledImage } from "./labelled-image.ts";

const mnist = new URL("../../../../../shared/data/mnist/", import.meta.url);

describe("digits", () => {
  it("makes the same image for the same seed and number, whatever was made before", async () => {
    const all = await digits({ seed: 3, count: 40 }).toArray();
    const later = await digits({ seed: 3, count: 1000 }).skip(25).take(2).toArray();
    expect(later).toEqual(all.slice(25, 27));
    const other = await digits({ seed: 4, count: 40 }).toArray();
    expect(other[0]!.image.pixels).not.toEqual(all[0]!.image.pixels);
    expect(new Set(all.map(({ key }) => key)).size).toBe(40);
  });

  it("keeps its images from version to version", async () => {
    const images = await digits({ seed: 0, count: 20 }).toArray();
    const pixels = Uint8Array.from(images.flatMap(({ image }) => [...image.pixels]));
    expect(images.map(({ label }) => label).join("")).toBe("93654281077961085432");
    expect(fingerprint(pixels)).toBe("883d175b016ebbed825714438dc04d67");
  });

  it("has every digit once in each ten, not always in the same order", async () => {
    const labels = (await digits({ seed: 1, count: 200 }).toArray()).map(({ label }) => label);
    const tens = Array.from({ length: 20 }, (_, ten) => labels.slice(10 * ten, 10 * ten + 10));
    for (const ten of tens) expect([...ten].sort().map(String)).toEqual(digitClasses);
    expect(new Set(tens.map(String)).size).toBeGreaterThan(15);
  });

  it("frames them as MNIST does: 20 of 28 pixels, black rim, ink in the middle", async () => {
    const images = await digits({ seed: 2, count: 500 }).toArray();
    let bright = 0;
    for (const { image } of images) {
      expect([image.height, image.width, image.channels, image.pixels.length]).toEqual([28, 28, 1, 784]);
      const { row, column, mass } = center(image.pixels, 28);
      expect(Math.abs(row - 14)).toBeLessThan(3);
      expect(Math.abs(column - 14)).toBeLessThan(3);
      bright += mass / 784 / 255;
    }
    // MNIST: 0.1307.
    expect(bright / images.length).toBeGreaterThan(0.11);
    expect(bright / images.length).toBeLessThan(0.15);
  });

  it("draws any size", async () => {
    for (const [height, width] of [
      [12, 12],
      [20, 48],
      [64, 64],
    ] as const) {
      for (const { image } of await digits({ seed: 5, count: 20, height, width }).toArray()) {
        const { row, column, mass } = center(image.pixels, width);
        expect(image.pixels.length).toBe(height * width);
        expect(mass).toBeGreaterThan(0);
        expect(Math.abs(row - height / 2)).toBeLessThan(height / 8);
        expect(Math.abs(column - width / 2)).toBeLessThan(width / 8);
      }
    }
    expect(() => digits({ seed: 5, count: 1, height: 4 })).toThrow("from 12 to 512 pixels. Received 4 and 28.");
    expect(() => digits({ seed: 5, count: -1 })).toThrow("whole number, at least 0. Received -1.");
  });

  it("can be told apart: nearest neighbour among 3,000 is right for 88 % of 300 others", async () => {
    const train = await digits({ seed: 6, count: 3000 }).toArray();
    const test = await digits({ seed: 7, count: 300 }).toArray();
    expect(accuracy(train, test)).toBeGreaterThan(0.88);
  });

  it.skipIf(!existsSync(mnist))(
    "teaches what is in MNIST: nearest neighbour ≥ 75 % (needs ../shared/data)",
    async () => {
      const read = (name: string) => gunzipSync(readFileSync(new URL(name, mnist)));
      const pixels = read("t10k-images-idx3-ubyte.gz").subarray(16);
      const labels = read("t10k-labels-idx1-ubyte.gz").subarray(8);
      const test = Array.from({ length: 400 }, (_, index) => ({
        image: { height: 28, width: 28, channels: 1, pixels: pixels.subarray(784 * index, 784 * index + 784) },
        label: labels[index]!,
        key: String(index),
      }));
      expect(accuracy(await digits({ seed: 8, count: 4000 }).toArray(), test)).toBeGreaterThan(0.75);
    },
  );
});

function center(pixels: Uint8Array, width: number): { row: number; column: number; mass: number } {
  let mass = 0;
  let row = 0;
  let column = 0;
  for (const [at, value] of pixels.entries()) {
    mass += value;
    row += value * (Math.floor(at / width) + 0.5);
    column += value * ((at % width) + 0.5);
  }
  return { row: row / mass, column: column / mass, mass };
}

/** Of the nearest neighbour by squared distance. */
function accuracy(train: readonly LabelledImage[], test: readonly LabelledImage[]): number {
  let right = 0;
  for (const { image, label } of test) {
    let best = Infinity;
    let found = -1;
    for (const candidate of train) {
      const other = candidate.image.pixels;
      let distance = 0;
      for (let at = 0; at < other.length && distance < best; at++) distance += (other[at]! - image.pixels[at]!) ** 2;
      if (distance < best) {
        best = distance;
        found = candidate.label;
      }
    }
    if (found === label) right++;
  }
  return right / test.length;
}
