import { digits, encodePng, ImagePreparation } from "@nacre/data";
import { buildClassifier, mlp } from "@nacre/models";
import { Random } from "@nacre/random";
import { ready, tf } from "@nacre/tensor";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ImageInput, imagePredictor } from "./predictor.ts";

const classes = ["a", "b", "c"];
let predictor: ReturnType<typeof imagePredictor>;
let pictures: Awaited<ReturnType<typeof draw>>;
let before: number;

const draw = () => digits({ seed: 2, count: 4 }).toArray();

beforeAll(async () => {
  await ready({ backend: "cpu" });
  before = tf.memory().numTensors;
  pictures = await draw();
  const preparation = await ImagePreparation.fit(pictures.map(({ image }) => image));
  const classifier = buildClassifier(mlp(8), { input: [28, 28, 1], classes: 3 }, new Random(1));
  predictor = imagePredictor({ classifier, preparation, classes });
});
afterAll(() => {
  predictor.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

const base64 = async (index: number) => Buffer.from(await encodePng(pictures[index]!.image)).toString("base64");
const raw = (index: number) => {
  const { pixels, height, width } = pictures[index]!.image;
  return { pixels: [...pixels], height, width, channels: 1 as const };
};

describe("imagePredictor", () => {
  it("answers files and pixels alike, and each as if it were alone", async () => {
    const inputs = [
      { image: await base64(0) },
      raw(0),
      { image: `data:image/png;base64,${await base64(1)}` },
      raw(2),
    ].map((input) => ImageInput.parse(input));
    const together = await predictor.predict(inputs);
    expect(together[0]).toEqual(together[1]);
    const sum = Object.values(together[2]!.probabilities).reduce((total, value) => total + value, 0);
    expect(sum).toBeCloseTo(1, 5);
    const [alone] = await predictor.predict([inputs[3]!]);
    expect(alone!.label).toBe(together[3]!.label);
    for (const name of classes) expect(alone!.probabilities[name]).toBeCloseTo(together[3]!.probabilities[name]!, 5);
  });

  it("says which of several pictures is damaged", async () => {
    const good = { image: await base64(0) };
    const cut = { image: (await base64(1)).slice(0, 100) };
    await expect(predictor.predict([good, good, cut])).rejects.toMatchObject({
      inputIndex: 2,
      message: expect.stringMatching(/^picture: the PNG is damaged or cut off/),
    });
    await expect(predictor.predict([{ image: "aGVsbG8=" }])).rejects.toMatchObject({
      inputIndex: 0,
      message: expect.stringContaining("expected a PNG or JPEG"),
    });
  });

  it("refuses a small file that would become a huge picture", async () => {
    const bytes = await encodePng({ height: 5000, width: 5000, channels: 1, pixels: new Uint8Array(25_000_000) });
    expect(bytes.length).toBeLessThan(200_000);
    await expect(predictor.predict([{ image: Buffer.from(bytes).toString("base64") }])).rejects.toMatchObject({
      inputIndex: 0,
      message: expect.stringContaining("Received 5000 × 5000"),
    });
  });

  it("refuses what is no picture before it computes", () => {
    const { pixels, ...size } = raw(0);
    expect(ImageInput.safeParse({ pixels: pixels.slice(1), ...size }).success).toBe(false);
    expect(ImageInput.safeParse({ pixels: [300], height: 1, width: 1 }).success).toBe(false);
    expect(ImageInput.safeParse({ pixels: [0], height: 1e9, width: 1 }).success).toBe(false);
    expect(ImageInput.safeParse({ image: "" }).success).toBe(false);
  });

  it("stops when asked", async () => {
    await expect(predictor.predict([raw(0)], AbortSignal.abort(new Error("gone")))).rejects.toThrow("gone");
  });
});
