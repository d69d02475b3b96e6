import type * as tf from "@tensorflow/tfjs-core";
import type { NativeBackend } from "../backend.ts";
import { type Attributes, type Inputs, onCpu, using } from "../kernel.ts";
import { combine } from "./binary.ts";

/** In the order of `Activation` in kernels/activation.h. */
const activations = ["linear", "relu", "relu6", "elu", "sigmoid", "leakyrelu", "gelu", "gelutanh", "silu"];

export function activationCode(name: string): number {
  return activations.indexOf(name);
}

interface Epilogue {
  /** What the product does while its result is in registers. */
  readonly fused: { readonly bias: tf.TensorInfo | undefined; readonly activation: string; readonly slope: number };
  /** What is left to do afterwards: a bias that is not one value per column, or an activation with weights. */
  readonly rest: (
    result: tf.TensorInfo,
    inputs: Inputs,
    attributes: Attributes,
    backend: NativeBackend,
  ) => tf.TensorInfo;
}

/** Splits bias and activation into what a product of that many columns can do itself and what follows it. */
export function epilogue(bias: tf.TensorInfo | undefined, attributes: Attributes, columns: number): Epilogue {
  const wanted: string = attributes.activation ?? "linear";
  const slope: number = attributes.leakyreluAlpha ?? 0.2;
  const perColumn =
    columns > 0 &&
    (bias === undefined || (bias.dtype === "float32" && bias.shape.at(-1) === columns && size(bias) === columns));
  const fits = perColumn && activations.includes(wanted);
  return {
    fused: { bias: perColumn ? bias : undefined, activation: fits ? wanted : "linear", slope },
    rest: (result, inputs, _, backend) => {
      let current = result;
      if (!perColumn && bias !== undefined)
        current = using(backend, current, (info) => combine("Add", info, bias, backend)!);
      if (fits || wanted === "linear") return current;
      return using(backend, current, (info) => activate(info, wanted, inputs.preluActivationWeights, slope, backend));
    },
  };
}

function size({ shape }: tf.TensorInfo): number {
  return shape.reduce((product, length) => product * length, 1);
}

function activate(
  x: tf.TensorInfo,
  activation: string,
  alpha: tf.TensorInfo | undefined,
  slope: number,
  backend: NativeBackend,
): tf.TensorInfo {
  if (activation === "prelu") return combine("Prelu", x, alpha!, backend)!;
  const names: Record<string, string> = {
    linear: "Identity",
    relu: "Relu",
    relu6: "Relu6",
    elu: "Elu",
    sigmoid: "Sigmoid",
    leakyrelu: "LeakyRelu",
  };
  const name = names[activation];
  if (name === undefined) throw new Error(`Expected a known activation. Received "${activation}".`);
  return onCpu(name, { x }, { alpha: slope }, backend);
}
