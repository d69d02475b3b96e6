import { tf } from "@nacre/tensor";
import { mapNamed, type TensorTree, type Transform } from "../transform.ts";

type Factors = { readonly rows: tf.Tensor; readonly columns: tf.Tensor } | { readonly full: tf.Tensor };

export interface FactoredRmsOptions {
  /** β₂ at step t is 1 - t^decayExponent. */
  readonly decayExponent?: number;
  /** Added to squared gradients: ε₁. */
  readonly epsilon?: number;
  /** Largest root mean square of an update: d. */
  readonly clip?: number;
}

/**
 * g / √V̂ with V̂ from the means of its rows and columns alone, clipped by its root mean square: Adafactor without momentum
 * (Shazeer and Stern 2018, algorithms 4 and 5). Parameters of rank 2 and more are factored over their last two axes.
 */
export function scaleByFactoredRms({
  decayExponent = -0.8,
  epsilon = 1e-30,
  clip = 1,
}: FactoredRmsOptions = {}): Transform<ReadonlyMap<string, Factors & TensorTree>> {
  return {
    init: (parameters) =>
      mapNamed(parameters, (tensor): Factors & TensorTree =>
        tensor.rank < 2
          ? { full: tf.zerosLike(tensor) }
          : {
              rows: tf.zeros(tensor.shape.slice(0, -1)),
              columns: tf.zeros([...tensor.shape.slice(0, -2), tensor.shape.at(-1)!]),
            },
      ),
    update(updates, state, { step }) {
      const decay = 1 - (step + 1) ** decayExponent;
      const blend = (average: tf.Tensor, value: tf.Tensor): tf.Tensor =>
        tf.add(tf.mul(average, decay), tf.mul(value, 1 - decay));
      const next = mapNamed(updates, (update, name): Factors & TensorTree => {
        const square = tf.add(tf.square(update), epsilon);
        const old = state.get(name)! as Factors;
        return "full" in old
          ? { full: blend(old.full, square) }
          : { rows: blend(old.rows, tf.mean(square, -1)), columns: blend(old.columns, tf.mean(square, -2)) };
      });
      const scaled = mapNamed(updates, (update, name) => {
        const direction = tf.div(update, tf.sqrt(varianceOf(next.get(name)! as Factors)));
        const rms = tf.sqrt(tf.mean(tf.square(direction)));
        return tf.div(direction, tf.maximum(tf.div(rms, clip), 1));
      });
      return { updates: scaled, state: next };
    },
  };
}

/** R Cᵀ / mean(R) */
function varianceOf(factors: Factors): tf.Tensor {
  if ("full" in factors) return factors.full;
  const { rows, columns } = factors;
  const normalised = tf.div(rows, tf.mean(rows, -1, true));
  return tf.mul(tf.expandDims(normalised, -1), tf.expandDims(columns, -2));
}

/** Scales updates by max(ε₂, RMS(θ)): Adafactor's relative step (algorithm 5, line 3). */
export function scaleByParameterRms(least = 1e-3): Transform<readonly []> {
  return {
    init: () => [],
    update: (updates, state, { parameters }) => ({
      updates: mapNamed(updates, (update, name) =>
        tf.mul(update, tf.maximum(tf.sqrt(tf.mean(tf.square(parameters.get(name)!))), least)),
      ),
      state,
    }),
  };
}
