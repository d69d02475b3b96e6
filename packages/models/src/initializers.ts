import type { Random } from "@nacre/random";

/** How many inputs feed one output of a layer, and how many outputs one input feeds. */
export interface Fans {
  readonly in: number;
  readonly out: number;
}

/** Values for a parameter, row-major. */
export type Initializer = (random: Random, shape: readonly number[], fans: Fans) => Float32Array;

/** U(−a, a), a = √(6 / (in + out)). Glorot, Bengio 2010, equation 16. For tanh, sigmoid and linear layers. */
export const glorotUniform: Initializer = (random, shape, fans) => uniform(random, shape, 2 / (fans.in + fans.out));

/** N(0, 2 / (in + out)): the variance of Glorot, Bengio 2010, equation 12. */
export const glorotNormal: Initializer = (random, shape, fans) => normal(random, shape, 2 / (fans.in + fans.out));

/** U(−a, a), a = √(6 / in): the variance of He et al. 2015, equation 10. For rectifiers. */
export const heUniform: Initializer = (random, shape, fans) => uniform(random, shape, 2 / fans.in);

/** N(0, 2 / in). He et al. 2015, "Delving deep into rectifiers", equation 10. */
export const heNormal: Initializer = (random, shape, fans) => normal(random, shape, 2 / fans.in);

/** N(0, 1 / in). LeCun et al. 1998, "Efficient backprop", section 4.6. */
export const lecunNormal: Initializer = (random, shape, fans) => normal(random, shape, 1 / fans.in);

/** N(0, deviation²). */
export function gaussian(deviation: number): Initializer {
  return (random, shape) => normal(random, shape, deviation ** 2);
}

/** All 0. */
export const zeros: Initializer = (_random, shape) => new Float32Array(sizeOf(shape));

/** All 1. */
export const ones: Initializer = (_random, shape) => new Float32Array(sizeOf(shape)).fill(1);

/** All `value`. */
export function constant(value: number): Initializer {
  return (_random, shape) => new Float32Array(sizeOf(shape)).fill(value);
}

/**
 * Normal around 0, where values beyond two deviations are drawn again. `deviation` is that of the normal before the cut; what
 * is left has 0.8796 of it.
 */
export function truncatedNormal(deviation = 0.02): Initializer {
  return (random, shape) => {
    const values = random.fillNormal(new Float32Array(sizeOf(shape)));
    for (let i = 0; i < values.length; i++) {
      while (Math.abs(values[i]!) > 2) values[i] = random.normal();
      values[i] = values[i]! * deviation;
    }
    return values;
  };
}

/**
 * A random (semi-)orthogonal matrix times `gain`: the first axis is the rows, the others together the columns; rows or
 * columns, whichever are fewer, are orthonormal. Saxe, McClelland, Ganguli 2014, "Exact solutions to the nonlinear dynamics
 * of learning in deep linear neural networks".
 */
export function orthogonal(gain = 1): Initializer {
  return (random, shape) => {
    const rows = shape[0] ?? 1;
    const columns = sizeOf(shape) / rows;
    const count = Math.min(rows, columns);
    const length = Math.max(rows, columns);
    const vectors = orthonormal(random, count, length);
    const out = new Float32Array(rows * columns);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const value = rows <= columns ? vectors[row]![column]! : vectors[column]![row]!;
        out[row * columns + column] = gain * value;
      }
    }
    return out;
  };
}

/** Fans of a dense layer. */
export function denseFans(inputs: number, outputs: number): Fans {
  return { in: inputs, out: outputs };
}

/** Fans of a convolution: an output sees the kernel's area times the input channels. */
export function convolutionFans(kernel: readonly number[], inputs: number, outputs: number): Fans {
  const area = sizeOf(kernel);
  return { in: area * inputs, out: area * outputs };
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function uniform(random: Random, shape: readonly number[], variance: number): Float32Array {
  const bound = Math.sqrt(3 * variance);
  return random.fillUniform(new Float32Array(sizeOf(shape)), -bound, bound);
}

function normal(random: Random, shape: readonly number[], variance: number): Float32Array {
  return random.fillNormal(new Float32Array(sizeOf(shape)), 0, Math.sqrt(variance));
}

/** `count` orthonormal vectors of `length` ≥ count: Gram and Schmidt on normal vectors, twice for accuracy. */
function orthonormal(random: Random, count: number, length: number): Float64Array[] {
  const vectors: Float64Array[] = [];
  while (vectors.length < count) {
    const vector = Float64Array.from({ length }, () => random.normal());
    for (const other of [...vectors, ...vectors]) {
      const projection = dot(vector, other);
      for (let i = 0; i < length; i++) vector[i] = vector[i]! - projection * other[i]!;
    }
    const norm = Math.sqrt(dot(vector, vector));
    vectors.push(vector.map((value) => value / norm));
  }
  return vectors;
}

function dot(left: Float64Array, right: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < left.length; i++) sum += left[i]! * right[i]!;
  return sum;
}
