// The same models by Nacre: layers, crossEntropy and train() with Adam, on the backend that ready() picks.
import { from } from "@nacre/data";
import { buildClassifier, ClassifierConfig } from "@nacre/models";
import { Random } from "@nacre/random";
import { ready, tf } from "@nacre/tensor";
import { adam, crossEntropy, train } from "@nacre/train";
import { settings } from "./rate.ts";

await ready();
const { batch, seconds, model: family } = settings;
const shape = family === "mlp" ? [784] : [28, 28, 1];
const config = ClassifierConfig.parse(family === "mlp" ? { family: "mlp", hidden: [128] } : { family: "lenet" });
const model = buildClassifier(config, { input: shape, classes: 10 }, new Random(1));
const features = new Random(2).fillUniform(new Float32Array(batch * 784));
const labels = Int32Array.from({ length: batch }, (_, index) => index % 10);

let started = 0;
let samples = 0;
const warmUntil = performance.now() + seconds * 250;
for await (const _ of train({
  model,
  data: from({ length: 2 ** 30, get: () => ({ features, labels, size: batch }) }),
  loss: (trained, each, context) =>
    crossEntropy(
      trained.forward(tf.tensor(each.features, [batch, ...shape]), context),
      tf.tensor1d(each.labels, "int32"),
    ),
  optimizer: adam(0.001),
  epochs: 1,
  seed: 0,
})) {
  const now = performance.now();
  if (started === 0) {
    if (now >= warmUntil) started = now;
    continue;
  }
  samples += batch;
  if (now - started >= seconds * 1000) break;
}
console.log(samples / ((performance.now() - started) / 1000));
