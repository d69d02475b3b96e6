import { Random } from "@nacre/random";
import { describe, expect, it } from "vitest";
import {
  attentionResidual,
  type FusedActivation,
  feedForwardResidual,
  hasResidualParts,
  quantizeWeights,
  ready,
  tf,
} from "../index.ts";

const works = await ready({ backend: "native" }).then(
  () => true,
  (error) => void console.log(`Skipped: residual parts on native: ${error.message}`),
);

const bitsOf = [undefined, undefined, 8, 4] as const;

interface Results {
  readonly result: Float32Array;
  readonly keys: Float32Array;
  readonly values: Float32Array;
}

/** Random problems; the plain way on cpu is the reference. */
class Problem {
  readonly #random: Random;
  readonly #bits: 8 | 4 | undefined;

  constructor(number: number) {
    this.#random = new Random(11).fork("problem", number);
    this.#bits = this.pick(bitsOf);
  }

  get tolerance(): number {
    return this.#bits === undefined ? 2e-5 : 0.02; // the kernel rounds the inputs, too
  }

  pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.#random.uniform() * from.length)]!;
  }

  values(length: number, size = 1): Float32Array {
    return this.#random.fillUniform(new Float32Array(length), -size, size);
  }

  tensor(shape: number[], size = 1): () => tf.Tensor {
    const values = this.values(tf.util.sizeFromShape(shape), size);
    return () => tf.tensor(values.slice(), shape);
  }

  /** Quantised when the problem is and its rows are whole groups. */
  weight(outputs: number, inputs: number) {
    const make = this.tensor([outputs, inputs], 0.5) as () => tf.Tensor2D;
    const bits = this.#bits;
    return () => (bits === undefined || inputs % 32 !== 0 ? make() : quantizeWeights(make(), bits));
  }
}

function attentionProblem(problem: Problem): () => Results {
  const batch = problem.pick([1, 1, 2, 3]);
  const time = problem.pick([1, 1, 2, 4, 5, 7, 70]);
  const keyHeads = problem.pick([1, 2, 3]);
  const heads = keyHeads * problem.pick([1, 2, 3]);
  const size = problem.pick([4, 6, 8, 18, 32, 64, 70, 136]);
  const width = problem.pick([5, 32, 64]);
  const first = problem.pick([0, 0, 3]);
  const count = problem.pick([0, 1, 19, 64, 131]);
  const room = first + count + time + problem.pick([0, 2]);
  const x = problem.tensor([batch, time, width]);
  const query = problem.weight(heads * size, width);
  const key = problem.weight(keyHeads * size, width);
  const value = problem.weight(keyHeads * size, width);
  const output = problem.weight(width, heads * size);
  const rows = [0, 1].map(() => problem.values(batch * room * keyHeads * size));
  const pairs = problem.pick([undefined, 1, size / 2]);
  const angles = [0, 1].map(() => problem.tensor([time, pairs ?? 1]));
  const fixed = problem.pick([false, false, true]); // an encoder's keys and values
  const source = [0, 1].map(() => problem.tensor([batch, count + 1, keyHeads, size]));
  const columns = fixed ? count + 1 : count + time;
  const shape = problem.pick([
    [batch, heads, time, columns],
    [batch, 1, 1, columns],
    [1, heads, 1, columns],
    undefined,
  ]);
  const mask = shape && problem.values(tf.util.sizeFromShape(shape), 2);
  mask?.fill(Number.NEGATIVE_INFINITY, 0, problem.pick([0, 1, count])); // padding at the left
  const norm = problem.pick([problem.tensor([width]), undefined]);
  const bias = problem.pick([problem.tensor([width]), undefined]);
  const headNorm = problem.pick([problem.tensor([size]), undefined]);
  const keyBias = problem.pick([problem.tensor([keyHeads * size]), undefined]);
  return () => {
    const [keys, values] = rows.map((each) => each.slice()) as [Float32Array, Float32Array];
    const perHead = headNorm && { gain: headNorm(), epsilon: 1e-5 };
    const result = attentionResidual(
      x() as tf.Tensor3D,
      {
        norm: norm && { gain: norm(), bias: bias?.(), epsilon: 1e-5 },
        query: { weight: query() },
        key: { weight: key(), bias: keyBias?.() },
        value: { weight: value(), bias: keyBias?.() },
        output: { weight: output(), bias: bias?.() },
        queryNorm: perHead,
        keyNorm: perHead,
        heads,
        keyHeads,
        size,
        scale: 0.3,
      },
      {
        ...(fixed
          ? { source: { keys: source[0]!() as tf.Tensor4D, values: source[1]!() as tf.Tensor4D } }
          : { rows: { keys, values, room, first, count } }),
        mask: shape && tf.tensor(mask!.slice(), shape),
        angles:
          pairs === undefined
            ? undefined
            : { cosines: angles[0]!() as tf.Tensor2D, sines: angles[1]!() as tf.Tensor2D },
      },
    );
    expect(result.shape).toEqual([batch, time, width]);
    return { result: result.dataSync().slice() as Float32Array, keys, values };
  };
}

