import * as tf from "@tensorflow/tfjs-core";
import { fits } from "../fused/kernel.ts";
import { call, flat, float, fromInput, fromOutput, fromPair, gate, rule, sumTo } from "./declare.ts";

/** Abramowitz and Stegun, Handbook of Mathematical Functions, sections 4.3 to 4.6 and 7.1, for the derivatives. */
const functions: tf.GradConfig[] = [
  fromInput("Abs", (dy, x) => tf.mul(dy, tf.sign(x))),
  fromInput("Acos", (dy, x) => tf.neg(tf.div(dy, tf.sqrt(tf.sub(1, tf.square(x)))))),
  fromInput("Acosh", (dy, x) => tf.div(dy, tf.sqrt(tf.sub(tf.square(x), 1)))),
  fromInput("Asin", (dy, x) => tf.div(dy, tf.sqrt(tf.sub(1, tf.square(x))))),
  fromInput("Asinh", (dy, x) => tf.div(dy, tf.sqrt(tf.add(tf.square(x), 1)))),
  fromInput("Atan", (dy, x) => tf.div(dy, tf.add(tf.square(x), 1))),
  fromInput("Atanh", (dy, x) => tf.div(dy, tf.sub(1, tf.square(x)))),
  fromInput("Cos", (dy, x) => tf.neg(tf.mul(dy, tf.sin(x)))),
  fromInput("Cosh", (dy, x) => tf.mul(dy, tf.sinh(x))),
  fromInput("Erf", (dy, x) => tf.mul(dy, tf.mul(2 / Math.sqrt(Math.PI), tf.exp(tf.neg(tf.square(x)))))),
  fromInput("Expm1", (dy, x) => tf.mul(dy, tf.exp(x))),
  fromInput("Log", (dy, x) => tf.div(dy, x)),
  fromInput("Log1p", (dy, x) => tf.div(dy, tf.add(x, 1))),
  fromInput("Sin", (dy, x) => tf.mul(dy, tf.cos(x))),
  fromInput("Sinh", (dy, x) => tf.mul(dy, tf.cosh(x))),
  fromInput("Softplus", (dy, x) => tf.mul(dy, tf.sigmoid(x))),
  fromInput("Square", (dy, x) => tf.mul(dy, tf.mul(x, 2))),
  fromInput("Tan", (dy, x) => tf.div(dy, tf.square(tf.cos(x)))),
  fromOutput("Exp", (dy, y) => tf.mul(dy, y)),
  fromOutput("Reciprocal", (dy, y) => tf.neg(tf.mul(dy, tf.square(y)))),
  fromOutput("Rsqrt", (dy, y) => tf.mul(dy, tf.mul(-0.5, tf.mul(y, tf.square(y))))),
  fromOutput("Sigmoid", (dy, y) => tf.mul(dy, tf.mul(y, tf.sub(1, y)))),
  fromOutput("Sqrt", (dy, y) => tf.div(dy, tf.mul(y, 2))),
  fromOutput("Tanh", (dy, y) => tf.mul(dy, tf.sub(1, tf.square(y)))),
];

/** Klambauer et al. 2017, "Self-Normalizing Neural Networks", equation 2. */
const seluAlpha = 1.6732632423543772;
const seluScale = 1.0507009873554805;

const activations: tf.GradConfig[] = [
  fromOutput("Relu", (dy, y) => (fits("ReluGrad", dy, y) ? call("ReluGrad", { dy, y }) : gate(dy, tf.step(y)))),
  fromInput("Relu6", (dy, x) => gate(dy, tf.mul(tf.lessEqual(x, 6), tf.step(x)))),
  fromOutput("Elu", (dy, y) => call("EluGrad", { dy, y })),
  fromInput("Selu", (dy, x) => {
    const below = tf.mul(tf.mul(dy, seluScale * seluAlpha), tf.exp(tf.minimum(x, 0)));
    return tf.where(tf.greater(x, 0), tf.mul(dy, seluScale), below);
  }),
  fromInput("LeakyRelu", (dy, x, { alpha }) => tf.where(tf.greater(x, 0), dy, tf.mul(dy, alpha as number))),
  rule("Prelu", {
    inputs: ["x", "alpha"],
    gradient: (dy, saved) => {
      const [x, alpha] = saved as [tf.Tensor, tf.Tensor];
      return {
        x: () => tf.where(tf.greater(x, 0), dy, tf.mul(dy, alpha)),
        alpha: () => sumTo(tf.mul(dy, tf.minimum(x, 0)), alpha.shape),
      };
    },
  }),
  fromInput("ClipByValue", (dy, x, { clipValueMin, clipValueMax }) =>
    gate(dy, tf.logicalAnd(tf.greaterEqual(x, clipValueMin), tf.lessEqual(x, clipValueMax))),
  ),
];

