// A table of one's own: a CSV file, cleaned, prepared on its training part only, learnt, judged beside simple algorithms, and
// asked about a new row.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cleanTable, dropDuplicates, dropMissing, from, type Row, readCsv, TablePreparation } from "@nacre/data";
import { evaluateClassification, hits, judgeBaselines } from "@nacre/evaluate";
import { runBaselines } from "@nacre/evaluate/baselines";
import { buildClassifier, inference, mlp } from "@nacre/models";
import { Random } from "@nacre/random";
import { ready, tf } from "@nacre/tensor";
import { adamw, crossEntropy, train } from "@nacre/train";

// Avocados: soft ones are ripe, but what is soft depends on the variety. Some rows are incomplete, some there twice.
const random = new Random(3);
const lines = Array.from({ length: 1500 }, (_, index) => {
  const variety = ["Hass", "Fuerte", "Bacon"][random.integer(3)]!;
  const softness = random.uniform() * 10;
  const grams = 150 + random.normal() * 30;
  const ripe = softness > { Hass: 6, Fuerte: 4, Bacon: 5 }[variety]! + random.normal() * 0.3;
  return `${index},${variety},${random.uniform() < 0.05 ? "" : softness.toFixed(2)},${grams.toFixed(0)},${ripe ? "yes" : "no"}`;
});
const folder = await mkdtemp(join(tmpdir(), "avocados-"));
await writeFile(
  join(folder, "avocados.csv"),
  ["id,variety,softness,grams,ripe", ...lines, lines[7], "1500,Hass,7,,"].join("\n"),
);

const { rows, cleaning } = await cleanTable(readCsv(join(folder, "avocados.csv")), [
  dropMissing({ columns: ["ripe"] }),
  dropDuplicates({ columns: ["id"] }),
]);
console.log(rows.length, "rows;", cleaning.map(({ count, reason }) => `${count} × ${reason}`).join(", "));

// Every tenth row is kept for the end.
const part = (test: boolean): Row[] => rows.filter((_, index) => (index % 10 === 0) === test);
const [known, test] = [part(false), part(true)];
const preparation = await TablePreparation.fit(known, [
  { name: "id", type: "key" },
  { name: "variety", type: "category" },
  { name: "softness", type: "number", indicator: true },
  { name: "grams", type: "number" },
  { name: "ripe", type: "target" },
]);
const learn = (some: readonly Row[]) => ({
  features: some.map((row) => preparation.transform(row)),
  labels: some.map((row) => preparation.target(row)),
});

await ready();
const model = buildClassifier(mlp(16), { input: [preparation.width], classes: 2 }, new Random(1));
const { features, labels } = learn(known);
const data = from(features.map((values, index) => ({ values, label: labels[index]! })))
  .shuffle({ seed: 1 })
  .batch(32);
for await (const step of train({
  model,
  data,
  loss: (net, batch, context) =>
    crossEntropy(
      net.forward(tf.stack(batch.map(({ values }) => tf.tensor1d(values))), context),
      tf.tensor1d(
        batch.map(({ label }) => label),
        "int32",
      ),
    ),
  optimizer: adamw(0.01, { weightDecay: 0.01 }),
  epochs: 25,
  seed: 1,
})) {
  if (step.step % 200 === 0) console.log(`step ${step.step}  loss ${step.loss.toFixed(3)}`);
}

const ask = (some: readonly Float32Array[]) =>
  tf.tidy(
    () => tf.softmax(model.forward(tf.stack(some.map((row) => tf.tensor1d(row))), inference)).arraySync() as number[][],
  );
const held = learn(test);
const examples = ask(held.features).map((probabilities, index) => ({ probabilities, label: held.labels[index]! }));
const classes = preparation.classes;
const evaluation = evaluateClassification({ classes, examples, seed: 1 });
const baselines = await runBaselines({ train: learn(known), test: held, classes, seed: 1 });
console.log(judgeBaselines({ evaluation, hits: hits(examples), labels: held.labels, baselines })?.text);

const fruit = { id: 0, variety: "Hass", softness: 8.2, grams: 160 };
const [probabilities] = ask([preparation.transform(fruit)]);
console.log(fruit, Object.fromEntries(classes.map((name, index) => [name, probabilities![index]!.toFixed(3)])));
await rm(folder, { recursive: true });
