import * as tf from "@tensorflow/tfjs-core";

/** The attributes of a kernel call; what they hold depends on the kernel. */
// biome-ignore lint/suspicious/noExplicitAny: TensorFlow.js types attributes per kernel, and the registry erases them.
export type Attributes = any;

type Derivative = () => tf.Tensor;

/** The gradient of a kernel, from the gradient of its output and what its forward pass kept. */
export interface Rule {
  /** Names of the inputs that are kept. */
  inputs?: string[];
  /** Whether the (first) output is kept, after the inputs. */
  output?: boolean;
  gradient(dy: tf.Tensor, saved: tf.Tensor[], attributes: Attributes): Record<string, Derivative>;
}

export function rule(kernelName: string, { inputs = [], output = false, gradient }: Rule): tf.GradConfig {
  return {
    kernelName,
    inputsToSave: inputs,
    ...(output ? { outputsToSave: [true] } : {}),
    gradFunc: (dy, saved, attributes) => gradient(dy as tf.Tensor, saved, attributes),
  };
}

/** y = f(x) elementwise: dx from dy and x. */
export function fromInput(
  kernelName: string,
  gradient: (dy: tf.Tensor, x: tf.Tensor, attributes: Attributes) => tf.Tensor,
): tf.GradConfig {
  return rule(kernelName, {
    inputs: ["x"],
    gradient: (dy, [x], attributes) => ({ x: () => gradient(dy, float(x!), attributes) }),
  });
}

/** y = f(x): dx from dy and y. */
export function fromOutput(
  kernelName: string,
  gradient: (dy: tf.Tensor, y: tf.Tensor, attributes: Attributes) => tf.Tensor,
): tf.GradConfig {
  return rule(kernelName, {
    output: true,
    gradient: (dy, [y], attributes) => ({ x: () => gradient(dy, y!, attributes) }),
  });
}

/** y = f(a, b) with broadcasting: each side's gradient at the shape of y; it is summed down to the side's own shape. */
export function fromPair(
  kernelName: string,
  left: (dy: tf.Tensor, a: tf.Tensor, b: tf.Tensor) => tf.Tensor,
  right: (dy: tf.Tensor, a: tf.Tensor, b: tf.Tensor) => tf.Tensor,
): tf.GradConfig {
  return rule(kernelName, {
    inputs: ["a", "b"],
    gradient: (dy, saved) => {
      const [a, b] = saved as [tf.Tensor, tf.Tensor];
      return {
        a: () => sumTo(left(dy, float(a), float(b)), a.shape),
        b: () => sumTo(right(dy, float(a), float(b)), b.shape),
      };
    },
  });
}

/** A step function, or one of integers: its derivative is 0 wherever it has one. */
export function flat(kernelName: string, input = "x"): tf.GradConfig {
  return rule(kernelName, { inputs: [input], gradient: (_, [x]) => ({ [input]: () => tf.zeros(x!.shape) }) });
}

/** Sums over the axes along which a value of `shape` was broadcast. */
export function sumTo(gradient: tf.Tensor, shape: number[]): tf.Tensor {
  const axes = tf.broadcast_util.getReductionAxes(shape, gradient.shape);
  return tf.reshape(axes.length > 0 ? tf.sum(gradient, axes) : gradient, shape);
}

export function float(x: tf.Tensor): tf.Tensor {
  return x.dtype === "float32" ? x : tf.cast(x, "float32");
}

/** dy where `condition` holds, else 0. */
export function gate(dy: tf.Tensor, condition: tf.Tensor): tf.Tensor {
  return tf.mul(dy, float(condition));
}

/** Calls a kernel that has no function in the public interface. */
export function call(kernelName: string, inputs: Record<string, tf.Tensor>, attributes: Attributes = {}): tf.Tensor {
  return tf.engine().runKernel(kernelName, inputs, attributes) as tf.Tensor;
}