const pairs: tf.GradConfig[] = [
  fromPair(
    "Add",
    (dy) => dy,
    (dy) => dy,
  ),
  fromPair(
    "Sub",
    (dy) => dy,
    (dy) => tf.neg(dy),
  ),
  fromPair(
    "Multiply",
    (dy, _, b) => tf.mul(dy, b),
    (dy, a) => tf.mul(dy, a),
  ),
  fromPair(
    "RealDiv",
    (dy, _, b) => tf.div(dy, b),
    (dy, a, b) => tf.neg(tf.div(tf.mul(dy, a), tf.square(b))),
  ),
  fromPair(
    "Atan2",
    (dy, a, b) => tf.div(tf.mul(dy, b), tf.add(tf.square(a), tf.square(b))),
    (dy, a, b) => tf.neg(tf.div(tf.mul(dy, a), tf.add(tf.square(a), tf.square(b)))),
  ),
  fromPair(
    "Maximum",
    (dy, a, b) => gate(dy, tf.greaterEqual(a, b)),
    (dy, a, b) => gate(dy, tf.less(a, b)),
  ),
  fromPair(
    "Minimum",
    (dy, a, b) => gate(dy, tf.lessEqual(a, b)),
    (dy, a, b) => gate(dy, tf.greater(a, b)),
  ),
  fromPair(
    "Mod",
    (dy) => dy,
    (dy, a, b) => tf.neg(tf.mul(dy, tf.floor(tf.div(a, b)))),
  ),
  fromPair(
    "SquaredDifference",
    (dy, a, b) => tf.mul(dy, tf.mul(2, tf.sub(a, b))),
    (dy, a, b) => tf.mul(dy, tf.mul(2, tf.sub(b, a))),
  ),
  fromPair(
    "Pow",
    (dy, a, b) => tf.mul(dy, tf.mul(b, tf.pow(a, tf.sub(b, 1)))),
    // a^b ln a; at a ≤ 0, where the logarithm has no real value, the exponent gets no gradient.
    (dy, a, b) => tf.mul(dy, tf.mul(tf.pow(a, b), tf.where(tf.greater(a, 0), tf.log(a), tf.zerosLike(a)))),
  ),
];

const steps: tf.GradConfig[] = [
  ...["Ceil", "Floor", "Round", "Sign", "Step", "IsFinite", "IsInf", "IsNan", "OnesLike", "ZerosLike"].map((name) =>
    flat(name),
  ),
  ...["FloorDiv", "GreaterEqual", "Greater", "Less", "LessEqual", "Equal", "NotEqual"].map((name) =>
    fromPair(
      name,
      (dy) => tf.zerosLike(float(dy)),
      (dy) => tf.zerosLike(float(dy)),
    ),
  ),
];

const choices: tf.GradConfig[] = [
  rule("Select", {
    inputs: ["condition"],
    gradient: (dy, saved) => {
      const condition = saved[0]!;
      // A condition of rank 1 chooses whole rows.
      const shape = condition.shape.concat(Array(dy.rank - condition.rank).fill(1));
      const chosen = tf.reshape(float(condition), shape);
      return {
        condition: () => tf.zeros(condition.shape),
        t: () => tf.mul(dy, chosen),
        e: () => tf.mul(dy, tf.sub(1, chosen)),
      };
    },
  }),
  rule("Neg", { gradient: (dy) => ({ x: () => tf.neg(dy) }) }),
  rule("Identity", { gradient: (dy) => ({ x: () => float(dy) }) }),
  rule("Cast", { gradient: (dy) => ({ x: () => float(dy) }) }),
];

export const elementwise: readonly tf.GradConfig[] = [...functions, ...activations, ...pairs, ...steps, ...choices];
