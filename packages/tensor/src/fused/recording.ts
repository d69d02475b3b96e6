import * as tf from "@tensorflow/tfjs-core";

/** Whether a gradient will be asked for. */
export function isRecording(): boolean {
  return tf.engine().state.gradientDepth > 0;
}
