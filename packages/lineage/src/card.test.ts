import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { modelCard } from "./card.ts";

const manifest = {
  format: 1 as const,
  name: 'digits: "small" model',
  task: "image-classification",
  description: "Reads\n# digits",
  created: "2024-05-06T07:08:09Z",
  code: { packages: { "@nacre/tasks": "1.2.3" }, commit: "abc" },
  recipe: {},
  seed: 5,
  steps: 100,
  data: [{ name: "a | b", digest: "d", records: 10, licence: "CC0-1.0" }],
  preparation: {},
  metrics: [
    { name: "accuracy", value: 0.98765, low: 0.98, high: 0.99 },
    { name: "loss", value: 0.1 },
  ],
};

describe("modelCard", () => {
  it("starts with YAML that Hugging Face reads", () => {
    const card = modelCard(manifest, { licence: "apache-2.0", tags: ["digits"] });
    const front = parse(card.split("---\n")[1]!);
    expect(front).toEqual({
      library_name: "nacre",
      license: "apache-2.0",
      pipeline_tag: "image-classification",
      tags: ["nacre", "digits"],
      datasets: ["a | b"],
      metrics: ["accuracy", "loss"],
      "model-index": [
        {
          name: manifest.name,
          results: [
            {
              task: { type: "image-classification" },
              dataset: { name: "a | b", type: "a | b" },
              metrics: [
                { type: "accuracy", value: 0.98765 },
                { type: "loss", value: 0.1 },
              ],
            },
          ],
        },
      ],
    });
  });

  it("tells results with intervals, data with licences, and how it was made", () => {
    const card = modelCard(manifest);
    expect(card).toContain("| accuracy | 0.9877 | 0.98 – 0.99 |");
    expect(card).toContain("| a \\| b | 10 | CC0-1.0 | `d` |");
    expect(card).toContain("100 updates from the seed 5");
    expect(card).toContain("@nacre/tasks 1.2.3");
    expect(card).toContain("Reads # digits");
    expect(card).not.toContain("\n# digits\n");
  });

  it("names the model that training began with", () => {
    const card = modelCard({ ...manifest, base: { name: "models/gpt2", digest: "sha256:ab" } });
    expect(parse(card.split("---\n")[1]!)).toMatchObject({ base_model: "models/gpt2" });
    expect(card).toContain("- from the weights of models/gpt2 (`sha256:ab`)");
  });

  it("does without data and metrics", () => {
    const card = modelCard({ ...manifest, data: [], metrics: [] });
    expect(parse(card.split("---\n")[1]!)).not.toHaveProperty("model-index");
    expect(card).toContain("None were measured.");
  });
});
