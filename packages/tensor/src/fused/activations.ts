import * as tf from "@tensorflow/tfjs-core";
import { fits, gradient, run, together } from "./kernel.ts";

/** x · Φ(x): Hendrycks and Gimpel 2016; `tanh` is their approximation, which GPT-2 was trained with. */
export function gelu(x: tf.Tensor, { approximate }: { readonly approximate?: "tanh" } = {}): tf.Tensor {
  const kernelName = approximate === "tanh" ? "GeluTanh" : "Gelu";
  if (fits(kernelName, x)) return run(kernelName, { x })[0]!;
  return tf.tidy(() => {
    if (approximate !== "tanh") return tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1));
    const inner = tf.mul(tf.add(x, tf.mul(tf.mul(tf.square(x), x), 0.044715)), Math.sqrt(2 / Math.PI));
    return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(inner), 1));
  });
}

/** x · σ(x): Elfwing, Uchibe and Doya 2018. */
export function silu(x: tf.Tensor): tf.Tensor {
  if (fits("Silu", x)) return run("Silu", { x })[0]!;
  return tf.tidy(() => tf.mul(x, tf.sigmoid(x)));
}

/** What a product can do while its result is at hand. */
export const fusedActivations = ["linear", "relu", "gelu", "geluTanh", "silu"] as const;
export type FusedActivation = (typeof fusedActivations)[number];

/** One of them by itself. */
export function activate(x: tf.Tensor, name: FusedActivation): tf.Tensor {
  if (name === "linear") return x;
  if (name === "relu") return tf.relu(x);
  if (name === "silu") return silu(x);
  return gelu(x, name === "geluTanh" ? { approximate: "tanh" } : {});
}

for (const name of ["Gelu", "GeluTanh", "Silu"]) {
  gradient(name, {
    inputs: ["x"],
    compute: (dy, { x }) => ({ x: () => run(`${name}Grad`, { dy, x })[0]! }),
  });
}

/** silu(gate) · up, of one shape: the gated unit of Shazeer 2020, "GLU variants improve Transformer", equation 6. */
export function swiglu(gate: tf.Tensor, up: tf.Tensor): tf.Tensor {
  tf.util.assertShapesMatch(gate.shape, up.shape, "swiglu: ");
  if (fits("SwiGlu", gate, up)) return run("SwiGlu", { gate, up })[0]!;
  return tf.tidy(() => tf.mul(silu(gate), up));
}

gradient("SwiGlu", {
  inputs: ["gate", "up"],
  compute: (dy, { gate, up }) => together(["gate", "up"], run("SwiGluGrad", { dy, gate, up })),
});
