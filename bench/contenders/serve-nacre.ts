// A small model behind the whole server. Says its address, then, when its standard input ends, the event loop's delay.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { serve } from "@nacre/serve";
import { RunFolder, runRecipe } from "@nacre/tasks";

const recipe = `name: bench
title: { en: Bench, zh: 基准 }
task: tabular-classification
data:
  source:
    from: file
    path: rows.csv
    columns: [{ name: x, type: number }, { name: y, type: number }, { name: label, type: target }]
model: { family: mlp, hidden: [16] }
train: { epochs: 1, batch: 32 }
evaluate: { baselines: false, resamples: 100 }
`;

const folder = await mkdtemp(join(tmpdir(), "nacre-bench-"));
const { writeFile } = await import("node:fs/promises");
const rows = Array.from({ length: 400 }, (_, index) => `${index % 7},${index % 5},${index % 2 ? "odd" : "even"}`);
await writeFile(join(folder, "rows.csv"), `x,y,label\n${rows.join("\n")}\n`);
for await (const _ of runRecipe({
  recipe: { file: join(folder, "recipe.yaml"), text: recipe },
  folder: join(folder, "run"),
}));
const server = await serve({
  port: 0,
  logLevel: "silent",
  models: [{ id: "bench", folder: new RunFolder(join(folder, "run")).bundle }],
});
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
console.log(`${server.address}/v1/models/bench/predict`);
process.stdin.resume();
process.stdin.on("data", () => delay.reset());
process.stdin.on("end", async () => {
  // The histogram counts the timer's own millisecond too.
  console.log(`delay ${Math.max(0, delay.percentile(99) / 1e6 - 1)}`);
  await server.close();
  await rm(folder, { recursive: true, force: true });
  process.exit(0);
});
