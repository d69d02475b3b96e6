import type { Random } from "@nacre/random";
import * as tf from "@tensorflow/tfjs-core";

/**
 * A tensor of `shape`, uniform in [minimum, maximum). The values are drawn in JavaScript, so they are the same on every
 * backend.
 */
export function randomUniform(random: Random, shape: number[], minimum = 0, maximum = 1): tf.Tensor {
  return tf.tensor(random.fillUniform(allocate(shape), minimum, maximum), shape);
}

/** A tensor of `shape`, normal with this mean and standard deviation. The same on every backend. */
export function randomNormal(random: Random, shape: number[], mean = 0, deviation = 1): tf.Tensor {
  return tf.tensor(random.fillNormal(allocate(shape), mean, deviation), shape);
}

/** As `randomNormal`, where values beyond two standard deviations from the mean are drawn again. */
export function truncatedNormal(random: Random, shape: number[], mean = 0, deviation = 1): tf.Tensor {
  const values = random.fillNormal(allocate(shape));
  for (let i = 0; i < values.length; i++) {
    let value = values[i]!;
    while (Math.abs(value) > 2) value = random.normal();
    values[i] = mean + deviation * value;
  }
  return tf.tensor(values, shape);
}

function allocate(shape: readonly number[]): Float32Array {
  return new Float32Array(shape.reduce((product, size) => product * size, 1));
}
