// Plain TensorFlow.js, as its documentation shows it: layers, compile, fit's inner step (trainOnBatch).
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs";
import { printRate, settings } from "./rate.ts";

await tf.setBackend(settings.backend ?? "wasm");
await tf.ready();

const model =
  settings.model === "mlp"
    ? tf.sequential({
        layers: [
          tf.layers.dense({ units: 128, activation: "relu", inputShape: [784] }),
          tf.layers.dense({ units: 10 }),
        ],
      })
    : tf.sequential({
        layers: [
          tf.layers.conv2d({ filters: 6, kernelSize: 5, padding: "same", activation: "relu", inputShape: [28, 28, 1] }),
          tf.layers.maxPooling2d({ poolSize: 2 }),
          tf.layers.conv2d({ filters: 16, kernelSize: 5, activation: "relu" }),
          tf.layers.maxPooling2d({ poolSize: 2 }),
          tf.layers.flatten(),
          tf.layers.dense({ units: 120, activation: "relu" }),
          tf.layers.dense({ units: 84, activation: "relu" }),
          tf.layers.dense({ units: 10 }),
        ],
      });
model.compile({
  optimizer: tf.train.adam(0.001),
  loss: (labels, logits) => tf.losses.softmaxCrossEntropy(labels, logits),
});
const { batch } = settings;
const shape = settings.model === "mlp" ? [batch, 784] : [batch, 28, 28, 1];
const features = tf.randomUniform(shape);
const labels = tf.oneHot(tf.randomUniform([batch], 0, 10, "int32"), 10).toFloat();

await printRate(async () => {
  await model.trainOnBatch(features, labels);
  return batch;
});
