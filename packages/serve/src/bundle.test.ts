import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BundleParts, loadPredictor, runRecipe } from "@nacre/tasks";
import { ready, tf } from "@nacre/tensor";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSource } from "./model-source.ts";
import { type RunningServer, serve } from "./serve.ts";

const recipe = `
name: tiny-digits
title: { en: Tiny, zh: 小 }
task: image-classification
seed: 3
data: { source: { from: generator, generator: digits, count: 400 } }
model: { family: mlp, hidden: [32] }
train: { epochs: 3, batch: 32, optimizer: { name: adam, learningRate: 0.01 } }
evaluate: { resamples: 100, baselines: false }
`;

let folder: string;
let server: RunningServer;
/** Pictures of the training data: data URLs. */
let samples: { label: string; png: string }[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nacre-serve-"));
  for await (const _ of runRecipe({ recipe: { file: "tiny.yaml", text: recipe }, folder }));
  samples = JSON.parse(await readFile(join(folder, "data.json"), "utf8")).samples;
  const models = [{ id: "tiny", folder: join(folder, "bundle") }];
  server = await serve({ port: 0, workers: 2, maxBatch: 16, logLevel: "silent", models });
});

afterAll(async () => {
  await server?.close();
  await rm(folder, { recursive: true, force: true });
});

interface Output {
  readonly label: string;
  readonly probabilities: Record<string, number>;
}

async function predict(body: FormData | unknown[]): Promise<Output[]> {
  const answer = await fetch(`${server.address}/v1/models/tiny/predict`, {
    method: "POST",
    ...(body instanceof FormData
      ? { body }
      : { body: JSON.stringify({ inputs: body }), headers: { "content-type": "application/json" } }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(text);
  return JSON.parse(text).outputs;
}

describe("a bundle of a run", () => {
  it("is described", async () => {
    const model = await (await fetch(`${server.address}/v1/models/tiny`)).json();
    expect(model).toMatchObject({
      name: "tiny-digits",
      task: "image-classification",
      state: "ready",
      input: { kind: "image", height: 28, width: 28, channels: 1 },
      output: { kind: "classes", classes: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"] },
    });
    expect(model.metrics.map(({ name }: { name: string }) => name)).toContain("accuracy");
    expect(JSON.stringify(model.inputSchema)).toContain("a PNG or JPEG file in base64");
  });

  it("recognises pictures, the same ones however they come and whoever computes", async () => {
    const inputs = samples.map(({ png }) => ({ image: png }));
    const outputs = await predict(inputs);
    const right = outputs.filter(({ label }, index) => label === samples[index]!.label).length;
    expect(right / outputs.length).toBeGreaterThan(0.5);

    const form = new FormData();
    for (const { png } of samples.slice(0, 20)) {
      form.append("image", new Blob([Buffer.from(png.split(",")[1]!, "base64")], { type: "image/png" }), "x.png");
    }
    const uploaded = await predict(form);
    const alone = await Promise.all(inputs.slice(0, 20).map(async (input) => (await predict([input]))[0]!));
    for (const [index, { probabilities }] of outputs.slice(0, 20).entries()) {
      for (const [label, probability] of Object.entries(probabilities)) {
        expect(uploaded[index]!.probabilities[label]).toBeCloseTo(probability, 5);
        expect(alone[index]!.probabilities[label]).toBeCloseTo(probability, 5);
      }
    }
  });

  it("computes in every order of its weights what their rows compute, also where it is loaded later", async () => {
    await ready();
    const { spec } = (await openSource("tiny", { folder: join(folder, "bundle") })) as { spec: BundleParts };
    const inputs = samples.slice(0, 20).map(({ png }) => ({ image: png }));
    // Shared with nobody who says in which order: they stay in rows.
    const rows = new Uint8Array(new SharedArrayBuffer(spec.weights.length));
    rows.set(spec.weights);
    const original = rows.slice();
    const outputs = async (parts: BundleParts) => {
      const predictor = await loadPredictor(parts);
      const found = (await predictor.predict(inputs)) as Output[];
      predictor.dispose();
      return found.map(({ probabilities }) => Object.values(probabilities));
    };
    const expected = await outputs({ ...spec, weights: rows, order: undefined });
    expect(Buffer.compare(rows, original)).toBe(0);
    for (const found of [await outputs(spec), await outputs(spec)]) {
      for (const [index, probabilities] of found.entries()) {
        for (const [label, probability] of probabilities.entries()) {
          expect(probability).toBeCloseTo(expected[index]![label]!, 5);
        }
      }
    }
    // The backend at work decides: native has an order of its own.
    expect(spec.order![0]).toBe(tf.getBackend() === "native" ? 2 : 3);
    expect(Buffer.compare(spec.weights, original) === 0).toBe(tf.getBackend() !== "native");
  });

  it("says what is wrong with an input", async () => {
    const pixels = new Array(9).fill(0);
    await expect(predict([{ pixels, height: 28, width: 28 }])).rejects.toThrow(/"path":"inputs\[0\]\.pixels"/);
    await expect(predict([{ drawing: 1 }])).rejects.toThrow(/"path":"inputs\[0\]/);
  });
});
