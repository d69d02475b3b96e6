import { existsSync, readFileSync } from "node:fs";
import { ready, tf } from "@nacre/tensor";
import { beforeAll, describe, expect, it } from "vitest";
import vectors from "./fixtures/optimizers.json" with { type: "json" };
import {
  adadelta,
  adafactor,
  adagrad,
  adam,
  adamw,
  lamb,
  lion,
  momentum,
  nadam,
  nesterov,
  rmsprop,
  sgd,
} from "./optimizers.ts";
import type { Transform } from "./transform.ts";

beforeAll(async () => {
  await ready({ backend: "cpu" });
});

interface Problem {
  readonly A: number[][];
  readonly b: number[];
  readonly w0: number[];
}

/** Minimises ½‖A w - b‖² / rows · scale, written out so that the gradient is plain. */
async function trajectory(optimizer: Transform, { A, b, w0 }: Problem, options: { steps: number; scale: number }) {
  const matrix = tf.tensor2d(A);
  const target = tf.tensor2d(b, [b.length, 1]);
  let parameters = new Map<string, tf.Tensor>([["w", tf.tensor2d(w0, [w0.length, 1])]]);
  let state = optimizer.init(parameters);
  const path: number[][] = [];
  for (let step = 0; step < options.steps; step++) {
    const residual = tf.sub(tf.matMul(matrix, parameters.get("w") as tf.Tensor2D), target);
    const gradient = tf.mul(tf.matMul(matrix, residual as tf.Tensor2D, true), options.scale);
    const result = optimizer.update(new Map([["w", gradient]]), state, { step, parameters, history: [] });
    state = result.state;
    parameters = new Map([["w", tf.add(parameters.get("w")!, result.updates.get("w")!)]]);
    path.push([...(await parameters.get("w")!.data())]);
  }
  return path;
}

function expectClose(actual: number[][], expected: number[][], tolerance = 1e-4): void {
  actual.forEach((row, step) => {
    row.forEach((value, index) => {
      const wanted = expected[step]![index]!;
      expect(Math.abs(value - wanted), `step ${step}, value ${index}: ${value} against ${wanted}`).toBeLessThanOrEqual(
        tolerance * Math.max(1, Math.abs(wanted)),
      );
    });
  });
}

const optimizers: Record<string, Transform> = {
  sgd: sgd(0.05),
  momentum: momentum(0.05),
  nesterov: nesterov(0.05),
  rmsprop: rmsprop(0.01),
  "rmsprop with momentum": rmsprop(0.01, { momentum: 0.5 }),
  adam: adam(0.05),
  adamw: adamw(0.05, { weightDecay: 0.1 }),
  adagrad: adagrad(0.1),
  adadelta: adadelta(1),
  nadam: nadam(0.05),
  adafactor: adafactor(0.05),
  lion: lion(0.01, { weightDecay: 0.1 }),
  lamb: lamb(0.05, { weightDecay: 0.1 }),
};

describe("optimizers", () => {
  it.each(Object.keys(optimizers))("%s moves as the reference does", async (name) => {
    const expected = (vectors.trajectories as Record<string, number[][]>)[name]!;
    expectClose(await trajectory(optimizers[name]!, vectors.problem, { steps: expected.length, scale: 1 }), expected);
  });

  const shared = new URL("../../../../shared/golden/nn/torch_reference.json", import.meta.url);
  it.skipIf(!existsSync(shared))("agree with the shared PyTorch trajectories", async () => {
    const { optimizers: reference } = JSON.parse(readFileSync(shared, "utf8"));
    const runs: Record<string, Transform> = {
      sgd: sgd(0.01),
      sgd_mom_nesterov: nesterov(0.01),
      adam: adam(0.05),
      adamw: adamw(0.05, { weightDecay: 0.1 }),
      rmsprop: rmsprop(0.01),
      adagrad: adagrad(0.1),
      adadelta: adadelta(1),
      nadam: nadam(0.05),
    };
    for (const [name, optimizer] of Object.entries(runs)) {
      const expected = reference.trajectories[name] as number[][];
      expectClose(
        await trajectory(optimizer, reference, { steps: expected.length, scale: vectors.sharedScale }),
        expected,
      );
    }
  });
});
