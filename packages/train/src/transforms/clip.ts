import { globalNorm, tf } from "@nacre/tensor";
import { mapNamed, stateless, type Transform } from "../transform.ts";

/**
 * Scales all updates so that their global norm is `maximum` at most (Pascanu et al. 2013, algorithm 1; with PyTorch's 1e-6
 * in the denominator).
 */
export function clipByGlobalNorm(maximum: number): Transform<readonly []> {
  positive(maximum, "the largest norm");
  return {
    init: () => [],
    update(updates, state) {
      const factor = tf.minimum(tf.div(maximum, tf.add(globalNorm([...updates.values()]), 1e-6)), 1);
      return { updates: mapNamed(updates, (update) => tf.mul(update, factor)), state };
    },
  };
}

/** Clips every value of the updates to [-maximum, maximum]. */
export function clipByValue(maximum: number): Transform<readonly []> {
  positive(maximum, "the largest value");
  return stateless((update) => tf.clipByValue(update, -maximum, maximum));
}

function positive(value: number, what: string): void {
  if (!(value > 0)) throw new RangeError(`Expected ${what} to be above 0. Received ${value}.`);
}
