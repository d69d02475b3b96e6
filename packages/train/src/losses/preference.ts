import { tf } from "@nacre/tensor";
import type { LossParts } from "../options.ts";

/** Log-probabilities of whole answers, [B] each: of the preferred one and of the other. */
export interface PreferencePair {
  readonly chosen: tf.Tensor1D;
  readonly rejected: tf.Tensor1D;
}

export interface PreferenceLossOptions {
  /** How far the model may go from the reference: small is far. Default: 0.1. */
  readonly beta?: number;
  /** What the model was before, without a gradient. Left out: free of a reference, as if all were equally likely. */
  readonly reference?: PreferencePair | undefined;
  /**
   * `sigmoid`: -log σ(β h), of Rafailov et al. 2023, equation 7. `ipo`: (h - 1 / 2β)², of Azar et al. 2023, equation 17, for which
   * log-probabilities are means per token. h is how much more than the reference the model prefers the chosen answer.
   * Default: sigmoid.
   */
  readonly kind?: "sigmoid" | "ipo";
  /** Share of the preferences that may be the wrong way round, [0, 0.5): Mitchell 2023, "conservative DPO". For sigmoid. */
  readonly labelSmoothing?: number;
}

/** Direct preference optimisation. Tells of rewards β (log π - log reference), their margin, and how often it is above 0. */
export function preferenceLoss(policy: PreferencePair, options: PreferenceLossOptions = {}): LossParts {
  const { beta = 0.1, reference, kind = "sigmoid", labelSmoothing = 0 } = options;
  if (!(beta > 0)) throw new RangeError(`preferenceLoss: expected beta above 0. Received ${beta}.`);
  if (!(labelSmoothing >= 0 && labelSmoothing < 0.5)) {
    throw new RangeError(`preferenceLoss: expected label smoothing in [0, 0.5). Received ${labelSmoothing}.`);
  }
  tf.util.assertShapesMatch(policy.chosen.shape, policy.rejected.shape, "preferenceLoss: chosen and rejected: ");
  const gain = (side: keyof PreferencePair): tf.Tensor =>
    reference === undefined ? policy[side] : tf.sub(policy[side], reference[side]);
  const [chosen, rejected] = [gain("chosen"), gain("rejected")];
  const preference = tf.sub(chosen, rejected); // h, [B]
  const losses = kind === "ipo" ? tf.square(tf.sub(preference, 1 / (2 * beta))) : sigmoidLosses();
  return {
    loss: tf.mean(losses) as tf.Scalar,
    weight: policy.chosen.shape[0],
    scalars: {
      "chosen-reward": tf.mul(tf.mean(chosen), beta) as tf.Scalar,
      "rejected-reward": tf.mul(tf.mean(rejected), beta) as tf.Scalar,
      "reward-margin": tf.mul(tf.mean(preference), beta) as tf.Scalar,
      "preference-accuracy": tf.mean(tf.cast(tf.greater(preference, 0), "float32")) as tf.Scalar,
    },
  };

  function sigmoidLosses(): tf.Tensor {
    // -log σ(x) = softplus(-x) = softplus(x) - x
    const scaled = tf.mul(preference, beta);
    const wrong = tf.softplus(scaled);
    return tf.sub(wrong, tf.mul(scaled, 1 - labelSmoothing));
  }
}
