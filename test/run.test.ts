import { access, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { digits } from "@nacre/data";
import { openBundle } from "@nacre/lineage";
import {
  type ClassPrediction,
  loadPredictor,
  type RunEvent,
  RunFolder,
  type RunOptions,
  runRecipe,
} from "@nacre/tasks";
import { tf } from "@nacre/tensor";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { smallRecipe } from "./nacre.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nacre-run-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function run(name: string, text: string, options: Partial<RunOptions> = {}): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  const recipe = { file: join(folder, "recipe.yaml"), text };
  for await (const event of runRecipe({ recipe, folder: join(folder, name), ...options })) events.push(event);
  return events;
}

describe("a run", () => {
  it("goes from data to a model that predicts, and keeps everything in its folder", async () => {
    const events = await run("first", smallRecipe());
    expect(events.filter(({ type }) => type === "stage").length).toBe(10);
    expect(events.at(-1)!.type).toBe("done");
    const files = new RunFolder(join(folder, "first"));
    expect(await files.readEvents()).toEqual(events);
    expect((await files.state()).state).toBe("done");
    for (const name of ["data.json", "architecture.json", "evaluation.json"]) {
      expect(JSON.parse(await readFile(join(files.path, name), "utf8"))).toBeTypeOf("object");
    }
    expect(await readFile(files.report, "utf8")).toContain('<html lang="en">');
    expect(await readFile(files.reportIn("zh"), "utf8")).toContain('<html lang="zh');
    await access(files.tensorBoard);
    const { baselines, evaluation } = JSON.parse(await readFile(join(files.path, "evaluation.json"), "utf8"));
    expect(baselines).toHaveLength(6);
    const accuracy = evaluation.scores[0].value;
    expect(accuracy).toBeGreaterThan(0.6);

    const bundle = await openBundle(files.bundle);
    const predictor = await loadPredictor({ ...bundle, weights: await bundle.weights() });
    const drawn = await digits({ seed: 99, count: 40 }).toArray();
    const inputs = drawn.map(({ image: { pixels, height, width } }) => ({
      pixels: [...pixels],
      height,
      width,
      channels: 1,
    }));
    const answers = (await predictor.predict(
      inputs.map((input) => predictor.inputSchema.parse(input)),
    )) as ClassPrediction[];
    const right = answers.filter(({ index }, at) => index === drawn[at]!.label).length;
    expect(right).toBeGreaterThan(20);
    for (const { probabilities } of answers) {
      expect(Object.values(probabilities).reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 4);
    }
    predictor.dispose();
  });

  it("gives the same model for the same seed, and leaves no tensors", async () => {
    const before = tf.memory().numTensors;
    await run("second", smallRecipe());
    expect(tf.memory().numTensors).toBe(before);
    const weights = (name: string) => readFile(join(folder, name, "bundle", "model.safetensors"));
    expect((await weights("second")).equals(await weights("first"))).toBe(true);
  });

  it("ends with the best weights when it is stopped early", async () => {
    const text = smallRecipe({ epochs: 30 })
      .replace("checkpointEvery: epoch", "patience: 2, optimizer: { name: adam, learningRate: 0.05 }")
      .replace(", movingAverage: 0.9", "");
    const events = await run("early", text);
    const scores = events.flatMap((event) => (event.type === "step" && event.validation ? [event.validation] : []));
    expect(scores.length).toBeLessThan(30);
    const best = scores.findIndex((each) => each.accuracy === Math.max(...scores.map((score) => score.accuracy!)));
    expect(scores).toHaveLength(best + 3);
    const bundle = await openBundle(join(folder, "early", "bundle"));
    expect(bundle.manifest.steps).toBe(events.filter(({ type }) => type === "step").length);
    const last = await run("late", text.replace("patience: 2", `patience: 2, weights: last`));
    expect(last.at(-1)!.type).toBe("done");
    const weights = (name: string) => readFile(join(folder, name, "bundle", "model.safetensors"));
    expect((await weights("early")).equals(await weights("late"))).toBe(false);
  });

  it("classifies the rows of a file of one's own", async () => {
    const rows = Array.from({ length: 400 }, (_, index) => {
      const [size, color] = [index % 20, index % 3 === 0 ? "red" : "blue"];
      return `${index},${index % 50 === 7 ? "?" : size},${color},${size > 9 === (color === "red") ? "yes" : "no"}`;
    });
    await writeFile(join(folder, "rows.csv"), `id,size,color,ripe\n${rows.join("\n")}\n`);
    const text = `name: table
title: { en: Table, zh: 表 }
task: tabular-classification
data:
  source:
    from: file
    path: rows.csv
    columns:
      - { name: id, type: key }
      - { name: size, type: number }
      - { name: color, type: category }
      - { name: ripe, type: target }
model: { family: mlp, hidden: [16] }
train: { epochs: 30, batch: 16, optimizer: { name: adam, learningRate: 0.02 } }
evaluate: { resamples: 100 }
`;
    expect((await run("table", text, { until: "model" })).at(-1)).toMatchObject({ type: "stopped" });
    // The folder knows where the recipe's paths start.
    expect((await run("table", text, { recipe: undefined, resume: true })).at(-1)).toMatchObject({ type: "done" });
    const bundle = await openBundle(join(folder, "table", "bundle"));
    const predictor = await loadPredictor({ ...bundle, weights: await bundle.weights() });
    expect(predictor.input).toMatchObject({
      kind: "row",
      columns: [{ name: "size" }, { name: "color", values: ["blue", "red"] }],
    });
    const ask = async (row: object) =>
      ((await predictor.predict([predictor.inputSchema.parse(row)])) as ClassPrediction[])[0]!.label;
    expect(await ask({ size: 15, color: "red" })).toBe("yes");
    expect(await ask({ size: "2", color: "red", ripe: "ignored" })).toBe("no");
    expect(() => predictor.inputSchema.parse({ size: "large" })).toThrow();
    predictor.dispose();
  });
});

const mirror = process.env.NACRE_MIRROR;
if (!mirror) console.log("Skipped: MNIST and Adult need NACRE_MIRROR, a folder with their files");

describe.skipIf(!mirror)("public data sets", () => {
  it.each([
    ["mnist", "image-classification"],
    ["adult", "tabular-classification"],
  ])("%s trains from the mirror", async (name, task) => {
    const events = await run(
      name,
      `name: ${name}
title: { en: a, zh: a }
task: ${task}
data: { source: { from: catalogue, name: ${name} } }
model: { family: mlp, hidden: [64] }
train: { steps: 300, batch: 64 }
evaluate: { resamples: 100, baselines: false }
`,
    );
    const result = events.find(({ type }) => type === "result") as Extract<RunEvent, { type: "result" }>;
    expect(result.scores[0]!.value).toBeGreaterThan(name === "mnist" ? 0.85 : 0.8);
  });
});
