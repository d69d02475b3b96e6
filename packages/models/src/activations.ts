import { gelu, silu, tf } from "@nacre/tensor";
import { z } from "zod";
import { glorotUniform, heNormal, type Initializer } from "./initializers.ts";
import type { ForwardContext, Layer } from "./layer.ts";

/**
 * The activations by name. gelu is the exact one, x·Φ(x) (Hendrycks, Gimpel 2016), geluTanh its approximation; silu is x·σ(x)
 * (Elfwing et al. 2018); mish is x·tanh(softplus(x)) (Misra 2020); hardswish is x·relu6(x + 3) / 6 (Howard et al. 2019); elu has
 * α = 1 (Clevert et al. 2016); leakyRelu has the slope 0.01 below 0 (Maas et al. 2013).
 */
export const ActivationName = z.enum([
  "linear",
  "relu",
  "leakyRelu",
  "elu",
  "gelu",
  "geluTanh",
  "silu",
  "mish",
  "hardswish",
  "softplus",
  "sigmoid",
  "tanh",
]);
export type ActivationName = z.infer<typeof ActivationName>;

type Elementwise = (x: tf.Tensor) => tf.Tensor;

/** The function of that name, elementwise, with gradients. */
export function activation(name: ActivationName): Elementwise {
  const found = functions[name];
  if (!found) {
    throw new Error(`Expected an activation: ${Object.keys(functions).join(", ")}. Received "${name}".`);
  }
  return found;
}

/** The initialisation that keeps the variance of signals through that activation: He for rectifiers, else Glorot. */
export function initializerFor(name: ActivationName): Initializer {
  return name === "linear" || name === "tanh" || name === "sigmoid" ? glorotUniform : heNormal;
}

/** An activation as a layer: any shape → the same. */
export class Activation implements Layer {
  readonly name: ActivationName;
  readonly #apply: Elementwise;

  constructor(name: ActivationName) {
    this.#apply = activation(name);
    this.name = name;
  }

  forward(input: tf.Tensor, _context?: ForwardContext): tf.Tensor {
    return this.#apply(input);
  }
}

const functions: Record<ActivationName, Elementwise> = {
  linear: (x) => tf.clone(x),
  relu: (x) => tf.relu(x),
  leakyRelu: (x) => tf.leakyRelu(x, 0.01),
  elu: (x) => tf.elu(x),
  gelu: (x) => gelu(x),
  geluTanh: (x) => gelu(x, { approximate: "tanh" }),
  silu: (x) => silu(x),
  mish: (x) => tf.tidy(() => tf.mul(x, tf.tanh(tf.softplus(x)))),
  hardswish: (x) => tf.tidy(() => tf.mul(x, tf.div(tf.relu6(tf.add(x, 3)), 6))),
  softplus: (x) => tf.softplus(x),
  sigmoid: (x) => tf.sigmoid(x),
  tanh: (x) => tf.tanh(x),
};
