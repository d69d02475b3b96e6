// For the property tests: random tensors, and whether a computation gives the same on this backend as on cpu.
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { expect } from "vitest";
import { loadAddon } from "./addon.ts";
import type { NativeBackend } from "./backend.ts";
import { register } from "./register.ts";

/** Nothing was compiled here, or it does not run: what needs it is skipped. */
export const absent = "reason" in loadAddon();
if (!absent) register();
// It would advise to install another package.
(tf.findBackend("cpu") as unknown as { firstUse: boolean }).firstUse = false;

export type Type = "float32" | "int32" | "bool";

export interface Given {
  readonly shape: readonly number[];
  readonly dtype: Type;
  readonly values: Float32Array | Int32Array | Uint8Array;
}

/** The backend under test. */
export async function native(): Promise<NativeBackend> {
  await tf.setBackend("native");
  return tf.backend() as unknown as NativeBackend;
}

/** Checks a property on `runs` cases, always the same. */
export async function holds<T>(
  cases: fc.Arbitrary<T>,
  check: (each: T) => Promise<void> | void,
  runs = 200,
): Promise<void> {
  const property = fc.asyncProperty(cases, async (each) => check(each));
  await fc.assert(property, { numRuns: runs, seed: 20_260_917, endOnFailure: false });
}

/** Shapes of up to `rank` axes; sizes around the width of a vector, 1 and 0 among them. */
export function shapes(rank = 4, { least = 0, zero = true } = {}): fc.Arbitrary<number[]> {
  const common = fc.constantFrom<number>(1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 19);
  const size = zero ? fc.oneof({ weight: 30, arbitrary: common }, { weight: 1, arbitrary: fc.constant(0) }) : common;
  return fc
    .array(size, { minLength: least, maxLength: rank })
    .filter((shape) => shape.reduce((product, length) => product * length, 1) <= 20_000);
}

export function integer(min: number, max: number): fc.Arbitrary<number> {
  return fc.integer({ min, max });
}

const extremes = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0, 1e-40, 3e38, -3e38, 0.5, 1.5];

interface Content {
  readonly dtype?: Type;
  /** NaN, infinities and the like among the floats. */
  readonly extreme?: boolean;
  readonly from?: number;
  readonly to?: number;
}

/** A tensor of a shape with random content. */
export function tensors(
  shape: readonly number[],
  { dtype = "float32", extreme = false, from = -3, to = 3 }: Content = {},
): fc.Arbitrary<Given> {
  const length = tf.util.sizeFromShape([...shape]);
  const sprinkles = fc.array(fc.tuple(fc.nat(), fc.constantFrom(...extremes)), { maxLength: extreme ? 6 : 0 });
  return fc.tuple(fc.integer(), sprinkles).map(([seed, spread]) => {
    const values = uniform(length, seed, from, to);
    for (const [at, value] of spread) if (length > 0) values[at % length] = value;
    if (dtype === "float32") return { shape, dtype, values };
    if (dtype === "int32") return { shape, dtype, values: Int32Array.from(values, (value) => Math.floor(value * 4)) };
    return { shape, dtype, values: Uint8Array.from(values, (value) => (value > 0 ? 1 : 0)) };
  });
}

function uniform(length: number, seed: number, from: number, to: number): Float32Array {
  let state = seed >>> 0;
  return Float32Array.from({ length }, () => {
    // Numerical Recipes' linear congruential generator: the tests need variety, not quality.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return from + ((to - from) * state) / 2 ** 32;
  });
}

export interface Tolerance {
  /** Of the larger of 1 and the value itself, or of the largest value in the result where `overall`. */
  readonly tolerance?: number;
  readonly overall?: boolean;
  /** The cpu backend refuses some of these by mistake. */
  readonly mayKnowMore?: boolean;
}

type Computed = { shape: number[]; dtype: string; values: ArrayLike<number> } | { error: string };

async function computed(
  backend: string,
  given: readonly Given[],
  compute: (...inputs: tf.Tensor[]) => tf.Tensor | tf.Tensor[],
): Promise<Computed[]> {
  await tf.setBackend(backend);
  const before = tf.memory().numTensors;
  const inputs = given.map(({ values, shape, dtype }) => tf.tensor(values.slice(), [...shape], dtype));
  try {
    const results = tf.tidy(() => compute(...inputs));
    const all = await Promise.all(
      [results].flat().map(async (result) => {
        const values = (await result.data()) as Float32Array;
        return { shape: result.shape, dtype: result.dtype, values: values.slice() };
      }),
    );
    tf.dispose(results);
    return all;
  } catch (error) {
    return [{ error: (error as Error).message }];
  } finally {
    tf.dispose(inputs);
    expect(tf.memory().numTensors).toBe(before);
  }
}

/** Computes on cpu and here, and compares types, shapes and values; where cpu refuses, so must this. */
export async function sameAsCpu(
  given: readonly Given[],
  compute: (...inputs: tf.Tensor[]) => tf.Tensor | tf.Tensor[],
  { tolerance = 1e-5, overall = false, mayKnowMore = false }: Tolerance = {},
): Promise<void> {
  const expected = await computed("cpu", given, compute);
  const received = await computed("native", given, compute);
  if (!mayKnowMore) expect(received.length).toBe(expected.length);
  for (const [place, wanted] of expected.entries()) {
    const got = received[place]!;
    if ("error" in wanted || "error" in got) {
      if (!("error" in wanted && (mayKnowMore || "error" in got))) expect(got).toEqual(wanted);
      continue;
    }
    expect({ shape: got.shape, dtype: got.dtype }).toEqual({ shape: wanted.shape, dtype: wanted.dtype });
    expect(got.values.length).toBe(wanted.values.length);
    const largest = overall ? Array.from(wanted.values).reduce((most, each) => Math.max(most, Math.abs(each)), 1) : 1;
    for (let at = 0; at < wanted.values.length; at++) {
      const [a, b] = [wanted.values[at]!, got.values[at]!];
      const close = Object.is(a, b) || a === b || Math.abs(a - b) <= tolerance * Math.max(largest, Math.abs(a));
      if (!close) expect(`element ${at} of result ${place}: ${b}`).toBe(`element ${at} of result ${place}: ${a}`);
    }
  }
}

/** Calls a kernel by its name, past the operation that checks what it is given. */
export function call(
  name: string,
  inputs: Record<string, tf.Tensor> | tf.Tensor[],
  attributes: object = {},
): tf.Tensor | tf.Tensor[] {
  return tf.engine().runKernel(name, inputs as never, attributes as never) as tf.Tensor | tf.Tensor[];
}
