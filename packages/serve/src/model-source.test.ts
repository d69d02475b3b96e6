import { mkdtemp, rm, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openBundle, writeBundle } from "@nacre/lineage";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openSource } from "./model-source.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nacre-serve-"));
  await writeBundle(join(folder, "bundle"), {
    config: { kind: "test" },
    tensors: [{ name: "weight", dtype: "F32", shape: [2], data: new Uint8Array(8) }],
    card: "# Test\n",
    manifest: {
      format: 1,
      name: "Digits",
      task: "image-classification",
      created: "2026-01-01T00:00:00Z",
      code: { packages: {} },
      recipe: { secret: 1 },
      seed: 1,
      steps: 1,
      data: [],
      preparation: {},
      metrics: [{ name: "accuracy", value: 0.98, low: 0.97, high: 0.99 }],
    },
  });
});
afterAll(() => rm(folder, { recursive: true }));

it("reads a bundle once, its weights into shared memory", async () => {
  const path = join(folder, "bundle");
  for (const source of [{ folder: path }, { bundle: await openBundle(path) }]) {
    const { spec, about } = await openSource("digits", source);
    const { weights, config } = spec as { weights: Uint8Array; config: unknown };
    expect(weights.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(config).toEqual({ kind: "test" });
    expect(about).toEqual({
      name: "Digits",
      task: "image-classification",
      created: "2026-01-01T00:00:00Z",
      metrics: [{ name: "accuracy", value: 0.98, low: 0.97, high: 0.99 }],
    });
  }
});

it("refuses a damaged bundle with the file's name", async () => {
  await truncate(join(folder, "bundle", "model.safetensors"), 10);
  await expect(openSource("digits", { folder: join(folder, "bundle") })).rejects.toThrow("model.safetensors");
});
