// A Keras-style tf.LayersModel, trained with the same loop as everything else: checkpoints, exact resume and all.
import { digits } from "@nacre/data";
import { ready, tf } from "@nacre/tensor";
import { adam, crossEntropy, fromLayersModel, train } from "@nacre/train";
import { initializers, layers, sequential } from "@tensorflow/tfjs-layers";

await ready();
const he = (seed: number) => initializers.heNormal({ seed });
const model = sequential({
  layers: [
    layers.conv2d({
      inputShape: [28, 28, 1],
      filters: 8,
      kernelSize: 5,
      strides: 2,
      activation: "relu",
      kernelInitializer: he(1),
    }),
    layers.conv2d({ filters: 16, kernelSize: 3, strides: 2, activation: "relu", kernelInitializer: he(2) }),
    layers.flatten(),
    layers.dense({ units: 10, kernelInitializer: he(3) }),
  ],
});

const all = digits({ seed: 1, count: 3000 });
const batch = (from: typeof all) =>
  from.batch(50).map((group) => {
    const pixels = new Float32Array(group.length * 784);
    group.forEach(({ image }, row) => pixels.set(image.pixels, row * 784));
    return { pixels: pixels.map((value) => value / 255), labels: group.map(({ label }) => label), size: group.length };
  });
const images = ({ pixels, size }: { pixels: Float32Array; size: number }) => tf.tensor4d(pixels, [size, 28, 28, 1]);

for await (const step of train({
  model: fromLayersModel(model),
  data: batch(all.take(2500).cache()),
  loss: ({ forward }, group) =>
    crossEntropy(forward(images(group), { training: true }) as tf.Tensor2D, tf.tensor1d(group.labels, "int32")),
  optimizer: adam(0.003),
  epochs: 4,
  seed: 1,
})) {
  if (step.step % 50 === 0) console.log(`epoch ${step.epoch + 1}  loss ${step.loss.toFixed(3)}`);
}

// The variables are the model's own: `predict`, `evaluate` and `save` work on what was trained.
let right = 0;
for await (const group of batch(all.skip(2500))) {
  const guesses = tf.tidy(() => tf.argMax(model.predict(images(group)) as tf.Tensor, 1).dataSync());
  right += group.labels.filter((label, index) => guesses[index] === label).length;
}
console.log(`${((right / 500) * 100).toFixed(1)} % of 500 new digits`);
