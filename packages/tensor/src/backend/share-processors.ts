import * as tf from "@tensorflow/tfjs-core";

/**
 * For one of several threads or processes that compute at the same time: the native backend, which else uses all processors,
 * takes its share of them. NACRE_THREADS outweighs it; other backends are left as they are.
 *
 * @param others how many compute, this one included
 */
export function shareProcessors(others: number): void {
  const backend = tf.backend() as { shareProcessors?: (others: number) => void };
  backend.shareProcessors?.(others);
}