function feedForwardProblem(problem: Problem): () => Results {
  const rows = problem.pick([1, 1, 3, 9]);
  const width = problem.pick([7, 32, 64]);
  const hidden = problem.pick([32, 96, 33]);
  const activation = problem.pick<FusedActivation>(["linear", "relu", "gelu", "geluTanh", "silu"]);
  const x = problem.tensor([2, rows, width]);
  const gate = problem.pick([problem.weight(hidden, width), undefined]);
  const up = problem.weight(hidden, width);
  const down = problem.weight(width, hidden);
  const norm = problem.pick([problem.tensor([width]), undefined]);
  const shift = problem.pick([problem.tensor([width]), undefined]);
  const bias = problem.pick([problem.tensor([hidden]), undefined]);
  return () => {
    const result = feedForwardResidual(x() as tf.Tensor3D, {
      norm: norm && { gain: norm(), bias: shift?.(), epsilon: 1e-5 },
      gate: gate && { weight: gate(), bias: bias?.() },
      up: { weight: up(), bias: bias?.() },
      down: { weight: down(), bias: shift?.() },
      activation,
    });
    return { result: result.dataSync().slice() as Float32Array, keys: new Float32Array(), values: new Float32Array() };
  };
}

describe.skipIf(!works).each([
  ["attention over rows that are written in place", attentionProblem, 70],
  ["feed-forward layers", feedForwardProblem, 60],
] as const)("%s", (_, make, count) => {
  it("gives with the kernel what plain operations give", async () => {
    for (let number = 0; number < count; number++) {
      const problem = new Problem(number);
      const compute = make(problem);
      const [expected, received] = [await on("cpu", compute), await on("native", compute)];
      for (const name of ["result", "keys", "values"] as const) {
        const largest = Math.max(1, ...expected[name].map(Math.abs));
        const errors = expected[name].map((value, at) => Math.abs(value - received[name][at]!));
        const error = errors.reduce((most, each) => Math.max(most, each), 0);
        expect(error / largest, `${name} of problem ${number}`).toBeLessThan(problem.tolerance);
      }
    }
  });
});

async function on(backend: "cpu" | "native", compute: () => Results): Promise<Results> {
  await ready({ backend });
  expect(hasResidualParts()).toBe(backend === "native");
  const before = tf.memory().numTensors;
  let results: Results | undefined;
  tf.tidy(() => {
    results = compute();
  });
  expect(tf.memory().numTensors).toBe(before);
  return results!;
}

it("says what does not fit", async () => {
  await ready({ backend: "cpu" });
  const weight = tf.zeros<tf.Rank.R2>([4, 4]);
  const projection = { weight };
  const parts = { query: projection, key: projection, value: projection, output: projection, heads: 2, keyHeads: 2 };
  const all = { ...parts, size: 2, scale: 1 };
  const x = tf.zeros<tf.Rank.R3>([1, 2, 4]);
  const [keys, values] = [new Float32Array(12), new Float32Array(12)];
  const rows = { keys, values, room: 3, first: 0, count: 2 };
  expect(() => attentionResidual(x, all, { rows })).toThrow("room for 2 rows behind 2 from row 0");
  const mask = tf.zeros([1, 1, 1, 2]);
  expect(() => attentionResidual(x, all, { rows: { ...rows, count: 1 }, mask })).toThrow(
    "a mask that broadcasts to [1,2,2,3]. Received [1,1,1,2]",
  );
  expect(() => attentionResidual(x, all, {})).toThrow(
    "expected `rows`, or a source of keys and values [1, count, 2, 2]",
  );
  tf.dispose([weight, x, mask]);
});
