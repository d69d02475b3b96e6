import { tf } from "@nacre/tensor";

/**
 * A variable that holds `values`.
 *
 * @throws Error when no backend is ready.
 */
export function variable(values: Float32Array, shape: readonly number[], trainable = true): tf.Variable {
  if (!tf.getBackend()) {
    throw new Error(
      'Expected a backend that is ready before a model is built. Received none. Call `await ready()` of "@nacre/tensor" first.',
    );
  }
  return tf.tidy(() => tf.variable(tf.tensor(values, [...shape]), trainable));
}
