import { Random } from "@nacre/random";
import { ready, tf } from "@nacre/tensor";
import { beforeAll, describe, expect, it } from "vitest";
import { BagConfig } from "./bag.ts";
import { bagFamily } from "./bag-family.ts";
import { textPredictor } from "./predictor.ts";
import type { TextFamily } from "./text-family.ts";

beforeAll(async () => {
  await ready({ backend: "cpu" });
});

function predictor() {
  const model = BagConfig.parse({ family: "bag", buckets: 64, features: 4 });
  const bundle = { task: "text-classification", model, classes: ["no", "yes"], example: "good" } as const;
  const family = bagFamily({ ...bundle, classes: [...bundle.classes] }) as unknown as TextFamily;
  return textPredictor({ ...bundle, family, model: family.build(new Random(1)).model });
}

describe("textPredictor", () => {
  it("answers in order, each text as it would alone, with attributions where asked", async () => {
    const { numTensors } = tf.memory();
    const { inputSchema, predict, dispose } = predictor();
    const texts = ["a very long text about nothing at all", "good", "今天很好"];
    const inputs = texts.map((text, index) => inputSchema.parse({ text, attributions: index === 2 }));
    const together = await predict(inputs);
    for (const [index, input] of inputs.entries()) expect((await predict([input]))[0]).toEqual(together[index]);
    for (const { probabilities, label, index } of together) {
      expect(probabilities.no! + probabilities.yes!).toBeCloseTo(1, 5);
      expect(label).toBe(["no", "yes"][index]);
      expect(probabilities[label]).toBeGreaterThanOrEqual(0.5);
    }
    expect(together.map(({ attributions }) => attributions?.map(({ text }) => text).join("|"))).toEqual([
      undefined,
      undefined,
      "今|天|很|好",
    ]);
    dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it("stops when asked to, and refuses what is no text", async () => {
    const { inputSchema, predict, dispose } = predictor();
    const input = inputSchema.parse({ text: "good", label: "passed over" });
    await expect(predict([input], AbortSignal.abort(new Error("enough")))).rejects.toThrow("enough");
    expect(inputSchema.safeParse({ text: "" }).success).toBe(false);
    expect(inputSchema.safeParse({ text: "good", attributions: "yes" }).success).toBe(false);
    dispose();
  });
});
